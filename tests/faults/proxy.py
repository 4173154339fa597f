"""A TCP proxy before one server, whose links can be cut as a network cuts them: without a goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and drops what waits
CHUNK = 65_536


class Proxy:
    """Listens on ``port`` and passes bytes on to ``target``."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self._reset(writer)
            return
        pair = {writer, here}
        self._writers |= pair
        try:
            await asyncio.gather(self._pump(reader, here), self._pump(there, writer))
        finally:
            self._writers -= pair
            for one in pair:
                self._reset(one)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                sink.write(data)
                await sink.drain()
        sink.close()

    def cut(self) -> None:
        """Break every link, at both ends, wherever it is in a frame."""
        for writer in list(self._writers):
            self._reset(writer)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        if not writer.transport.is_closing():
            link: socket.socket = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()


@contextlib.asynccontextmanager
async def proxied(target: int) -> AsyncIterator[Proxy]:
    """A proxy before a server on this port; its links end with the block."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy._pass_on, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy
        proxy.cut()
