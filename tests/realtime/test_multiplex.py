"""Many channels on one socket: /ws (PROTOCOL §3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chat.models import Chat
from tests.harness.client import Client, Frame, connect
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.realtime.talking import logged, say

CHANNELS = 3


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_CHANNELS_PER_SOCKET": str(CHANNELS)}


@asynccontextmanager
async def multiplexed(site: Site, user: Any, *channels: str) -> AsyncIterator[Client]:
    """A socket on /ws with these channels open, all frames so far read."""
    async with site.connect(token=site.token(user)) as client:
        await client.until("connected")
        for channel in channels:
            await subscribed(client, channel)
        yield client


async def subscribed(client: Client, channel: str, **fields: object) -> list[Frame]:
    """Subscribe and return what came, from `subscribed` to `caught_up`."""
    await client.send({"type": "subscribe", "channel": channel, **fields})
    return await client.opened(channel=channel)


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


# ── connected, subscribed, unsubscribed ─────────────────────────────────────────────────────


@pytest.mark.parametrize("slash", ["", "/"])
async def test_connected_comes_once_and_names_no_channel(site: Site, people: People, slash: str) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    url = site.ws_url(token=site.token(alice)).replace("/ws", f"/ws{slash}")
    async with connect(url) as client:
        assert await client.recv() == {
            "type": "connected",
            "message": "Connected successfully",
            "user_id": alice.pk,
            "heartbeat_interval": 25,
        }
        await subscribed(client, name(chat))
        await subscribed(client, "messages")
        assert client.types.count("connected") == 1


async def test_subscribed_is_as_connected_and_carries_the_ref(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    since = site.run(logged, chat)[-1]["id"]
    site.run(say, chat, bob, "missed")
    async with multiplexed(site, alice) as client:
        told, missed, state, caught_up = await subscribed(client, name(chat), since=since, ref="first")
        epoch, _, end = caught_up["cursor"].partition("-")
        assert told.pop("cursor") == f"{epoch}-{since}"  # where sending starts
        assert end == str(missed["id"])
        assert told == {"type": "subscribed", "channel": name(chat), "recovered": True, "ref": "first"} | {
            "message": "Connected successfully",
            "user_id": alice.pk,
            "heartbeat_interval": 25,
        }
        assert (missed["type"], missed["content"]) == ("new_message", "missed")
        assert (state["type"], state["channel"]) == ("chat_state", name(chat))
        assert caught_up["channel"] == name(chat)


@pytest.mark.parametrize("form", [str, int])
async def test_since_may_be_text_or_number(site: Site, people: People, form: Any) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    since = site.run(logged, chat)[-1]["id"]
    site.run(say, chat, alice, "missed")
    async with multiplexed(site, alice) as client:
        frames = await subscribed(client, name(chat), since=form(since))
        assert [frame["content"] for frame in frames if frame["type"] == "new_message"] == ["missed"]


async def test_without_a_ref_none_is_answered(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with multiplexed(site, alice) as client:
        assert "ref" not in (await subscribed(client, name(chat)))[0]
        await client.send({"type": "unsubscribe", "channel": name(chat)})
        assert await client.until("unsubscribed") == {"type": "unsubscribed", "channel": name(chat)}


async def test_nothing_of_a_channel_comes_after_unsubscribed(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    left, kept = people.chat(alice, bob), people.chat(alice, bob)
    async with multiplexed(site, alice, name(left), name(kept)) as client:
        await client.send({"type": "unsubscribe", "channel": name(left), "ref": "bye"})
        assert await client.until("unsubscribed") == {
            "type": "unsubscribed",
            "channel": name(left),
            "ref": "bye",
        }
        site.run(say, left, bob, "unheard")
        site.run(say, kept, bob, "heard")
        await client.until("new_message", content="heard")
        assert [frame.get("content") for frame in client.seen].count("unheard") == 0
        site.run(say, left, bob, "later")
        frames = await subscribed(client, name(left), since=client.seen[1]["cursor"])
        assert [frame.get("content") for frame in frames[1:-2]] == ["unheard", "later"]


async def test_channels_open_beside_each_other(site: Site, people: People) -> None:
    """Events of one channel do not disturb the order of another's opening."""
    alice, bob = people.users("alice", "bob")
    chats = [people.chat(alice, bob) for _ in range(CHANNELS)]
    async with multiplexed(site, alice) as client:
        for chat in chats:
            await client.send({"type": "subscribe", "channel": name(chat)})
        await client.opened(channel=name(chats[-1]))
        for chat in chats:
            mine = [frame["type"] for frame in client.seen if frame.get("channel") == name(chat)]
            assert mine == ["subscribed", "chat_state", "caught_up"]


# ── commands ────────────────────────────────────────────────────────────────────────────────


async def test_a_command_goes_to_its_channel_and_its_answer_names_it(site: Site, people: People) -> None:
    alice = people.user("alice")
    one, other = people.chat(alice), people.chat(alice)
    async with multiplexed(site, alice, name(one), name(other)) as client:
        for chat in (other, one):
            ack = await client.command({"type": "message", "channel": name(chat), "content": f"in {chat.pk}"})
            assert (ack["type"], ack["channel"]) == ("ack", name(chat))
            event = await client.until("new_message", message_id=ack["message_id"])
            assert (event["channel"], event["content"]) == (name(chat), f"in {chat.pk}")


