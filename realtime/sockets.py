"""One live link: what waits to be written to it, what it listens to, and how it catches up."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError

from realtime import log, metrics, protocol, signals, threads
from realtime.conf import setting
from realtime.packets import Packet
from realtime.protocol import Close
from realtime.taps import Tap

if TYPE_CHECKING:
    from realtime.hub import Hub
    from realtime.subscription import Subscription

READ_PAGE = 100  # rows of one read while catching up; what a socket that is behind costs in memory
RETRY_S = 1.0  # the log cannot be read: try again


class _Ending:
    """Stands in the outgoing queue where the socket is to be closed."""

    def __init__(self, code: int) -> None:
        self.code = code


class Socket:
    """One live link: what waits to be written, its taps, its channels.

    ``send`` is ASGI's; ``abort`` drops the link at once, where the server offers that. ``on_control``
    gets packets of the user's control topic, ``on_lost`` a
    subscription whose right ended.
    """

    def __init__(
        self,
        hub: Hub,
        send: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        on_control: Callable[[Packet], None],
        on_lost: Callable[[Subscription], None],
        abort: Callable[[], None] | None = None,
    ) -> None:
        self.hub = hub
        self.id = secrets.token_hex(8)
        self.user_key: str | None = None  # as text, as the log names users
        self.on_control = on_control
        self.on_lost = on_lost
        self._abort = abort
        self.taps: dict[str, Tap] = {}
        self.behind: set[Tap] = set()  # those of the taps that read the log
        self.subscriptions: dict[str, Subscription] = {}
        self.closing = False
        self._send = send
        self._outgoing: deque[str | _Ending] = deque()
        self._waiting_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._chasing = False
        self._chased = asyncio.Event()
        self._holders = 0  # channels whose state is being read
        self._released = asyncio.Event()
        self._latest: dict[tuple[str, str], Packet] = {}
        self._stalled_since = 0.0
        hub.sockets[self.id] = self

    def belong_to(self, user_key: str) -> None:
        """Count among the user's sockets from now on."""
        self.user_key = user_key
        mine = self.hub.users.setdefault(user_key, set())
        mine.add(self)
        if len(mine) == 1:
            signals.user_came.send(type(self), hub=self.hub, user_key=user_key)

    # ── writing ─────────────────────────────────────────────────────────────────────────────

    @property
    def has_room(self) -> bool:
        return self._waiting_bytes <= int(setting("KITH_SOCKET_BACKLOG_BYTES"))

    def write(self, text: str) -> bool:
        """Queue one frame; True when more waits than the socket's budget. Never blocks."""
        if self.closing:
            return False
        self._queue(text)
        self._waiting_bytes += len(text)
        return not self.has_room

    def tell(self, frame: dict[str, Any]) -> None:
        """Queue a frame made for this socket alone."""
        self.write(protocol.encode(frame).decode())

    def finish(self, code: int) -> None:
        """Close once what is queued has been written; nothing is queued after this."""
        if not self.closing:
            self._queue(_Ending(code))
            self.closing = True
            if code != Close.NORMAL:
                metrics.refused.labels(code=str(int(code))).inc()

    def restart(self, window_ms: int | None = None) -> None:
        """Ask the client to come back at a moment of its own within ``window_ms``, and close."""
        window_ms = setting("KITH_RECONNECT_MS") if window_ms is None else window_ms
        self.tell(protocol.reconnect(secrets.randbelow(window_ms + 1)))
        self.finish(Close.RESTARTING)

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
                self._waiting_bytes -= len(item)
                self._stalled_since = self.hub.loop.time()
        except (OSError, RuntimeError):  # the link is gone; the consumer is told by a disconnect
            self.closing = True
            self._outgoing.clear()
        finally:
            self._flusher = None
            self.chase()

    async def flushed(self) -> None:
        """Wait until all that was queued is written, or the link is gone."""
        while self._flusher is not None:
            await asyncio.wait({self._flusher})

    # ── behind ──────────────────────────────────────────────────────────────────────────────

    def fall_behind(self) -> None:
        """Too much waits for this socket: from here on it reads the log, at its own pace."""
        metrics.behind.inc()
        for tap in self.taps.values():
            tap.fall_behind()

    def keep_latest(self, packet: Packet) -> None:
        self._latest[packet.topic, packet.key] = packet

    def chase(self) -> None:
        """Bring every tap that is behind up to its stream: at once if it can be, else by reading."""
        if not self.behind or self.closing or self._chasing or self._holders or self._all_live():
            return
        self._chasing = True
        self._chased.clear()
        self.hub.spawn(self._catch_up())

    async def level(self) -> None:
        """Wait until no tap is behind, or the link is over."""
        await self._unheld()
        self.chase()
        if self._chasing:
            await self._chased.wait()

    @contextmanager
    def holding(self, taps: Iterable[Tap]) -> Iterator[None]:
        """Inside, nothing new is told on these taps, which fall behind, nor on any other that is behind: a
        state is being read, and is told before what is newer."""
        for tap in taps:
            tap.fall_behind()
            tap.wait()
        self._holders += 1
        self._released.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._released.set()
                self.chase()

    async def _unheld(self) -> None:
        while self._holders:
            await self._released.wait()

    def _all_live(self) -> bool:
        """Try each tap; when all are live, tell what their LATEST events ended as. Those of topics that are
        being opened wait: the state there, not told yet, may be older."""
        if [tap for tap in list(self.behind) if not tap.try_live()]:
            return False
        for subscription in self.subscriptions.values():
            subscription.thaw()
        kept, self._latest = self._latest, {}
        for packet in kept.values():
            tap = self.taps.get(packet.topic)
            if tap is not None and tap.live:
                tap.write(packet)
            elif tap is not None:
                self.keep_latest(packet)
        return True

    async def _catch_up(self) -> None:
        try:
            while self.behind and not self.closing:
                await self.flushed()
                for tap in self.behind:
                    tap.wait()
                await self._read_log()
                await self._unheld()
                if self._all_live():
                    return
        finally:
            self._chasing = False
            self._chased.set()
            self.chase()

    async def _read_log(self) -> None:
        """One page of the log for the taps that are behind, and their streams brought as far."""
        positions = {tap.topic: tap.position for tap in self.behind if tap.position is not None}
        try:
            packets = await threads.read(log.after_seq, positions, limit=READ_PAGE)
            for packet in packets:
                if not self.has_room:
                    await self.flushed()
                await self._unheld()
                if tap := self.taps.get(packet.topic):
                    tap.take(packet)
            metrics.replayed.inc(len(packets))
            if len(packets) < READ_PAGE:
                await self.hub.reader.fill([tap.stream for tap in self.behind if tap.leads()])
        except DatabaseError:
            await asyncio.sleep(RETRY_S)

    # ── topics and channels ─────────────────────────────────────────────────────────────────

    def tap(self, topic: str, kind: type[Tap] = Tap) -> Tap:
        """This socket's hold on a topic, joined if it is new."""
        if topic not in self.taps:
            self.taps[topic] = kind(self, topic)
        return self.taps[topic]

    def untap(self, tap: Tap, subscription: Subscription) -> None:
        """One channel less needs it; the last one leaves the stream."""
        tap.subscriptions.discard(subscription)
        if not tap.subscriptions and self.taps.pop(tap.topic, None) is tap:
            self.behind.discard(tap)
            self.hub.leave(tap)
        elif tap.subscriptions:
            tap.hide()

    def tell_states(self) -> None:
        """Events may have been lost: the states again, also of channels that are being opened."""
        for subscription in {each for tap in self.taps.values() for each in tap.subscriptions}:
            if subscription.channel.has_state():
                subscription.state.renew()

    def check_stalled(self) -> None:
        """End a socket that has taken nothing for too long: nobody would read a close frame, where the
        server can abort; elsewhere 1013, should it ever read again."""
        stalled = self.hub.loop.time() - self._stalled_since
        if self._flusher is not None and not self.closing and stalled > setting("KITH_SLOW_SOCKET_S"):
            self._outgoing.clear()
            self._waiting_bytes = 0
            self.finish(Close.OVERLOADED)
            self.abort_if_stuck()

    def abort_if_stuck(self) -> None:
        """Drop a link that takes nothing, where the server can."""
        if self._flusher is not None and self._abort is not None:
            self._abort()

    async def dispose(self) -> None:
        """The link is gone: let go of everything."""
        self.closing = True
        self.hub.sockets.pop(self.id, None)
        if self.user_key is not None and (mine := self.hub.users.get(self.user_key)):
            mine.discard(self)
            if not mine:
                del self.hub.users[self.user_key]
                signals.user_left.send(type(self), hub=self.hub, user_key=self.user_key)
        for subscription in list(self.subscriptions.values()):
            subscription.close()
        for tap in self.taps.values():
            self.hub.leave(tap)
        self.taps.clear()
        self.behind.clear()
        self.subscriptions.clear()
        self._latest.clear()
        if self._flusher is not None:
            self._flusher.cancel()
