"""Between a server and PostgreSQL: a proxy that breaks one link, once, while a transaction commits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

CHUNK = 65_536


class Breaker:
    """Listens on ``port``. The transaction in which ``marker`` is sent loses its link: with the answer to its
    COMMIT, or before the COMMIT arrives."""

    def __init__(self, target: int, *, arrives: bool) -> None:
        self.target = target
        self.arrives = arrives
        self.port = 0
        self.marker = b""
        self.struck = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self.target)
        marked = asyncio.Event()  # the marker was sent on this link
        committing = asyncio.Event()
        try:
            await asyncio.wait(
                [
                    asyncio.ensure_future(self._ask(reader, here, marked, committing)),
                    asyncio.ensure_future(self._answer(there, writer, committing)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            writer.transport.abort()
            here.transport.abort()

    async def _ask(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        marked: asyncio.Event,
        committing: asyncio.Event,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self.marker and self.marker in data and not self.struck:
                    marked.set()
                if marked.is_set() and b"COMMIT" in data:
                    self.struck += 1
                    if not self.arrives:
                        return
                    committing.set()
                sink.write(data)
                await sink.drain()

    async def _answer(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, committing: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if committing.is_set():
                    return
                sink.write(data)
                await sink.drain()


@contextlib.asynccontextmanager
async def commits_lost(target: int, *, arrives: bool) -> AsyncIterator[Breaker]:
    """A `Breaker` before the PostgreSQL server on this port."""
    breaker = Breaker(target, arrives=arrives)
    server = await asyncio.start_server(breaker.pass_on, "127.0.0.1", 0)
    breaker.port = server.sockets[0].getsockname()[1]
    async with server:
        yield breaker
