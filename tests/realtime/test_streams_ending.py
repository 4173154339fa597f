"""Streams and polls that end: by the client, by the network, by the server; nothing of them is left."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import time
from collections.abc import AsyncIterator

import pytest

from chat.models import Chat
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.harness.waiting import eventually
from tests.realtime.talking import say

LONG = "x" * 10_000
SLOW_S = 1.0  # a link that takes nothing for so long is let go
STOPPED = (0, -signal.SIGTERM)  # uvicorn stops cleanly, then ends by the signal that asked for it
LATE_S = 10.0  # how late a busy machine may be


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "KITH_OPEN_SOCKETS_PER_USER": "0",
        "KITH_SLOW_SOCKET_S": str(SLOW_S),
        "KITH_SOCKET_BACKLOG_BYTES": "50000",
    }


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


async def nobody_left(site: Site) -> None:
    """No socket, and no user with one; known by what `/metrics` counts, too."""

    async def gone() -> bool:
        health = await asyncio.to_thread(site.health)
        return (health["total_sockets"], health["active_connections"]) == (0, 0)

    await eventually(gone, within=LATE_S)
    async with site.http() as http:
        metrics = (await http.get("/metrics")).text
    assert "\nkith_sockets 0.0\n" in metrics, metrics


@contextlib.asynccontextmanager
async def deaf(site: Site, path: str, token: str) -> AsyncIterator[None]:
    """A request whose answer nobody reads, as when the network is gone."""
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(link, ("127.0.0.1", site.port))
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
        await loop.sock_sendall(link, request.encode())
        await sockets(site, 1)
        yield


async def sockets(site: Site, count: int) -> None:
    async def so_many() -> bool:
        return bool((await asyncio.to_thread(site.health))["total_sockets"] == count)

    await eventually(so_many, within=LATE_S)


# ── the client ──────────────────────────────────────────────────────────────────────────────


async def test_a_stream_that_the_client_ends_leaves_nothing(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with site.stream("messages", "feed", "online", user=alice) as stream:
        await stream.opened(channel="online")
        await sockets(site, 1)
    await nobody_left(site)


async def test_a_poll_that_the_client_ends_leaves_nothing(site: Site, people: People) -> None:
    alice = people.user("alice")
    cursor = (await site.poll("feed", user=alice)).cursor
    waiting = asyncio.create_task(site.poll("feed", user=alice, since=cursor, wait=60))
    await sockets(site, 1)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    await nobody_left(site)


async def test_an_answered_poll_leaves_nothing(site: Site, people: People) -> None:
    await site.poll("feed", "messages", user=people.user("alice"))
    await nobody_left(site)


async def test_whenever_the_client_goes_nothing_is_left(site: Site, people: People) -> None:
    """While it is judged, while channels open, amid a replay, and later."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    site.run(say, chat, bob, *[LONG] * 30)
    token = site.token(alice)

    async def go(number: int) -> None:
        path = "/api/events/stream/" if number % 2 else "/api/events/"
        query = f"?channel={name(chat)}&channel=messages&channel=feed&since=0,0,0&wait=30"
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(f"GET {path}{query}&token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.random() * 0.15):
                await reader.read(random.choice([1, 1_000, 10**6]))
        if number % 3:
            writer.transport.abort()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    for batch in range(0, 120, 8):
        await asyncio.gather(*(go(number) for number in range(batch, batch + 8)))
    await nobody_left(site)
    assert "Traceback" not in site.log()


# ── a client that does not read ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/api/events/stream/", "/api/events/"])
async def test_who_reads_nothing_is_let_go(site: Site, people: People, path: str) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    site.run(say, chat, bob, *[LONG] * 600)
    async with deaf(site, f"{path}?channel={name(chat)}&since=0", site.token(alice)):
        await nobody_left(site)


async def test_a_slow_reader_gets_everything_in_order(sites: Sites, people: People) -> None:
    """Over its budget it is behind, and reads the log at its own pace."""
    site = sites.start("sqlite", settings={"KITH_SOCKET_BACKLOG_BYTES": "50000"})
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    texts = [f"{number} {LONG}" for number in range(600)]
    async with site.stream(name(chat), user=alice) as stream, site.stream(name(chat), user=bob) as quick:
        await stream.opened()
        await quick.opened()
        site.run(say, chat, bob, *texts)
        for text in texts:
            await quick.until("new_message", content=text)
        heard = [(await stream.until("new_message"))["content"] for _ in texts]
        assert heard == texts
        site.run(say, chat, bob, "live again")
        await stream.until("new_message", content="live again")
    async with site.http() as http:
        metrics = (await http.get("/metrics")).text
    assert "\nkith_fell_behind_total 0.0\n" not in metrics


# ── the server ──────────────────────────────────────────────────────────────────────────────


async def test_a_server_that_stops_asks_streams_and_polls_to_come_back(
    fresh_site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    cursor = (await fresh_site.poll(name(chat), user=alice)).cursor
    async with fresh_site.stream(name(chat), user=bob) as stream:
        await stream.opened()
        waiting = asyncio.create_task(fresh_site.poll(name(chat), user=alice, since=cursor, wait=60))
        await sockets(fresh_site, 2)
        fresh_site.terminate()
        frame = await stream.until("reconnect")
        assert 0 <= frame["after_ms"] <= 100  # KITH_RECONNECT_MS of the tests
        assert await stream.closed() == 1012
        answer = await waiting
        assert (answer.types[-1], answer.close) == ("reconnect", 1012)
    assert await asyncio.to_thread(fresh_site.wait) in STOPPED
    assert "Traceback" not in fresh_site.log()
    fresh_site.start()
    fresh_site.run(say, chat, bob, "while you were away")
    answer = await fresh_site.poll(name(chat), user=alice, since=answer.cursor)
    assert [frame["content"] for frame in answer.frames if "content" in frame] == ["while you were away"]


async def test_a_client_that_reads_nothing_does_not_hold_up_the_stop(
    fresh_site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    fresh_site.run(say, chat, bob, *[LONG] * 600)
    query = f"?channel={name(chat)}&since=0"
    async with deaf(fresh_site, f"/api/events/stream/{query}", fresh_site.token(alice)):
        before = time.monotonic()
        fresh_site.terminate()
        assert await asyncio.to_thread(fresh_site.wait, 9) in STOPPED
        assert time.monotonic() - before < 9


async def test_a_killed_server_ends_the_stream_without_a_code(fresh_site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with fresh_site.stream(name(chat), user=alice) as stream:
        await stream.opened()
        fresh_site.kill()
        assert await stream.closed() == 1006
        last = stream.id
    fresh_site.start()
    fresh_site.run(say, chat, alice, "later")
    async with fresh_site.stream(name(chat), user=alice, since=last) as stream:
        assert (await stream.until("new_message"))["content"] == "later"
