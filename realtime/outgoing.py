"""How a socket writes: past the server where that can be, else through ASGI's `send`.

`FramedSocket` hands whole WebSocket frames to the transport, where `edge` offers it; what waits is the
transport's to tell. `QueuedSocket` serves any other server, and HTTP: what waits is kept here, and a task
hands it on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from realtime import protocol
from realtime.conf import setting
from realtime.packets import Packet
from realtime.protocol import Close
from realtime.sockets import Socket

if TYPE_CHECKING:
    from realtime.edge import Protocol
    from realtime.hub import Hub
    from realtime.subscription import Subscription
    from realtime.tallies import Unseen

Send = Callable[[dict[str, Any]], Awaitable[None]]


def open_socket(
    hub: Hub,
    scope: Mapping[str, Any],
    send: Send,
    *,
    on_control: Callable[[Packet], None],
    on_lost: Callable[[Subscription], None],
) -> Socket:
    """The socket of an ASGI scope; a WebSocket's is accepted already."""
    offered = (scope.get("extensions") or {}).get("kith", {})
    if (edge := offered.get("frames")) is not None:
        return FramedSocket(hub, send, edge, on_control=on_control, on_lost=on_lost)
    return QueuedSocket(hub, send, offered.get("abort"), on_control=on_control, on_lost=on_lost)


class FramedSocket(Socket):
    """Writes to the transport at once. No task: the transport tells when it is full, and when it has room."""

    __slots__ = ("_edge", "_ending", "_least", "_room", "_send", "_taken_at")

    framed = True
    run_bytes = 4_096

    def __init__(
        self,
        hub: Hub,
        send: Send,
        edge: Protocol,
        *,
        on_control: Callable[[Packet], None],
        on_lost: Callable[[Subscription], None],
    ) -> None:
        super().__init__(hub, on_control=on_control, on_lost=on_lost)
        self._send = send
        self._edge = edge
        self._ending: asyncio.Task[None] | None = None
        self._room: asyncio.Event | None = None  # where somebody waits for it
        self._least = 0  # bytes: how few have waited since it is full
        self._taken_at = 0.0
        self.put = edge.attach(self, setting("KITH_SOCKET_BACKLOG_BYTES")) or self._refuse

    def write(self, text: str) -> bool:
        self.put(protocol.wire_frame(text.encode()))
        return self.full

    def write_run(self, packets: Sequence[Packet], unseen: Unseen) -> bool:
        self.put(b"".join([unseen.frame(packet) for packet in packets]))
        return self.full

    def tell(self, frame: dict[str, Any]) -> None:
        self.put(protocol.wire_frame(protocol.encode(frame)))

    def _refuse(self, _frame: bytes) -> None:
        """In the place of `put` where nothing can be written any more."""
        self.closing = True

    def _end(self, code: int) -> None:
        self.put = self._refuse
        self._ending = self.hub.loop.create_task(self._close(code))

    async def _close(self, code: int) -> None:
        """By the server's `send`, which waits while the transport is full."""
        try:
            await self._send({"type": "websocket.close", "code": int(code)})
        except (OSError, RuntimeError):  # the link is gone; the consumer is told by a disconnect
            return

    async def flushed(self) -> None:
        while self.full:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
        if self._ending is not None:
            await asyncio.wait({self._ending})

    def check_stalled(self) -> None:
        if self.closing or not self.full:
            return
        waiting = self._edge.waiting()
        if waiting < self._least:
            self._least, self._taken_at = waiting, self.hub.loop.time()
        elif self.hub.loop.time() - self._taken_at > setting("KITH_SLOW_SOCKET_S"):
            self.finish(Close.OVERLOADED)
            self.abort_if_stuck()

    def abort_if_stuck(self) -> None:
        if self.full or (self._ending is not None and not self._ending.done()):
            self._edge.transport.abort()

    async def dispose(self) -> None:
        self.put = self._refuse
        await super().dispose()
        if self._ending is not None:
            self._ending.cancel()

    # ── the transport's word ────────────────────────────────────────────────────────────────

    def paused(self) -> None:
        self.full = True
        self._least, self._taken_at = self._edge.waiting(), self.hub.loop.time()
        self.hub.slow.add(self)

    def resumed(self) -> None:
        self._make_room()
        self.chase()

    def ended(self) -> None:
        self.put = self._refuse
        self._make_room()

    def _make_room(self) -> None:
        self.full = False
        if self._room is not None:
            self._room.set()
            self._room = None


class _Ending:
    """Stands in the outgoing queue where the socket is to be closed."""

    def __init__(self, code: int) -> None:
        self.code = code


class QueuedSocket(Socket):
    """Writes through ASGI's ``send``. ``abort`` drops the link at once, where the server offers that."""

    __slots__ = ("_abort", "_flusher", "_outgoing", "_send", "_stalled_since", "_waiting_bytes")

    def __init__(
        self,
        hub: Hub,
        send: Send,
        abort: Callable[[], None] | None,
        *,
        on_control: Callable[[Packet], None],
        on_lost: Callable[[Subscription], None],
    ) -> None:
        super().__init__(hub, on_control=on_control, on_lost=on_lost)
        self._send = send
        self._abort = abort
        self._outgoing: deque[str | _Ending] = deque()
        self._waiting_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._stalled_since = 0.0

    def write(self, text: str) -> bool:
        if self.closing:
            return False
        self._queue(text)
        self._count(len(text))
        if self.full:
            self.hub.slow.add(self)
        return self.full

    def _count(self, more: int) -> None:
        self._waiting_bytes += more
        self.full = self._waiting_bytes > setting("KITH_SOCKET_BACKLOG_BYTES")

    def _end(self, code: int) -> None:
        self._queue(_Ending(code))

    def _queue(self, item: str | _Ending) -> None:
        self._outgoing.append(item)
        if self._flusher is None:
            self._stalled_since = self.hub.loop.time()
            self._flusher = self.hub.loop.create_task(self._flush())

    async def _flush(self) -> None:
        """Write until nothing waits. The server's ``send`` waits while the transport is full."""
        try:
            while self._outgoing:
                item = self._outgoing.popleft()
                if isinstance(item, _Ending):
                    await self._send({"type": "websocket.close", "code": int(item.code)})
                    return
                await self._send({"type": "websocket.send", "text": item})
                self._count(-len(item))
                self._stalled_since = self.hub.loop.time()
        except (OSError, RuntimeError):  # the link is gone; the consumer is told by a disconnect
            self.closing = True
            self._outgoing.clear()
        finally:
            self._flusher = None
            self.chase()

    async def flushed(self) -> None:
        # Done, but still there: it was cancelled before it began, and nobody will ever take it away.
        while (flusher := self._flusher) is not None and not flusher.done():
            await asyncio.wait({flusher})

    def check_stalled(self) -> None:
        stalled = self.hub.loop.time() - self._stalled_since
        if self._flusher is not None and not self.closing and stalled > setting("KITH_SLOW_SOCKET_S"):
            self._outgoing.clear()
            self._count(-self._waiting_bytes)
            self.finish(Close.OVERLOADED)
            self.abort_if_stuck()

    def abort_if_stuck(self) -> None:
        if self._flusher is not None and self._abort is not None:
            self._abort()

    async def dispose(self) -> None:
        await super().dispose()
        if self._flusher is not None:
            self._flusher.cancel()
