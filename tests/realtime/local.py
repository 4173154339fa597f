"""Kith inside the test's own process and event loop: the hub, and sockets without a server.

    async with local.hub() as hub:
        async with local.opened("messages/5", alice) as client: ...      a harness Client, opened
        async with local.opened("messages/5", alice, room=1) as slow:    nothing goes beyond 1 unread frame

What this process commits reaches the hub at once, as in a server, so these tests see the fast path; those
with a `Site` see another process's changes. The database is the active one of the harness.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from project.asgi import application
from realtime import hub as hubs
from realtime.hub import Hub
from tests.harness.client import Client
from tests.harness.people import token_for


@contextlib.asynccontextmanager
async def hub() -> AsyncIterator[Hub]:
    """This loop's hub, stopped at the end."""
    try:
        yield await hubs.running()
    finally:
        await hubs.stop()


class LocalSocket:
    """A client's end, with as much of a `ClientConnection` as `Client` uses."""

    transport = SimpleNamespace(abort=lambda: None)

    def __init__(self, path: str, query: dict[str, str], room: int) -> None:
        self.close_code: int | None = None
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue(room)
        scope = {
            "type": "websocket",
            "path": f"/ws/{path}" if path else "/ws",
            "query_string": urlencode(query).encode(),
            "headers": [(b"host", b"testserver")],
            "client": ("127.0.0.1", 1),
            "subprotocols": [],
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.life = asyncio.ensure_future(application(scope, self._to_app.get, self._from_app.put))

    async def send(self, text: str, *, text_frame: bool | None = None) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def recv(self) -> str:
        """Raises ConnectionClosedError once the application closed."""
        while self.close_code is None:
            message = await self._from_app.get()
            match message["type"]:
                case "websocket.send":
                    return str(message["text"])
                case "websocket.close":
                    self.close_code = message.get("code", 1000)
        raise ConnectionClosedError(Close(self.close_code, ""), None)

    async def close(self, code: int = 1000) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})
        await self.life


@contextlib.asynccontextmanager
async def connect(path: str, user: Any, *, since: object = None, room: int = 0) -> AsyncIterator[Client]:
    """A socket of ``user`` on ``/ws/<path>``, nothing read yet."""
    query = {"token": token_for(user)} | ({} if since is None else {"since": str(since)})
    socket = LocalSocket(path, query, room)
    try:
        yield Client(cast(ClientConnection, socket))
    finally:
        await socket.close()


@contextlib.asynccontextmanager
async def opened(path: str, user: Any, *, since: object = None, room: int = 0) -> AsyncIterator[Client]:
    """The same, read up to `caught_up`."""
    async with connect(path, user, since=since, room=room) as client:
        await client.opened()
        yield client
