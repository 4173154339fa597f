"""Cursors that cannot be served: the opening says so, and goes on from its own (PROTOCOL §3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from chat.models import Chat
from chat.services import member_add
from realtime import topics
from realtime.models import LoggedEvent, Topic
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import logged, say, say_together

LIMIT = 30


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_REPLAY_LIMIT": str(LIMIT)}


def contents(frames: list[Frame]) -> list[str]:
    return [frame["content"] for frame in frames if frame["type"] == "new_message"]


def recovered(client: Client) -> bool:
    answer: bool = client.opening[0]["recovered"]
    return answer


async def not_recovered(site: Site, channel: str, chat: Chat, user: Any, since: object) -> None:
    """The opening says so, replays nothing, tells the state, and its cursor goes on."""
    async with site.open(channel, user, since=since) as client:
        types = [frame["type"] for frame in client.opening]
        assert types == ["connected", *(["chat_state"] if channel != "messages" else []), "caught_up"]
        assert client.opening[0]["recovered"] is False
        cursor = client.cursor
    site.run(say, chat, user, "since then")
    async with site.open(channel, user, since=cursor) as client:
        assert recovered(client)
        assert "since then" in contents(client.opening)


GARBAGE = ["", "abc", "-1", "1.5", "0x1", "1e3", "\u0665", "1 ", "1\n", "00000000-", str(10**30), str(2**63)]


@pytest.mark.parametrize("since", GARBAGE)
async def test_garbage_is_not_recovered(site: Site, people: People, since: str) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    await not_recovered(site, f"messages/{chat.pk}", chat, alice, since)
    async with site.connect(f"messages/{chat.pk}") as client:
        await client.send({"type": "authenticate", "token": site.token(alice), "since": since})
        await client.opened()
        assert not recovered(client)


async def test_a_cursor_of_another_log_or_of_its_future_is_not_recovered(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice) as single, site.open("messages", alice) as several:
        ours = {channel: single.cursor, "messages": several.cursor}
    for name, cursor in ours.items():
        epoch, mark, number = cursor[:8], cursor[8], int(cursor[9:])
        await not_recovered(
            site, name, chat, alice, f"{'0' if epoch[0] != '0' else '1'}{epoch[1:]}{mark}{number}"
        )
        await not_recovered(site, name, chat, alice, f"{epoch}{mark}{number + 1000}")
    await not_recovered(site, channel, chat, alice, int(ours[channel][9:]) + 1000)


async def test_an_id_is_no_cursor_of_several_topics(site: Site, people: People) -> None:
    """Ids of different topics may commit out of order."""
    alice = people.user("alice")
    chat = people.chat(alice)
    site.run(say, chat, alice, "one")
    await not_recovered(site, "messages", chat, alice, site.run(logged, chat)[-1]["id"])


async def test_more_than_the_limit_is_not_recovered(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    for channel in (f"messages/{chat.pk}", "messages"):
        async with site.open(channel, alice) as client:
            cursor = client.cursor
        texts = [str(number) for number in range(LIMIT)]
        site.run(say_together, chat, alice, *texts)
        async with site.open(channel, alice, since=cursor) as client:
            assert recovered(client)
            assert contents(client.opening) == texts
        site.run(say, chat, alice, "one too many")
        await not_recovered(site, channel, chat, alice, cursor)


def prune(chat: Chat, kept: int) -> None:
    """Forget all but the newest events of a chat, as pruning by age does."""
    rows = LoggedEvent.objects.filter(topic=topics.chat(chat.pk).name)
    newest = rows.order_by("-seq")[kept]
    rows.filter(event_id__lte=newest.event_id).delete()
    Topic.objects.filter(name=newest.topic).update(pruned_id=newest.event_id, pruned_xid=newest.xid)


async def test_what_was_pruned_is_not_recovered(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with site.open("messages", alice) as client:
        horizon = client.cursor
    site.run(say, chat, alice, "one", "two", "three", "four")
    *_, one, two, _three, _four = (frame["id"] for frame in site.run(logged, chat))
    site.run(prune, chat, 2)
    channel = f"messages/{chat.pk}"
    async with site.open(
        channel, alice, since=two
    ) as client:  # the newest that is gone: all after it is there
        assert recovered(client)
        assert contents(client.opening) == ["three", "four"]
    async with site.open(channel, alice, since=0) as client:
        assert recovered(client)
        assert contents(client.opening) == ["three", "four"]
    await not_recovered(site, channel, chat, alice, one)
    await not_recovered(site, "messages", chat, alice, horizon)


def joined_amid_talk(chat: Chat, owner: Any, user: Any, texts: list[str]) -> None:
    """One transaction: a newcomer, and all that is said at once."""
    with transaction.atomic():
        member_add(chat=chat, actor=owner, user_id=user.pk)
        say(chat, owner, *texts)


async def test_the_limit_is_for_cursors_and_not_for_what_an_open_socket_gains(
    site: Site, people: People
) -> None:
    """It has no cursor that could be refused: it must be told everything."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    texts = [str(number) for number in range(LIMIT + 5)]
    async with site.open("messages", bob) as client:
        site.run(joined_amid_talk, chat, alice, bob, texts)
        site.run(say, chat, alice, "the end")
        await client.until("new_message", content="the end")
        assert contents(client.seen) == [*texts, "the end"]
