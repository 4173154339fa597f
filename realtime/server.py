"""The application, its life, and how `manage.py serve` runs uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from realtime import hub, threads, workers
from realtime.conf import setting
from realtime.edge import HttpProtocol, Protocol

logger = logging.getLogger("kith.server")

GRACE_S = 10  # for HTTP requests under way when the process stops

# Python's own thresholds make it look through all that lives again and again while thousands of sockets open:
# a tenth of the time, in pauses of up to 0.2 s at 3,000 sockets. What was closed is memory until then.
COLLECT_AFTER = 5_000, 10, 5

Application = Callable[..., Awaitable[None]]


def kith_application(*, http: Application, websocket: Application) -> Application:
    """HTTP to Django, WebSockets to Kith, and the hub's life with the server's.

    A server without lifespan events (Daphne) starts the hub with its first socket.
    """

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await (websocket if scope["type"] == "websocket" else http)(scope, receive, send)

    return application


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()
    await hub.running()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await hub.stop()
    threads.close()
    await send({"type": "lifespan.shutdown.complete"})


class Server(uvicorn.Server):
    """uvicorn that asks its clients to come back before it closes their sockets. ``line`` leads to the parent
    of a worker (see `workers`)."""

    def __init__(self, config: uvicorn.Config, line: socket.socket | None = None) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is loaded stays
        gc.set_threshold(*COLLECT_AFTER)
        if self._line is not None:
            with contextlib.suppress(OSError):  # gone already: its end is heard below
                self._line.send(workers.READY)
            asyncio.get_running_loop().add_reader(self._line, self._hear_parent, self._line)

    def _hear_parent(self, line: socket.socket) -> None:
        """It never says anything: what can be read is its end."""
        asyncio.get_running_loop().remove_reader(line)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if (running := hub.current()) is not None:
            await running.drain()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Protocol):
                connection.abort_if_full()
        await super().shutdown(sockets)


def run(
    application: str, *, host: str, port: int, listener: socket.socket | None = None, line: Any = None
) -> None:
    """Serve until SIGTERM or SIGINT, on an address or, as a worker, on its parent's ``listener``.

    Access lines are off: they would hold tokens of ``?token=``, and a proxy writes better ones.
    """
    interval, silence = setting("WEBSOCKET_PING_INTERVAL"), setting("WEBSOCKET_PING_TIMEOUT")
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=HttpProtocol,
        ws=Protocol,
        ws_max_size=setting("KITH_FRAME_BYTES"),
        ws_ping_interval=interval,
        ws_ping_timeout=max(1.0, silence - interval),  # silence counts from the last sign of life
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,  # the project's own, which takes tokens out of what is logged
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
    )
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again, having ended politely
        Server(config, line).run([listener] if listener is not None else None)
