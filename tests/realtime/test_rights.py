"""Rights are live: who loses one hears nothing that follows (PROTOCOL §3)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from chat.models import Chat
from tests.harness.client import Client, SocketClosed
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.membership import (
    LOST,
    ROUNDS,
    WITHIN_S,
    Change,
    added_here,
    contents,
    name,
    removed_by_rest,
    removed_here,
    talk,
)
from tests.realtime.talking import logged, say


@pytest.mark.parametrize("remove", LOST)
async def test_who_loses_a_chat_is_told_within_a_second_and_hears_no_more(
    site: Site, people: People, remove: Change
) -> None:
    alice, bob = people.users("alice", "bob")
    chat, other = people.chat(alice, bob), people.chat(alice, bob)
    async with contextlib.AsyncExitStack() as stack:
        single = await stack.enter_async_context(site.open(name(chat), bob))
        all_chats = await stack.enter_async_context(site.open("messages", bob))
        many = await stack.enter_async_context(site.connect(token=site.token(bob)))
        for channel in (name(chat), name(other)):
            await many.send({"type": "subscribe", "channel": channel})
            await many.opened(channel=channel)
        start = time.monotonic()
        remove(site, chat, alice, bob)
        left = await single.until("member_left", user_id=bob.pk)
        assert (await single.until("error"))["code"] == "forbidden"
        assert await single.closed() == 4403
        assert single.types[-2:] == ["member_left", "error"]
        assert left["channel"] == name(chat)
        assert await many.until("unsubscribed") == {
            "type": "unsubscribed",
            "channel": name(chat),
            "code": "forbidden",
        }
        removed = await all_chats.until("chat_removed")
        assert (removed["channel"], removed["chat_id"]) == ("messages", chat.pk)
        assert time.monotonic() - start < WITHIN_S
        site.run(say, chat, alice, "not for Bob")
        site.run(say, other, alice, "for Bob")
        for client in (many, all_chats):
            await client.until("new_message", content="for Bob")
            assert "not for Bob" not in contents(client.seen)
        refused = await many.command({"type": "message", "channel": name(chat), "content": "I am still here"})
        assert refused["code"] == "not_found"


async def test_who_lost_a_chat_sends_nothing_to_it(site: Site, people: People) -> None:
    """Even before the socket is told: commands ask the database."""
    alice, bob = people.users("alice", "bob")
    for _ in range(ROUNDS):
        chat = people.chat(alice, bob)
        async with site.open(name(chat), bob) as client:
            removed_here(site, chat, alice, bob)
            await client.send({"type": "message", "content": "after all", "ref": "r"})
            assert await client.closed() == 4403
            assert "ack" not in client.types
        assert site.run(logged, chat)[-1]["type"] == "member_left"


def allowed(site: Site, chat: Chat, user: Any) -> set[int]:
    """Ids of what was told in the chat up to the user's removal."""
    frames = site.run(logged, chat)
    [end] = [
        at for at, row in enumerate(frames) if row["type"] == "member_left" and row["user_id"] == user.pk
    ]
    return {row["id"] for row in frames[: end + 1]}


def ids(client: Client, chat: Chat) -> set[int]:
    """Of what the client heard of this chat."""
    return {row["id"] for row in client.seen if "id" in row and row["channel"] == name(chat)}


async def reopen_until_refused(site: Site, chat: Chat, user: Any) -> set[int]:
    """Open the chat from its beginning, again and again; the ids of all that was heard."""
    heard, refused = set[int](), False
    while not refused:
        async with site.connect(name(chat), token=site.token(user), since=0) as client:
            with contextlib.suppress(SocketClosed, ConnectionClosed):
                await client.opened()
                await client.barrier()
            heard |= ids(client, chat)
            refused = bool(client.seen) and client.seen[0]["type"] == "error"
    return heard


@pytest.mark.parametrize("remove", [removed_here, removed_by_rest])
async def test_nothing_said_after_the_removal_is_heard_however_the_two_race(
    site: Site, people: People, remove: Change
) -> None:
    """Two members talk without a pause while a third is removed and, meanwhile, opens ever new sockets."""
    alice, carol = people.users("alice", "carol")
    for _ in range(ROUNDS):
        bob = people.user("bob")
        chat, done = people.chat(alice, bob, carol), asyncio.Event()
        async with (
            site.open(name(chat), bob) as single,
            site.open("messages", bob) as all_chats,
            asyncio.TaskGroup() as group,
        ):
            for user in (alice, carol):
                group.create_task(talk(site, chat, user, done))
            reopening = group.create_task(reopen_until_refused(site, chat, bob))
            for client in (single, all_chats):
                await client.until("new_message", content="3")
            await asyncio.to_thread(remove, site, chat, alice, bob)
            assert await single.closed() == 4403
            await all_chats.until("chat_removed")
            await all_chats.barrier()
            done.set()
        heard = ids(single, chat) | ids(all_chats, chat) | reopening.result()
        assert heard - allowed(site, chat, bob) == set()


async def test_a_removed_member_may_come_back_and_hears_what_follows(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with site.open("messages", bob) as client:
        for number in range(3):
            removed_here(site, chat, alice, bob)
            site.run(say, chat, alice, f"unheard {number}")
            added_here(site, chat, alice, bob)
            site.run(say, chat, alice, f"heard {number}")
            await client.until("new_message", content=f"heard {number}")
        assert contents(client.seen) == ["heard 0", "heard 1", "heard 2"]


async def test_a_removed_member_is_shown_no_history_of_the_time_between(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    site.run(say, chat, alice, "at first")
    async with site.open(name(chat), bob) as client:
        cursor = client.cursor
    removed_here(site, chat, alice, bob)
    site.run(say, chat, alice, "between")
    added_here(site, chat, alice, bob)
    site.run(say, chat, alice, "again")
    for since in (0, cursor):
        async with site.open(name(chat), bob, since=since) as client:
            assert contents(client.opening) == ["again"]


def deleted(chat: Chat) -> None:
    Chat.objects.get(pk=chat.pk).delete()


async def test_a_deleted_chat_closes_its_sockets(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with (
        site.open(name(chat), alice) as owner,
        site.open(name(chat), bob) as member,
        site.open("messages", bob) as all_chats,
    ):
        site.run(deleted, chat)
        for client in (owner, member):
            assert await client.closed(within=WITHIN_S) == 4403
        assert (await all_chats.until("chat_removed", within=WITHIN_S))["chat_id"] == chat.pk
