"""Rights are live: who gains one misses nothing from then on (PROTOCOL §3)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest

from chat.models import Chat
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.membership import (
    GAINED,
    ROUNDS,
    WITHIN_S,
    Change,
    added_by_rest,
    contents,
    heard_once,
    name,
    talk,
)
from tests.realtime.talking import logged, say


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
        for number in range(ROUNDS):
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
