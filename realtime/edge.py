"""uvicorn's protocol classes with what Kith adds to them: `abort`, and whole frames past ASGI's `send`.

An application finds both in its scope, as ``scope["extensions"]["kith"]``. What is used here of uvicorn and
websockets beyond their documented interfaces is held by tests/realtime/test_edge.py against the pinned
releases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from typing import Protocol as Interface

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_S = 2.0  # a refused client may go on sending for so long, and still learn why


class FrameSocket(Interface):
    """Who writes frames past `send`, and how it is told of the transport."""

    def paused(self) -> None:
        """More waits than the budget now."""

    def resumed(self) -> None:
        """What waited was taken, but for a part of the budget."""

    def ended(self) -> None:
        """Nothing may be written any more: a close frame was, or the link is gone."""


class Received:
    """What uvicorn received and the application has yet to take, in the place of its `asyncio.Queue`: for one
    reader, and without that one's four deques (3 KB of each socket)."""

    __slots__ = ("_coming", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._coming: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(None)

    def empty(self) -> bool:
        return not self._messages

    async def get(self) -> Any:
        while not self._messages:
            self._coming = asyncio.get_running_loop().create_future()
            await self._coming
        self._coming = None
        return self._messages.pop(0)


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's, but for how it refuses a frame that is too long or no UTF-8, and for prepared frames.

    It closed the transport at once; what the client was still sending then made the kernel reset
    the link, and the close frame (1009, 1007) was lost on the way. Now the rest is read and dropped.

    Prepared frames and what uvicorn writes itself (pongs, pings, the close frame) go to the transport at
    once, so their order is that of the calls; uvloop makes one system call of what is written to a
    transport within one turn of the loop.
    """

    frame_socket: FrameSocket | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Received()  # type: ignore[assignment]  # all that is used of it

    async def run_asgi(self) -> None:
        """Offers what ASGI lacks: ``abort``, for a socket that takes nothing any more, and ``frames``, where
        the client's frames are not compressed."""
        offered: dict[str, Any] = {"abort": self.transport.abort}
        if not self.conn.extensions:
            offered["frames"] = self
        extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), "kith": offered}
        self.scope["extensions"] = extensions
        await super().run_asgi()

    # ── frames past `send` ──────────────────────────────────────────────────────────────────

    def attach(self, socket: FrameSocket, budget: int) -> Callable[[bytes], None] | None:
        """What writes whole, unmasked WebSocket frames from now on, until ``socket`` is told `ended`. None:
        the socket is not open.

        ``budget``: as many bytes may wait before it is told `paused`.
        """
        if not self.handshake_complete or self.close_sent or self.disconnected or self.transport.is_closing():
            return None
        self.frame_socket = socket
        self._forget_handshake()
        self.transport.set_write_buffer_limits(high=budget)
        return self.transport.write

    def _forget_handshake(self) -> None:
        """Nobody reads these headers again, and they are kept as long as the socket (3 KB)."""
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []

    def waiting(self) -> int:
        """Bytes that the client has yet to take."""
        return self.transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.frame_socket is not None:
            self.frame_socket.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.frame_socket is not None:
            self.frame_socket.resumed()

    def _end_frames(self) -> None:
        if self.frame_socket is not None:
            self.frame_socket.ended()
            self.frame_socket = None

    # ── the end ─────────────────────────────────────────────────────────────────────────────

    def handle_close(self, event: object) -> None:
        self._end_frames()
        super().handle_close(event)  # type: ignore[arg-type]  # the package's Frame

    def handle_parser_exception(self) -> None:
        if self.close_sent:
            return
        self._end_frames()
        close = self.conn.close_sent
        code, reason = (close.code, close.reason) if close is not None else (1006, "")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)

    def keepalive_timeout(self) -> None:
        """A client that answers no ping takes nothing either: `close()` would wait for that."""
        self._end_frames()
        super().keepalive_timeout()
        self.abort_if_full()

    def shutdown(self) -> None:
        self._end_frames()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_frames()
        super().connection_lost(exc)

    def abort_if_full(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with ``abort``, for a stream that takes nothing any more."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"kith": {"abort": self.transport.abort}}
