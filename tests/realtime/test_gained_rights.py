"""Rights are live: who gains one misses nothing from then on (PROTOCOL §3)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chat.models import Chat
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import wait_until
from tests.realtime.membership import (
    GAINED,
    ROUNDS,
    WITHIN_S,
    Change,
    added_by_rest,
    contents,
    name,
    talk,
)
from tests.realtime.talking import logged, say, say_together


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_SOCKET_BACKLOG_BYTES": "20000"}


@pytest.mark.parametrize("add", GAINED)
async def test_a_gained_chat_starts_on_an_open_socket_within_a_second(
    site: Site, people: People, add: Change
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    async with site.open("messages", bob) as client:
        start = time.monotonic()
        site.run(say, chat, alice, "before")
        add(site, chat, alice, bob)
        added = await client.until("chat_added")
        assert (added["channel"], added["chat_id"]) == ("messages", chat.pk)
        site.run(say, chat, alice, "after")
        await client.until("new_message", content="after")
        assert time.monotonic() - start < WITHIN_S
        assert contents(client.seen) == ["after"]


def since_joining(site: Site, chat: Chat, user: Any) -> list[str]:
    frames = site.run(logged, chat)
    [start] = [
        at for at, row in enumerate(frames) if row["type"] == "member_joined" and row["user_id"] == user.pk
    ]
    return contents(frames[start:])


def heard_once(client: Client, chat: Chat) -> list[str]:
    """What the client heard in this chat; on several topics a frame may come again, and is dropped."""
    mine = {row["id"]: row for row in client.seen if "id" in row and row["channel"] == name(chat)}
    return contents(list(mine.values()))


@pytest.mark.parametrize("add", GAINED)
async def test_a_gained_chat_misses_nothing_said_since_joining(
    site: Site, people: People, add: Change
) -> None:
    """On a socket that was open before, and on those that open amid it with a cursor from before."""
    alice = people.user("alice")
    for _ in range(ROUNDS):
        bob = people.user("bob")
        chat, done = people.chat(alice), asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(site.open("messages", bob))]
            cursor = clients[0].cursor
            witness = await stack.enter_async_context(site.open(name(chat), alice))
            talking = asyncio.create_task(talk(site, chat, alice, done))
            await witness.until("new_message", content="2")
            joining = asyncio.create_task(asyncio.to_thread(add, site, chat, alice, bob))
            while not joining.done() and len(clients) < 10:
                clients.append(await stack.enter_async_context(site.open("messages", bob, since=cursor)))
            await joining
            done.set()
            await talking
            site.run(say, chat, alice, "the end")
            for client in clients:
                await client.until("new_message", content="the end")
        expected = since_joining(site, chat, bob)
        assert [heard_once(client, chat) for client in clients] == [expected] * len(clients)


# ── while the socket reads nothing ──────────────────────────────────────────────────────────

MUCH = ["x" * 10_000] * 800  # more than the buffers of the kernel take: the rest waits in the server


@asynccontextmanager
async def little_room(site: Site, user: Any, since: object = None) -> AsyncIterator[Client]:
    """A socket on /ws/messages for which the kernel buffers little."""
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        link.connect(("127.0.0.1", site.port))
        async with site.connect("messages", token=site.token(user), since=since, sock=link) as client:
            yield client


async def gain_unread(site: Site, people: People, client: Client, owner: Any, user: Any) -> None:
    """Join a chat while the client does not read, let the hub's horizon pass it, then read."""
    gained, elsewhere = people.chat(owner), people.chat(owner)
    site.run(say, gained, owner, "before")
    added_by_rest(site, gained, owner, user)
    site.run(say, gained, owner, "one")
    async with site.open("messages", owner) as witness:
        site.run(say, elsewhere, owner, "meanwhile")
        while number(await witness.until("cursor")) <= number(witness.opening[0]):
            pass
    site.run(say, gained, owner, "two")
    link = client.socket.transport.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)  # TCP crawls through little room
    client.socket.transport.resume_reading()
    await client.until("new_message", content="two", within=20)
    assert heard_once(client, gained) == ["one", "two"]


def number(frame: Frame) -> int:
    """The horizon in a cursor."""
    return int(frame["cursor"].rpartition("~")[2])


async def test_a_chat_gained_while_the_socket_is_behind_is_not_missed(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    old = people.chat(alice, bob)
    async with little_room(site, bob) as client:
        await client.opened()
        client.socket.transport.pause_reading()
        site.run(say_together, old, alice, *MUCH)
        wait_until(lambda: "kith_fell_behind_total 1.0" in site.api().get("/metrics").text)
        await gain_unread(site, people, client, alice, bob)
        assert len(heard_once(client, old)) == len(MUCH)


async def test_a_chat_gained_during_a_long_replay_is_not_missed(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    old = people.chat(alice, bob)
    site.run(say_together, old, alice, *MUCH)
    async with little_room(site, bob, since=0) as client:
        await client.until("connected")
        client.socket.transport.pause_reading()
        await gain_unread(site, people, client, alice, bob)
        assert len(heard_once(client, old)) == len(MUCH)


# ── on one socket of many channels ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("add", GAINED)
async def test_one_socket_of_many_channels_gains_a_chat_too(site: Site, people: People, add: Change) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    async with site.connect(token=site.token(bob)) as client:
        await client.send({"type": "subscribe", "channel": "messages"})
        await client.opened()
        refused = await client.command({"type": "subscribe", "channel": name(chat)})
        assert refused["code"] == "forbidden"
        add(site, chat, alice, bob)
        await client.until("chat_added")
        await client.send({"type": "subscribe", "channel": name(chat)})
        await client.opened(channel=name(chat))
        site.run(say, chat, alice, "once")
        await client.until("new_message", content="once")
        await client.barrier()
        assert heard_once(client, chat) == contents(client.seen) == ["once"]


async def test_an_unsubscribe_amid_the_gain_of_a_chat_ends_the_channel(site: Site, people: People) -> None:
    """The topics that were being asked for then are not joined any more."""
    alice, bob = people.users("alice", "bob")
    old = people.chat(alice, bob)
    async with site.connect(token=site.token(bob)) as client, site.open(name(old), alice) as witness:
        for number in range(2 * ROUNDS):
            chat = people.chat(alice)
            await client.send({"type": "subscribe", "channel": "messages"})
            await client.opened()
            await asyncio.to_thread(added_by_rest, site, chat, alice, bob)
            await client.until("chat_added")
            await client.send({"type": "unsubscribe", "channel": "messages"})
            await client.until("unsubscribed")
            for place in (chat, old):
                site.run(say, place, alice, f"unheard {number}")
            await witness.until("new_message", content=f"unheard {number}")
            assert [frame for frame in await client.barrier() if frame["type"] == "new_message"] == []
