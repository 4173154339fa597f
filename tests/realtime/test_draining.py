"""A process that stops finishes what is under way, and spreads its clients' return (PROTOCOL §4, §6)."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from django.db import connection
from websockets.exceptions import ConnectionClosed

from chat.models import Chat, Membership
from tests.harness.people import People
from tests.harness.site import Sites
from tests.harness.waiting import wait_until
from tests.realtime.talking import left_open, said

CLIENTS = 30


def lock_membership(chat: Chat) -> None:
    """Hold up whoever says something there."""
    list(Membership.objects.select_for_update().filter(chat=chat))


async def test_a_command_under_way_is_answered_before_the_socket_closes(sites: Sites, people: People) -> None:
    site = sites.start("postgres")
    alice = people.user("alice")
    chat = people.chat(alice)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        with left_open(lambda: lock_membership(chat)):
            await client.send({"type": "message", "content": "under way", "ref": "1"})
            await client.send({"type": "message", "content": "behind it", "ref": "2"})
            await asyncio.to_thread(wait_until, lambda: waits(sites), what="the command to wait for the lock")
            site.terminate()
            await asyncio.to_thread(wait_until, lambda: not answers(site.port), what="the port to close")
        assert await client.closed() == 1012
    acks = [frame["ref"] for frame in client.seen if frame["type"] == "ack"]
    assert acks == ["1"]  # the second was not begun: it is sent again, with the same ref
    assert client.seen[-1]["type"] == "reconnect"
    assert site.run(said, chat) == ["under way"]


def waits(sites: Sites) -> bool:
    """Whether some backend waits for a lock."""

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return int(cursor.fetchone()[0])

    return sites.started[0].run(count) > 0


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_many_clients_come_back_over_a_longer_time(sites: Sites, people: People) -> None:
    site = sites.start("sqlite", settings={"KITH_RECONNECTS_PER_S": "10", "KITH_OPEN_SOCKETS_PER_USER": "0"})
    alice = people.user("alice")
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(site.open("messages", alice)) for _ in range(CLIENTS)]
        site.terminate()
        delays = []
        for client in clients:
            assert await client.closed() == 1012
            delays.append(client.seen[-1]["after_ms"])
    assert max(delays) <= CLIENTS * 1000 / 10
    assert max(delays) > 1000  # all of thirty below a third of the window: once in 10^14 times
    assert len(set(delays)) > CLIENTS // 2


async def test_what_comes_while_it_drains_is_neither_stored_nor_acknowledged(
    sites: Sites, people: People
) -> None:
    site = sites.start("postgres")
    alice, bob = people.users("alice", "bob")
    held, free = people.chat(alice), people.chat(bob)
    async with (
        site.open(f"messages/{held.pk}", alice) as holding,
        site.open(f"messages/{free.pk}", bob) as client,
    ):
        with left_open(lambda: lock_membership(held)):
            await holding.send({"type": "message", "content": "under way", "ref": "1"})
            await asyncio.to_thread(wait_until, lambda: waits(sites), what="the command to wait for the lock")
            site.terminate()
            await asyncio.to_thread(wait_until, lambda: not answers(site.port), what="the port to close")
            with contextlib.suppress(ConnectionClosed):
                await client.send({"type": "message", "content": "too late", "ref": "2"})
        assert await client.closed() == 1012
    assert "ack" not in client.types
    assert site.run(said, free) == []
