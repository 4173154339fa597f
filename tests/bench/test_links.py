"""A delivery is timed from the sending of its own message, in whatever order a server tells them."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.server import ServerConnection, serve

from bench.generator.dialects import DIALECTS
from bench.generator.link import Room, TimedLink


async def swap_two_then_echo(socket: ServerConnection) -> None:
    """The first two messages come back in the wrong order."""
    first, second = await socket.recv(), await socket.recv()
    for message in (second, first):
        await socket.send(message)
    async for message in socket:
        await socket.send(message)


async def test_messages_told_in_another_order_are_timed_each_by_its_own() -> None:
    done: asyncio.Queue[int] = asyncio.Queue()
    room = Room(lambda _room, index: done.put_nowait(index))
    async with asyncio.timeout(20), serve(swap_two_then_echo, "127.0.0.1", 0) as server:
        link = TimedLink({"path": "/"}, DIALECTS["plain"], room)
        link.times = []
        room.links.append(link)
        await link.open(server.sockets[0].getsockname()[1])
        room.send(1)
        room.send(2)
        assert [await done.get(), await done.get()] == [1, 0]
        began = time.perf_counter()
        room.send(3)
        assert await done.get() == 2
        assert len(link.times) == 3
        assert link.times[-1] <= time.perf_counter() - began
        link.close()
    assert (room.lost, room.repeats) == (0, 0)
