"""`ref`: what is sent again is made once, on any socket, by REST, after a restart (PROTOCOL §5)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chat.models import Message
from chat.services import message_delete
from tests.chat.conftest import Group, Say
from tests.chat.rows import events
from tests.chat.test_messages import upload
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site


@pytest.fixture(autouse=True)
def on_both(request: pytest.FixtureRequest) -> Site:
    """The database is that of a real server: on SQLite, or as a test's parameter says."""
    server: Site = request.getfixturevalue(getattr(request, "param", "site"))
    return server


Send = Callable[..., Awaitable[Frame]]


async def by_socket(site: Site, group: Group, **body: Any) -> Frame:
    """The answer to a message of Bob's, on a socket of its own."""
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        return await bob.command({"type": "message", **body})


async def by_all_channels(site: Site, group: Group, **body: Any) -> Frame:
    """The same on `/ws`."""
    async with site.connect(token=site.token(group.bob)) as bob:
        channel = f"messages/{group.chat.pk}"
        await bob.send({"type": "subscribe", "channel": channel})
        await bob.opened(channel=channel)
        return await bob.command({"type": "message", "channel": channel, **body})


async def by_rest(site: Site, group: Group, **body: Any) -> Frame:
    def post() -> Frame:
        return site.api(group.bob).post(f"/api/chats/{group.chat.pk}/messages/", json=body).json()

    return await asyncio.to_thread(post)


WAYS = [by_socket, by_all_channels, by_rest]


def made(answer: Frame) -> tuple[int, bool]:
    return answer["message_id"], answer["duplicate"]


def contents(group: Group) -> list[str]:
    return list(Message.objects.filter(chat=group.chat).order_by("pk").values_list("content", flat=True))


@pytest.mark.parametrize("first", WAYS)
async def test_sent_again_by_any_way_it_is_made_once_and_told_once(
    site: Site, group: Group, first: Send
) -> None:
    async with site.open(f"messages/{group.chat.pk}", group.alice) as alice:
        message_id, duplicate = made(await first(site, group, content="hi", ref="r1"))
        assert not duplicate
        for again in WAYS:
            assert made(await again(site, group, content=" hi\n", ref="r1")) == (message_id, True)
        [frame] = events(await alice.barrier())
        assert (frame["message_id"], frame["ref"]) == (message_id, "r1")
    assert site.run(contents, group) == ["hi"]


@pytest.mark.parametrize("on_both", ["site", "postgres_site"], indirect=True)
async def test_sent_by_all_ways_at_once_it_is_made_once(on_both: Site, group: Group) -> None:
    for _ in range(3):
        ref = uuid.uuid4().hex
        answers = await asyncio.gather(*(way(on_both, group, content=ref, ref=ref) for way in WAYS * 2))
        assert len({answer["message_id"] for answer in answers}) == 1
        assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 5
        assert on_both.run(contents, group).count(ref) == 1


@pytest.mark.parametrize("stop", [Site.restart, lambda site: (site.kill(), site.start())])
async def test_sent_again_after_a_restart_it_is_made_once(
    site: Site, group: Group, stop: Callable[[Site], object]
) -> None:
    by_ref = {way.__name__: await way(site, group, content="hi", ref=way.__name__) for way in WAYS}
    await asyncio.to_thread(stop, site)
    for way in WAYS:
        for ref, answer in by_ref.items():
            assert made(await way(site, group, content="hi", ref=ref)) == (answer["message_id"], True)
    assert site.run(contents, group) == ["hi"] * len(WAYS)


@pytest.mark.parametrize("again", WAYS)
async def test_same_ref_with_other_content_is_a_conflict(
    site: Site, group: Group, say: Say, again: Send
) -> None:
    target, attachment = site.run(say, group.chat, group.alice), site.run(upload, group.bob)
    said = {"content": "hi", "ref": "r1"}
    message_id, _ = made(await by_socket(site, group, **said))
    for other in ({"content": "ho"}, {"reply_to": target.pk}, {"attachment": attachment}):
        answer = await again(site, group, **said | other)
        assert (answer["code"], answer["field"], "message_id" in answer) == ("conflict", "ref", False)
    assert made(await again(site, group, **said)) == (message_id, True)
    assert site.run(contents, group) == ["hello", "hi"]


def forget(message_id: int) -> None:
    Message.objects.get(pk=message_id).delete()


def tombstone(message_id: int) -> None:
    message = Message.objects.get(pk=message_id)
    message_delete(message=message, user=message.sender)


@pytest.mark.parametrize("delete", [tombstone, forget])
@pytest.mark.parametrize("again", WAYS)
async def test_ref_of_a_deleted_message_still_names_it(
    site: Site, group: Group, again: Send, delete: Callable[[int], None]
) -> None:
    said = {"content": "hi", "ref": "r1"}
    message_id, _ = made(await by_socket(site, group, **said))
    site.run(delete, message_id)
    assert made(await again(site, group, **said)) == (message_id, True)
    assert "hi" not in site.run(contents, group)


async def test_edited_message_is_still_known_by_what_was_sent_first(site: Site, group: Group) -> None:
    message_id, _ = made(await by_socket(site, group, content="hi", ref="r1"))
    site.api(group.bob).patch(f"/api/messages/{message_id}/", json={"content": "ho"}).raise_for_status()
    assert made(await by_rest(site, group, content="hi", ref="r1")) == (message_id, True)
    assert (await by_socket(site, group, content="ho", ref="r1"))["code"] == "conflict"


async def test_refs_of_others_and_in_other_chats_are_their_own(
    site: Site, group: Group, people: People
) -> None:
    other = people.chat(group.bob, group.alice)
    bob_in_other, alice = group._replace(chat=other), group._replace(bob=group.alice)
    answers = [await by_socket(site, who, content="hi", ref="r1") for who in (group, bob_in_other, alice)]
    assert [answer["duplicate"] for answer in answers] == [False] * 3
    assert len({answer["message_id"] for answer in answers}) == 3


@pytest.mark.parametrize("way", WAYS)
async def test_refused_message_leaves_its_ref_unused(site: Site, group: Group, way: Send) -> None:
    refused = await way(site, group, content="hi", attachment="/upload/files/none.png", ref="r1")
    assert refused["code"] == "invalid_message"
    assert not (await way(site, group, content="something else", ref="r1"))["duplicate"]


async def test_commands_that_create_nothing_may_repeat_their_ref(site: Site, group: Group) -> None:
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        message_id = (await bob.command({"type": "message", "content": "hi", "ref": "r1"}))["message_id"]
        for content in ("one", "two"):
            edit = {"type": "edit", "message_id": message_id, "content": content, "ref": "r1"}
            assert await bob.command(edit) == {"type": "ack", "ref": "r1", "message_id": message_id}
    assert site.run(contents, group) == ["two"]


async def test_error_carries_the_ref_of_its_command(site: Site, group: Group) -> None:
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        await bob.send({"type": "edit", "message_id": 2**62, "content": "x", "ref": "r9"})
        error = await bob.until("error")
    assert error.pop("message")
    assert error == {"type": "error", "code": "not_found", "field": "message_id", "ref": "r9"}
