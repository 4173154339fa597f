"""Opening a channel: the order of its frames, and what its cursors bring back (PROTOCOL §3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from chat.models import Chat
from chat.services import member_add
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import logged, say


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"WEBSOCKET_PING_INTERVAL": "7.5"}


def contents(frames: list[Frame]) -> list[str]:
    return [frame["content"] for frame in frames if frame["type"] == "new_message"]


def recovered(client: Client) -> bool:
    answer: bool = client.opening[0]["recovered"]
    return answer


# ── the order ───────────────────────────────────────────────────────────────────────────────


async def test_frames_of_an_opening_come_in_order(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    since = site.run(logged, chat)[-1]["id"]
    site.run(say, chat, bob, "one", "two")
    async with site.connect(channel, token=site.token(alice), since=since) as client:
        connected, one, two, state, caught_up = await client.opened()
        epoch, _, end = caught_up["cursor"].partition("-")
        assert connected.pop("cursor") == f"{epoch}-{since}"  # where sending starts
        assert end == str(two["id"])
        assert connected == {
            "type": "connected",
            "message": "Connected successfully",
            "channel": channel,
            "user_id": alice.pk,
            "recovered": True,
            "heartbeat_interval": 7.5,
        }
        assert [one["content"], two["content"]] == ["one", "two"]
        assert one["id"] < two["id"]
        assert one["channel"] == channel
        assert datetime.fromisoformat(one["timestamp"]).utcoffset() is not None
        assert (state["type"], state["channel"], state["unread_count"]) == ("chat_state", channel, 2)
        assert "id" not in state
        assert caught_up.keys() == {"type", "channel", "cursor"}
        site.run(say, chat, bob, "three")
        assert (await client.until("new_message"))["content"] == "three"


async def test_the_opening_of_several_topics_has_no_state_and_names_their_channels(
    site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chats = [people.chat(alice, bob), people.direct(alice, bob)]
    async with site.open("messages", alice) as client:
        assert [frame["type"] for frame in client.opening] == ["connected", "caught_up"]
        assert {frame["channel"] for frame in client.opening} == {"messages"}
        for chat in chats:
            site.run(say, chat, bob, "hello")
            assert (await client.until("new_message"))["channel"] == f"messages/{chat.pk}"


@pytest.mark.parametrize("path", ["messages/{}", "messages/{}/", "messages", "messages/"])
async def test_a_trailing_slash_is_optional(site: Site, people: People, path: str) -> None:
    alice = people.user("alice")
    path = path.format(people.chat(alice).pk)
    async with site.open(path, alice) as client:
        assert client.opening[0]["channel"] == path.rstrip("/")


# ── cursors ─────────────────────────────────────────────────────────────────


async def test_without_since_nothing_is_replayed(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    site.run(say, chat, alice, "old")
    async with site.open(f"messages/{chat.pk}", alice) as client:
        assert [frame["type"] for frame in client.opening] == ["connected", "chat_state", "caught_up"]
        assert recovered(client)


@asynccontextmanager
async def since_in_the_first_frame(site: Site, chat: Chat, user: Any, since: object) -> AsyncIterator[Client]:
    async with site.connect(f"messages/{chat.pk}") as client:
        await client.send({"type": "authenticate", "token": site.token(user), "since": since})
        await client.opened()
        yield client


async def test_each_form_of_since_brings_what_followed(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    site.run(say, chat, alice, "one")
    async with site.open(channel, alice) as client:
        cursor = client.cursor
    event_id = site.run(logged, chat)[-1]["id"]
    site.run(say, chat, alice, "two", "three")
    for since in (cursor, event_id, str(event_id)):
        async with site.open(channel, alice, since=since) as client:
            assert contents(client.opening) == ["two", "three"]
            assert recovered(client)
        async with since_in_the_first_frame(site, chat, alice, since) as client:
            assert contents(client.opening) == ["two", "three"]
            assert recovered(client)


@pytest.mark.parametrize("since", [0, "0"])
async def test_since_0_is_everything_kept(site: Site, people: People, since: object) -> None:
    alice = people.user("alice")
    chat = people.chat(alice, history="all")
    site.run(say, chat, alice, "one", "two")
    everything = [frame["type"] for frame in site.run(logged, chat)]
    async with site.open(f"messages/{chat.pk}", alice, since=since) as client:
        assert [frame["type"] for frame in client.opening[1:-2]] == everything
        assert contents(client.opening) == ["one", "two"]
        assert recovered(client)
    async with since_in_the_first_frame(site, chat, alice, since) as client:
        assert contents(client.opening) == ["one", "two"]


async def test_every_cursor_on_the_way_continues_without_a_gap(site: Site, people: People) -> None:
    """That of `connected`, from which sending starts, of `caught_up`, and the id of each event."""
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    site.run(say, chat, alice, "one", "two")
    async with site.open(channel, alice, since=0) as client:
        site.run(say, chat, alice, "three")
        await client.until("new_message", content="three")
        seen = client.seen
    site.run(say, chat, alice, "four")
    following = {"connected": ["one", "two", "three", "four"], "caught_up": ["three", "four"]}
    following |= {"one": ["two", "three", "four"], "two": ["three", "four"], "three": ["four"]}
    for frame in seen:
        expected = following.get(frame.get("content") or frame["type"])
        if expected is not None:
            async with site.open(channel, alice, since=frame.get("cursor", frame.get("id"))) as client:
                assert contents(client.opening) == expected, frame


async def test_several_topics_continue_from_a_cursor_too(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    one, other = people.chat(alice, bob), people.direct(alice, bob)
    async with site.open("messages", alice) as client:
        start = client.cursor
        site.run(say, one, bob, "first")
        site.run(say, other, bob, "second")
        await client.until("new_message", content="second")
        while (advanced := (await client.until("cursor"))["cursor"]) == start:
            pass  # one that was due to what happened before
    site.run(say, one, bob, "third")
    async with site.open("messages", alice, since=start) as client:
        assert contents(client.opening) == ["first", "second", "third"]
    async with site.open("messages", alice, since=advanced) as client:
        assert recovered(client)
        assert contents(client.opening)[-1] == "third"  # it may repeat, never omit


async def test_a_member_sees_what_was_said_since_joining_or_everything(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    for history, expected in (("joined", ["after"]), ("all", ["before", "after"])):
        chat = people.chat(alice, history=history)
        site.run(say, chat, alice, "before")
        site.run(member_add, chat=chat, actor=alice, user_id=bob.pk)
        site.run(say, chat, alice, "after")
        for channel in (f"messages/{chat.pk}", "messages"):
            async with site.open(channel, bob, since=0) as client:
                here = [frame for frame in client.opening if frame["channel"] == f"messages/{chat.pk}"]
                assert contents(here) == expected, (history, channel)
