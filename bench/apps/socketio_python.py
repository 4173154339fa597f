"""Everything said goes to everyone."""

from __future__ import annotations

import os

import socketio

server = socketio.AsyncServer(
    async_mode="asgi",
    transports=["websocket"],
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
)
application = socketio.ASGIApp(server)


@server.event
async def message(sid: str, content: str) -> None:
    """To all of the default namespace."""
    await server.emit("message", content)
