"""Sockets that write through ASGI's `send`."""

from __future__ import annotations

import asyncio
from typing import Any

from realtime.outgoing import QueuedSocket
from tests.harness.databases import Database
from tests.realtime import local


async def test_a_socket_disposed_of_as_soon_as_something_was_written_is_flushed(
    sqlite_database: Database,
) -> None:
    """Else whoever catches up on it would wait for ever, at the cost of a whole core."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with local.hub() as hub:
        socket = QueuedSocket(hub, send, None, on_control=print, on_lost=print)
        socket.write("never told")
        await socket.dispose()
        async with asyncio.timeout(10):
            await socket.flushed()
        assert sent == []
