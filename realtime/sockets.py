"""One live link: what waits to be written to it, what it listens to, and how it catches up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import Error as DatabaseError

from realtime import log, metrics, protocol, signals, threads
from realtime.conf import setting
from realtime.packets import Packet
from realtime.protocol import Close
from realtime.taps import Tap

if TYPE_CHECKING:
    from realtime.hub import Hub
    from realtime.subscription import Subscription
    from realtime.tallies import Unseen

READ_PAGE = 100  # rows of one read while catching up; what a socket that is behind costs in memory
RETRY_S = 1.0  # the log cannot be read: try again


class Socket:
    """One live link: what waits to be written, its taps, its channels. `outgoing` has its two kinds.

    ``on_control`` gets packets of the user's control topic, ``on_lost`` a subscription whose right ended.
    """

    __slots__ = (
        "_chased",
        "_holders",
        "_latest",
        "_released",
        "behind",
        "closing",
        "full",
        "hub",
        "id",
        "on_control",
        "on_lost",
        "put",
        "subscriptions",
        "taps",
        "user_key",
    )

    framed: ClassVar[bool] = False  # `put` takes whole WebSocket frames
    run_bytes: ClassVar[int] = 0  # so many are worth one `write_run`; a socket may exceed its budget by them

    put: Callable[[bytes], object]

    def __init__(
        self, hub: Hub, *, on_control: Callable[[Packet], None], on_lost: Callable[[Subscription], None]
    ) -> None:
        self.hub = hub
        self.id = secrets.token_hex(8)
        self.user_key: str | None = None  # as text, as the log names users
        self.on_control = on_control
        self.on_lost = on_lost
        self.taps: dict[str, Tap] = {}
        self.behind: set[Tap] = set()  # those of the taps that read the log
        self.subscriptions: dict[str, Subscription] = {}
        self.closing = False
        self.full = False  # more waits than the socket's budget
        self._chased: asyncio.Event | None = None  # while the log is being read
        self._holders = 0  # channels whose state is being read
        self._released: asyncio.Event | None = None  # while there are any
        self._latest: dict[tuple[str, str], Packet] = {}
        hub.sockets[self.id] = self

    def belong_to(self, user_key: str) -> None:
        """Count among the user's sockets from now on."""
        self.user_key = user_key
        mine = self.hub.users.setdefault(user_key, set())
        mine.add(self)
        if len(mine) == 1:
            signals.user_came.send(Socket, hub=self.hub, user_key=user_key)

    # ── writing ─────────────────────────────────────────────────────────────────────────────

    def write(self, text: str) -> bool:
        """Write one frame; True when more waits than the socket's budget. Never blocks."""
        raise NotImplementedError

    def write_run(self, packets: Sequence[Packet], unseen: Unseen) -> bool:
        """Write several as one who is told of nobody in ``unseen`` gets them; True as `write`."""
        for packet in packets:
            self.write(unseen.text(packet, unseen.users))
        return self.full

    async def flushed(self) -> None:
        """Wait until what was written has room, the close frame too, or the link is gone."""
        raise NotImplementedError

    def check_stalled(self) -> None:
        """End a socket that has taken nothing for too long: nobody would read a close frame, where the
        server can abort; elsewhere 1013, should it ever read again."""
        raise NotImplementedError

    def abort_if_stuck(self) -> None:
        """Drop a link that takes nothing, where the server can."""
        raise NotImplementedError

    def _end(self, code: int) -> None:
        """Close once what was written has been taken."""
        raise NotImplementedError

    def tell(self, frame: dict[str, Any]) -> None:
        """Write a frame made for this socket alone."""
        self.write(protocol.encode(frame).decode())

    def finish(self, code: int) -> None:
        """Close once what was written has been taken; nothing is written after this."""
        if not self.closing:
            self._end(code)
            self.closing = True
            if code != Close.NORMAL:
                metrics.refused.labels(code=str(int(code))).inc()

    def restart(self, window_ms: int | None = None) -> None:
        """Ask the client to come back at a moment of its own within ``window_ms``, and close."""
        window_ms = setting("KITH_RECONNECT_MS") if window_ms is None else window_ms
        self.tell(protocol.reconnect(secrets.randbelow(window_ms + 1)))
        self.finish(Close.RESTARTING)

    # ── behind ──────────────────────────────────────────────────────────────────────────────

    def fall_behind(self) -> None:
        """Too much waits for this socket: from here on it reads the log, at its own pace."""
        live = [tap for tap in self.taps.values() if tap.live]
        for tap in live:
            tap.fall_behind()
        metrics.behind.inc(bool(live))

    def keep_latest(self, packet: Packet) -> None:
        self._latest[packet.topic, packet.key] = packet

    def chase(self) -> None:
        """Bring every tap that is behind up to its stream: at once if it can be, else by reading."""
        waits = self._chased is not None or self._holders
        if not self.behind or self.closing or waits or self._all_live():
            return
        self._chased = asyncio.Event()
        self.hub.spawn(self._catch_up(self._chased))

    async def level(self) -> None:
        """Wait until no tap is behind, or the link is over."""
        await self._unheld()
        self.chase()
        if self._chased is not None:
            await self._chased.wait()

    @contextmanager
    def holding(self, taps: Iterable[Tap]) -> Iterator[None]:
        """Inside, nothing new is told on these taps, which fall behind, nor on any other that is behind: a
        state is being read, and is told before what is newer."""
        for tap in taps:
            tap.fall_behind()
            tap.wait()
        self._holders += 1
        if self._released is None:
            self._released = asyncio.Event()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._released.set()
                self._released = None
                self.chase()

    async def _unheld(self) -> None:
        while self._released is not None:
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

    async def _catch_up(self, chased: asyncio.Event) -> None:
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
            self._chased = None
            chased.set()
            self.chase()

    async def _read_log(self) -> None:
        """One page of the log for the taps that are behind, and their streams brought as far."""
        positions = {tap.topic: tap.position for tap in self.behind if tap.position is not None}
        try:
            packets = await threads.read(log.after_seq, positions, limit=READ_PAGE)
            for packet in packets:
                if self.full:
                    await self.flushed()
                await self._unheld()
                if tap := self.taps.get(packet.topic):
                    tap.take(packet)
            metrics.replayed.inc(len(packets))
            if len(packets) < READ_PAGE:
                # A list: what is delivered by it may make others of this socket fall behind.
                await self.hub.reader.fill([tap.stream for tap in list(self.behind) if tap.leads()])
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

    async def dispose(self) -> None:
        """The link is gone: let go of everything."""
        self.closing = True
        self.hub.sockets.pop(self.id, None)
        self.hub.slow.discard(self)
        if self.user_key is not None and (mine := self.hub.users.get(self.user_key)):
            mine.discard(self)
            if not mine:
                del self.hub.users[self.user_key]
                signals.user_left.send(Socket, hub=self.hub, user_key=self.user_key)
        for subscription in list(self.subscriptions.values()):
            subscription.close()
        for tap in self.taps.values():
            self.hub.leave(tap)
        self.taps.clear()
        self.behind.clear()
        self.subscriptions.clear()
        self._latest.clear()
