"""What stands between a browser and a server in bad networks: a proxy that lets only some things through.

    async with gate_to(site) as gate:
        page.goto(gate.url)
        gate.refuse(WEBSOCKET)             upgrades are answered 403, open sockets are cut
        gate.hold(STREAM)                  the request goes in, and no byte of the answer comes out
        gate.mute(WEBSOCKET)               what is sent goes in, and no byte comes out any more
    gate.refuse(*LIVE, API)            the page itself still loads
        gate.open()                        everything goes through again
        gate.passed(WEBSOCKET)             how many requests of this kind got an answer so far

A held answer is what a proxy that buffers does to Server-Sent Events.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Literal, get_args

from tests.harness.site import Site

Kind = Literal["websocket", "stream", "poll", "api", "page"]

WEBSOCKET: Kind = "websocket"
STREAM: Kind = "stream"
POLL: Kind = "poll"
API: Kind = "api"
PAGE: Kind = "page"
LIVE: tuple[Kind, ...] = (WEBSOCKET, STREAM, POLL)
EVERYTHING: tuple[Kind, ...] = get_args(Kind)

HEAD_BYTES = 64 * 1024
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Line = tuple[Kind, asyncio.StreamWriter]


class Gate:
    """One proxy; every request has a connection of its own, so that it can be judged by itself."""

    def __init__(self, site: Site) -> None:
        self.url = ""
        self._site = site
        self._refused: set[Kind] = set()
        self._held: set[Kind] = set()
        self._muted: set[Kind] = set()
        self._passed: Counter[Kind] = Counter()
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def refuse(self, *kinds: Kind) -> None:
        """Refuse these from now on, and cut those that are open."""
        self._refused |= set(kinds)
        self._cut(kinds)

    def hold(self, *kinds: Kind) -> None:
        """Take these in and let nothing out, from now on; cut those that are open."""
        self._held |= set(kinds)
        self._cut(kinds)

    def mute(self, *kinds: Kind) -> None:
        """Drop all answers of these from now on, also those of what is open, which stays open."""
        self._muted |= set(kinds)

    def open(self) -> None:
        """Let everything through again; what is held stays so until its client gives up."""
        self._refused.clear()
        self._held.clear()
        self._muted.clear()

    def passed(self, kind: Kind) -> int:
        """How many requests of this kind were let through so far."""
        return self._passed[kind]

    def _cut(self, kinds: tuple[Kind, ...]) -> None:
        for kind, writer in list(self._lines):
            if kind in kinds:
                writer.transport.abort()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await self._judge(_kind(head), head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one side went away, or the server is down: so does the other
        finally:
            writer.close()

    async def _judge(
        self, kind: Kind, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = (kind, writer)
        self._lines.add(line)
        try:
            if kind in self._refused:
                writer.write(REFUSED)
                await writer.drain()
            elif kind in self._held:
                await reader.read()  # ends when the client gives up
            else:
                self._passed[kind] += 1
                await self._carry(kind, head, reader, writer)
        finally:
            self._lines.discard(line)

    async def _carry(
        self, kind: Kind, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._site.port)
        try:
            back.write(head if kind == WEBSOCKET else _alone(head))
            await _until_either_ends(
                _pump(reader, back), _pump(there, writer, muted=lambda: kind in self._muted)
            )
        finally:
            back.close()

    async def close(self) -> None:
        """Cut every line."""
        self._cut(EVERYTHING)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def gate_to(site: Site) -> AsyncIterator[Gate]:
    """A gate before ``site`` on a port of its own; everything goes through at first."""
    gate = Gate(site)
    server = await asyncio.start_server(gate.take, "127.0.0.1", 0, limit=HEAD_BYTES)
    gate.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield gate
    finally:
        server.close()
        await gate.close()


def _kind(head: bytes) -> Kind:
    path = head.split(b" ", 2)[1]
    if path.startswith(b"/ws"):
        return WEBSOCKET
    if path.startswith(b"/api/events/stream"):
        return STREAM
    if path.startswith(b"/api/events"):
        return POLL
    return API if path.startswith((b"/api/", b"/upload/")) else PAGE


def _alone(head: bytes) -> bytes:
    """The head with `Connection: close`."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, muted: Callable[[], bool] = lambda: False
) -> None:
    while data := await reader.read(HEAD_BYTES):
        if not muted():
            writer.write(data)
            await writer.drain()


async def _until_either_ends(*pumps: Coroutine[None, None, None]) -> None:
    tasks = {asyncio.create_task(pump) for pump in pumps}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
