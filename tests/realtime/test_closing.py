"""Sockets that the server ends: silent ones, and all of them when it stops (PROTOCOL §2, §6)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from tests.harness.client import Client, SocketClosed
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import eventually
from tests.realtime.talking import logged, say

AUTH_TIMEOUT_S, PING_INTERVAL_S, PING_TIMEOUT_S = 0.5, 0.4, 2.5
RECONNECT_MS = 80
LATE_S = 4.0  # how late a busy machine may be
STOPPED = (0, -signal.SIGTERM)  # uvicorn stops cleanly, then ends by the signal that asked for it


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "KITH_AUTH_TIMEOUT_S": str(AUTH_TIMEOUT_S),
        "WEBSOCKET_PING_INTERVAL": str(PING_INTERVAL_S),
        "WEBSOCKET_PING_TIMEOUT": str(PING_TIMEOUT_S),
        "KITH_RECONNECT_MS": str(RECONNECT_MS),
    }


# ── silence ─────────────────────────────────────────────────────────────────────────────────


async def test_who_does_not_authenticate_in_time_is_closed_4408(site: Site) -> None:
    before = time.monotonic()
    async with site.connect() as client:
        assert await client.closed() == 4408
        assert client.seen == []
    assert AUTH_TIMEOUT_S - 0.05 < time.monotonic() - before < AUTH_TIMEOUT_S + LATE_S


async def test_bad_frames_buy_no_time(site: Site) -> None:
    async with site.connect() as client:
        with contextlib.suppress(SocketClosed, ConnectionClosed):
            while True:
                await client.send_raw("nope")
                await client.until("error")
        assert await client.closed() == 4408


class Pongs:
    """Watches a client's pongs, which the websockets package sends by itself, or holds them back."""

    def __init__(self, client: Client, *, silent: bool = False) -> None:
        self.count = 0
        self._silent = silent
        self._protocol = cast(Any, client.socket.protocol)
        self._send = self._protocol.send_frame
        self._protocol.send_frame = self._watch

    def _watch(self, frame: WireFrame) -> None:
        if frame.opcode is Opcode.PONG:
            self.count += 1
            if self._silent:
                return
        self._send(frame)


async def test_who_answers_pings_stays_beyond_the_timeout(site: Site, people: People) -> None:
    async with site.open("messages", people.user("alice")) as client:
        assert client.opening[0]["heartbeat_interval"] == PING_INTERVAL_S
        pongs = Pongs(client)

        async def often() -> bool:
            return pongs.count > 1.4 * PING_TIMEOUT_S / PING_INTERVAL_S

        await eventually(often)
        assert await client.barrier() == []


async def test_who_answers_no_ping_is_closed_in_time(site: Site, people: People) -> None:
    async with site.open("messages", people.user("alice")) as client:
        pongs = Pongs(client, silent=True)
        before = time.monotonic()
        assert await client.closed() in (1006, 1011, 4408)
        assert time.monotonic() - before < PING_TIMEOUT_S + LATE_S
        assert pongs.count > 0


async def test_frames_without_pongs_are_not_enough(site: Site, people: People) -> None:
    """A page whose frames come through while its link answers no ping is not heard of: it is let go."""
    async with site.open("messages", people.user("alice")) as client:
        Pongs(client, silent=True)
        with contextlib.suppress(SocketClosed, ConnectionClosed):
            while True:
                await client.barrier()
        assert await client.closed() in (1006, 1011, 4408)


@asynccontextmanager
async def deaf(opening: AbstractAsyncContextManager[Client]) -> AsyncIterator[Client]:
    """A client that stops reading once it is open, as when its network is gone."""
    async with opening as client:
        transport = client.socket.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        transport.pause_reading()
        try:
            yield client
        finally:
            client.abort()  # a goodbye would wait for an answer


def sockets(site: Site) -> int:
    total: int = site.health()["total_sockets"]
    return total


async def test_who_reads_nothing_any_more_is_let_go(site: Site, people: People) -> None:
    """Its network is gone, and what waits for it fills every buffer: no goodbye can be sent."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    before = sockets(site)
    async with deaf(site.open(f"messages/{chat.pk}", alice)):
        assert sockets(site) == before + 1
        site.run(say, chat, bob, *["x" * 10_000] * 600)

        async def gone() -> bool:
            return await asyncio.to_thread(sockets, site) == before

        await eventually(gone, within=PING_TIMEOUT_S + 2 * LATE_S)


async def test_who_does_not_answer_the_close_is_let_go(site: Site, people: People) -> None:
    """Refused, but keeping its end open."""
    before = sockets(site)
    async with deaf(site.connect("messages/1", token=site.token(people.user("alice")))):

        async def gone() -> bool:
            return await asyncio.to_thread(sockets, site) == before

        await eventually(gone)


# ── stopping ────────────────────────────────────────────────────────────────────────────────


async def test_a_server_that_stops_asks_its_clients_to_come_back(fresh_site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(opened)
            for opened in (
                fresh_site.open(f"messages/{chat.pk}", alice),
                fresh_site.open("messages", bob),
                fresh_site.connect(token=fresh_site.token(alice)),
                fresh_site.connect(),
            )
        ]
        await clients[2].until("connected")
        chatting = asyncio.create_task(chatter(clients[0]))
        cursor = clients[0].cursor
        await clients[0].until("ack")
        fresh_site.terminate()
        for client in clients:
            assert await client.closed() == 1012
            assert client.seen[-1].keys() == {"type", "after_ms"}
            assert client.seen[-1]["type"] == "reconnect"
            assert 0 <= client.seen[-1]["after_ms"] <= 100  # KITH_RECONNECT_MS of the tests
        sent = await chatting
    assert await asyncio.to_thread(fresh_site.wait) in STOPPED
    assert "Traceback" not in fresh_site.log()
    fresh_site.start()
    async with fresh_site.open(f"messages/{chat.pk}", alice, since=cursor) as client:
        assert client.opening[0]["recovered"] is True
        refs = [frame["ref"] for frame in client.opening if frame["type"] == "new_message"]
        assert sent <= set(refs)
        assert (
            len(refs)
            == len(set(refs))
            == sum(row["type"] == "new_message" for row in fresh_site.run(logged, chat))
        )


async def chatter(client: Client) -> set[str]:
    """Say things until the socket closes; the refs of those that were acknowledged."""
    with contextlib.suppress(ConnectionClosed):
        for number in range(10_000):
            await client.send({"type": "message", "content": "again", "ref": f"ref {number}"})
            await asyncio.sleep(0)
    return {frame["ref"] for frame in client.seen if frame["type"] == "ack"}


async def test_a_client_that_reads_nothing_does_not_hold_up_the_stop(
    fresh_site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with (
        deaf(fresh_site.open(f"messages/{chat.pk}", alice)),
        fresh_site.open(f"messages/{chat.pk}", bob) as client,
    ):
        fresh_site.run(say, chat, bob, *["x" * 10_000] * 600)
        for _ in range(600):
            await client.until("new_message")
        fresh_site.terminate()
        assert await client.closed() == 1012
        assert await asyncio.to_thread(fresh_site.wait, 8) in STOPPED
