"""What the fast path lost, doubled or swapped is found in the log: holes, and the tail.

A hole is a packet whose seq is not the next of its topic; it is given a moment, then the log is read. The
tail is one statement that tells which topics changed since the last: so a lost last packet, a dead Redis and
an event of a process without one are noticed, at a cost that grows with what changed, not with how many
topics live.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError  # InterfaceError, too

from realtime import log, metrics, threads
from realtime.conf import setting
from realtime.streams import Stream

if TYPE_CHECKING:
    from realtime.hub import Hub

logger = logging.getLogger("kith.hub")

FILL_PAGE = 500  # rows of one read of the log
TAIL_SOON_S = 0.1  # below KITH_POLL_GATHER_S, for whose answers it is


class LogReader:
    """Reads the log for one hub.

    ``horizon``: every transaction below it has been delivered to whoever is live. ``last_id``: the newest
    event that was delivered, or seen in the log.
    """

    def __init__(self, hub: Hub) -> None:
        self.horizon = 0
        self.epoch = log.FIRST_EPOCH
        self.last_id = 0
        self._hub = hub
        self._holes: set[Stream] = set()
        self._filling = asyncio.Lock()
        self._now = asyncio.Event()
        self._due: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Learn where the log stands."""
        try:
            await self._tail(first=True)
        except DatabaseError as error:  # sockets may open later; until then the tail tries again
            logger.warning("the log cannot be read: %s", error)

    # ── holes ───────────────────────────────────────────────────────────────────────────────

    def note_hole(self, stream: Stream) -> None:
        """Two writers' packets overtake each other all the time: wait a moment, then read."""
        if not self._holes:
            self._hub.loop.call_later(setting("KITH_HOLE_WAIT_S"), self._fill_holes)
        self._holes.add(stream)

    def _fill_holes(self) -> None:
        holes = [stream for stream in self._holes if stream.early]
        self._holes.clear()
        if holes:
            metrics.holes.inc(len(holes))
            self._hub.spawn(self._fill_or_warn(holes))

    def check(self, topics: Iterable[str]) -> None:
        """Something may have been missed on these topics."""
        streams = [stream for name in topics if (stream := self._hub.streams.get(name))]
        for stream in streams:
            stream.unread = stream.head is None  # an opening is under way: looked at when it settles
        if known := [stream for stream in streams if not stream.unread]:
            self._hub.spawn(self._fill_or_warn(known))

    async def _fill_or_warn(self, streams: Collection[Stream]) -> None:
        try:
            await self.fill(streams)
        except DatabaseError as error:  # the tail tries again
            logger.warning("the log cannot be read: %s", error)

    async def fill(self, streams: Collection[Stream]) -> None:
        """Deliver what the log has after each stream's head.

        Raises:
            DatabaseError: the log cannot be read now.
        """
        async with self._filling:
            while positions := {s.name: s.head for s in streams if s.head is not None and s.taps}:
                packets = await threads.read(log.after_seq, positions, limit=FILL_PAGE)
                for packet in packets:
                    if packet.seq > positions.get(packet.topic, packet.seq) + 1:
                        self._start_anew(packet.topic)
                    positions[packet.topic] = packet.seq
                    self._hub.receive(packet)
                if len(packets) < FILL_PAGE:
                    return

    # ── the tail ────────────────────────────────────────────────────────────────────────────

    def now(self) -> None:
        """The next tail does not wait."""
        self._now.set()

    def soon(self) -> None:
        """Somebody waits to hear how far everything was sent. Who asks at about one time shares a tail."""
        if self._due is None:
            self._due = self._hub.loop.call_later(TAIL_SOON_S, self._now.set)

    async def tail_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):  # the usual case: nobody was in a hurry
                await asyncio.wait_for(self._now.wait(), setting("KITH_POLL_S"))
            self._now.clear()
            if self._due is not None:
                self._due.cancel()
                self._due = None
            try:
                await self._tail()
            except DatabaseError as error:
                logger.warning("the log cannot be read: %s", error)
            except Exception:  # whatever it was, the next tail must come
                logger.exception("reading the log's tail failed")

    async def _tail(self, *, first: bool = False) -> None:
        delivered = self.last_id  # before the statement: more may be delivered while it runs
        tail = await threads.read(log.tail, 2**62 if first else self.horizon)
        if tail.last_id < delivered:
            await self._restored(tail.last_id)
            return
        self.last_id, self.epoch = max(self.last_id, tail.last_id), tail.epoch
        changed = [stream for name in tail.heads if (stream := self._hub.streams.get(name))]
        for stream in changed:
            stream.unread = stream.unread or stream.head is None
        late = [s for s in changed if s.head is not None and s.head < tail.heads[s.name]]
        if late:
            await self.fill(late)
        self.horizon = tail.horizon
        told = {
            subscription for s in changed for tap in s.live.values() for subscription in tap.subscriptions
        }
        for subscription in told:
            subscription.tell_cursor(tail.horizon)
        for socket in list(self._hub.sockets.values()):
            socket.check_stalled()

    async def _restored(self, last_id: int) -> None:
        """The log is shorter than what was delivered: the database was put back to an older copy.
        Clients come back, and learn by ``recovered:false`` that their cursors are void."""
        logger.error("the event log went back: was the database restored? All cursors are void now.")
        await threads.write(log.renew_epoch)
        self.last_id = last_id
        for stream in self._hub.streams.values():
            stream.head = None
            stream.early.clear()
        for socket in list(self._hub.sockets.values()):
            socket.restart()

    def _start_anew(self, topic: str) -> None:
        """What comes next here is not kept any more: this process slept for longer than the log keeps events.
        Clients come back, and learn by ``recovered:false`` that they missed something."""
        if stream := self._hub.streams.get(topic):
            stream.head = None
            for tap in list(stream.taps.values()):
                tap.socket.restart()
