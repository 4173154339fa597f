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
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError  # InterfaceError, too

from realtime import history, log, metrics, threads
from realtime.conf import setting
from realtime.cursors import GENERATION, generation
from realtime.packets import Packet
from realtime.streams import Stream

if TYPE_CHECKING:
    from realtime.hub import Hub

logger = logging.getLogger("kith.hub")

FILL_PAGE = 500  # rows of one read of the log
TAIL_SOON_S = 0.1  # below KITH_POLL_GATHER_S, for whose answers it is


class LogReader:
    """Reads the log for one hub.

    ``horizon``: every transaction below it has been delivered to whoever is live. ``last_id``: the highest
    that a packet had.
    """

    def __init__(self, hub: Hub) -> None:
        self.horizon = 0
        self.epoch = log.FIRST_EPOCH
        self.last_id = 0
        self._generation = 0
        self._marks = history.Marks()
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

    def look(self, stream: Stream) -> None:
        """Something may have been missed there, whose head is known."""
        stream.unread = False
        self._hub.spawn(self._fill_or_warn([stream]))

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
            before: dict[str, int] = {}
            while positions := {s.name: s.head for s in streams if s.head is not None and s.taps}:
                if positions == before:  # nothing was taken: the log is another, and the tail will tell
                    return
                before = dict(positions)
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
        marks = self._marks.all()
        tail, is_same, newest = await threads.read(history.look, 2**62 if first else self.horizon, marks)
        if first or tail.epoch != self.epoch:
            self._begin_anew(tail, newest)
            return
        if not is_same:
            logger.error("the event log went back: was the database restored? All cursors are void now.")
            await threads.write(history.renew, self.epoch, beyond=self.last_id)
            self.now()  # and find another epoch, as all processes do
            return
        self._marks.found(marks, newest)
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

    def _start_anew(self, topic: str) -> None:
        """What comes next here is not kept any more: this process slept for longer than the log keeps events.
        Clients come back, and learn by ``recovered:false`` that they missed something."""
        if stream := self._hub.streams.get(topic):
            stream.head = None
            for tap in list(stream.taps.values()):
                tap.socket.restart()

    # ── another log ─────────────────────────────────────────────────────────────────────────

    def note(self, packet: Packet) -> bool:
        """It has the highest id so far. False: nobody may have it before this process began anew; else who
        goes on from its id would never learn that the cursor before it was void."""
        if self.is_ahead(packet):
            return False
        self.last_id = packet.event_id
        if packet.created:  # else a process of another release sent it
            self._marks.note(packet, self._hub.loop.time())
        return True

    def is_ahead(self, packet: Packet) -> bool:
        """Whether the log was renewed before it, unknown to this process, which then looks at once."""
        if generation(packet.event_id) <= self._generation:
            return False
        self.now()
        return True

    def _begin_anew(self, tail: log.Tail, newest: history.Mark | None) -> None:
        """The log has another epoch. Clients come back, and learn by ``recovered:false`` that their cursors
        are void."""
        self.epoch, self.horizon = tail.epoch, tail.horizon
        self._generation = generation(tail.last_id)
        self.last_id = self._generation * GENERATION  # older packets that are still on their way mark nothing
        self._marks = history.Marks(newest)
        self._hub.begin_anew()
