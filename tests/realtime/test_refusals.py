"""Channels that one has no right to, and those that are none: told alike (PROTOCOL §2, §3)."""

from __future__ import annotations

import pytest

from chat.models import Chat
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site

# Of no chat, though a careless reader finds chat 5 in many; \u0665 is an Arabic five.
MALFORMED = ["abc", "0", "-5", "+5", "05", "5.0", "5 ", "5\n", "1_0", "\u0665", "0x5", str(10**30)]


async def refusal(site: Site, path: str, token: str) -> Frame:
    """The only frame of a socket that is closed 4403."""
    async with site.connect(path, token=token) as client:
        assert await client.closed() == 4403
        [frame] = client.seen
        return frame


async def test_no_right_no_such_chat_and_a_malformed_id_answer_alike(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    existing = people.chat(alice)
    missing = existing.pk + 1_000_000
    token = site.token(eve)
    answers = [await refusal(site, f"messages/{name}", token) for name in (existing.pk, missing, *MALFORMED)]
    assert answers[0].keys() == {"type", "code", "message"}
    assert (answers[0]["type"], answers[0]["code"]) == ("error", "forbidden")
    assert [answer for answer in answers if answer != answers[0]] == []


async def test_they_answer_alike_on_ws_and_the_socket_lives_on(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    existing = people.chat(alice)
    own = people.chat(eve)
    missing = existing.pk + 1_000_000
    async with site.connect(token=site.token(eve)) as client:
        for name in (existing.pk, missing, *MALFORMED):
            answer = await client.command({"type": "subscribe", "channel": f"messages/{name}"})
            assert (answer["code"], answer["channel"]) == ("forbidden", f"messages/{name}")
            assert answer.keys() == {"type", "code", "message", "channel", "ref"}
        await client.send({"type": "subscribe", "channel": f"messages/{own.pk}"})
        await client.opened()


async def test_a_chat_that_was_deleted_is_no_chat(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    chat = people.chat(alice)
    before = await refusal(site, f"messages/{chat.pk}", site.token(eve))
    site.run(delete, chat)
    assert await refusal(site, f"messages/{chat.pk}", site.token(alice)) == before


def delete(chat: Chat) -> None:
    Chat.objects.get(pk=chat.pk).delete()


UNKNOWN = ["nothing", "messages/1/2", "messages//", "message/1", "control", "MESSAGES", "../x"]


@pytest.mark.parametrize("path", UNKNOWN)
async def test_an_unknown_path_says_so(site: Site, people: People, path: str) -> None:
    frame = await refusal(site, path, site.token(people.user("alice")))
    assert frame.keys() == {"type", "code", "message"}
    assert (frame["type"], frame["code"]) == ("error", "unknown_channel")


@pytest.mark.parametrize("name", [*UNKNOWN, "", "messages/1/", "/messages", "ws", "x" * 500])
async def test_an_unknown_channel_of_ws_says_so_and_the_socket_lives_on(
    site: Site, people: People, name: str
) -> None:
    async with site.connect(token=site.token(people.user("alice"))) as client:
        await client.until("connected")
        answer = await client.command({"type": "subscribe", "channel": name})
        assert (answer["code"], answer["channel"]) == ("unknown_channel", name)
        assert await client.barrier() == []