async def test_a_command_without_a_channel_is_refused(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with multiplexed(site, alice, name(chat)) as client:
        for frame in ({"type": "message", "content": "x"}, {"type": "unsubscribe"}, {"type": "subscribe"}):
            error = await client.command(frame)
            assert (error["code"], error["field"]) == ("invalid_message", "channel")
        assert await client.barrier() == []


@pytest.mark.parametrize("command", [{"type": "message", "content": "x"}, {"type": "unsubscribe"}])
async def test_a_channel_that_is_not_open_is_not_found(
    site: Site, people: People, command: dict[str, Any]
) -> None:
    alice = people.user("alice")
    mine, other = people.chat(alice), people.chat(alice)
    async with multiplexed(site, alice, name(mine)) as client:
        for channel in (name(other), "messages/0", "nothing"):
            error = await client.command({**command, "channel": channel})
            assert (error["code"], error["channel"], error["field"]) == ("not_found", channel, "channel")
        assert site.run(logged, other)[-1]["type"] != "new_message"


async def test_an_error_carries_channel_ref_and_field(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with multiplexed(site, alice, name(chat)) as client:
        await client.send({"type": "message", "channel": name(chat), "ref": "r1"})
        error = await client.until("error")
        assert error.pop("message")
        assert error == {
            "type": "error",
            "code": "invalid_message",
            "channel": name(chat),
            "ref": "r1",
            "field": "content",
        }
        await client.send({"type": "dance", "channel": name(chat), "ref": "r2"})
        error = await client.until("error")
        assert (error["code"], error["channel"], error["ref"]) == ("unknown_type", name(chat), "r2")


async def test_ping_needs_no_channel(site: Site, people: People) -> None:
    async with multiplexed(site, people.user("alice")) as client:
        await client.send({"type": "ping", "timestamp": {"any": ["shape", 1.5, None]}})
        pong = await client.until("pong")
        assert pong["timestamp"] == {"any": ["shape", 1.5, None]}
        assert pong.keys() == {"type", "timestamp", "server_time"}
        await client.send({"type": "ping"})
        pong = await client.until("pong")
        assert pong["timestamp"] == pong["server_time"]


# ── limits, and frames that two channels cover ──────────────────────────────────────────────


async def test_a_channel_is_open_once(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with multiplexed(site, alice, name(chat)) as client:
        error = await client.command({"type": "subscribe", "channel": name(chat)})
        assert (error["code"], error["field"]) == ("conflict", "channel")
        site.run(say, chat, alice, "once")
        await client.until("new_message", content="once")
        assert await client.barrier() == []


async def test_a_socket_holds_so_many_channels(site: Site, people: People) -> None:
    alice = people.user("alice")
    chats = [people.chat(alice) for _ in range(CHANNELS + 1)]
    async with multiplexed(site, alice, *map(name, chats[:-1])) as client:
        error = await client.command({"type": "subscribe", "channel": name(chats[-1])})
        assert (error["code"], error["channel"]) == ("rate_limited", name(chats[-1]))
        await client.send({"type": "unsubscribe", "channel": name(chats[0])})
        await client.until("unsubscribed")
        await subscribed(client, name(chats[-1]))


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
async def test_a_frame_that_two_channels_cover_comes_once(
    site: Site, people: People, order: list[int]
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    both = [name(chat), "messages"]
    site.run(say, chat, bob, "old")
    async with multiplexed(site, alice, *(both[index] for index in order)) as client:
        site.run(say, chat, bob, "live")
        await client.until("new_message", content="live")
        for number, channel in enumerate([both[order[0]], both[order[1]]]):
            # One goes, the other still covers the chat; it comes back: only what was not told yet comes.
            await client.send({"type": "unsubscribe", "channel": channel})
            await client.until("unsubscribed")
            site.run(say, chat, bob, f"without {number}")
            await client.until("new_message", content=f"without {number}")
            await subscribed(client, channel, since=0)
            site.run(say, chat, bob, f"with {number}")
            await client.until("new_message", content=f"with {number}")
        said = [frame["content"] for frame in client.seen if frame["type"] == "new_message"]
        assert sorted(said) == ["live", "old", "with 0", "with 1", "without 0", "without 1"]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
async def test_a_cursor_tells_of_nothing_that_another_channel_is_still_to_send(
    sites: Sites, people: People, order: list[int]
) -> None:
    """Written by another process, and the server does not look by itself: whoever opens a second channel that
    covers it learns of it before the cursor, or would never get it there."""
    site = sites.start("sqlite", settings={"KITH_POLL_S": "60"})
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    both = [name(chat), "messages"]
    since = site.run(logged, chat)[-1]["id"]
    async with multiplexed(site, alice, both[order[0]]) as client:
        site.run(say, chat, bob, *"abc")
        place = {name(chat): since, "messages": "0"}[both[order[1]]]
        frames = await subscribed(client, both[order[1]], since=place)
        assert [frame["content"] for frame in frames if frame["type"] == "new_message"] == [*"abc"]


async def test_two_openings_amid_writes_tell_each_frame_once(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    texts = [str(number) for number in range(60)]

    async def talk() -> None:
        async with site.open(name(chat), bob) as writer:
            for text in texts:
                await writer.command({"type": "message", "content": text})

    async with multiplexed(site, alice) as client:
        talking = asyncio.create_task(talk())
        while not talking.done():
            for channel in (name(chat), "messages"):
                await subscribed(client, channel, since=0)
            for channel in ("messages", name(chat)):
                await client.send({"type": "unsubscribe", "channel": channel})
                await client.until("unsubscribed", channel=channel)
        start = len(client.seen)
        await talking
        await subscribed(client, name(chat), since=0)
        await subscribed(client, "messages", since=0)
        last = [frame["content"] for frame in client.seen[start:] if frame["type"] == "new_message"]
        assert last == texts
