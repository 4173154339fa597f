"""Everybody who is connected to one server, and what they do together."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from typing import Any

from picows import WSError

from bench.generator.dialects import DIALECTS, Seat
from bench.generator.link import Link, LinkClosedError, Room, TimedLink
from bench.generator.shares import Watch

Answer = dict[str, Any]

LAST_S = 20.0  # for what is still due when no more is sent
BACKOFF_S = 0.1, 2.0  # of a client that comes back: its first pause and the longest
FIRST_WITHIN_S = 1.0  # clients whose server is gone try again at moments of their own


class Crowd:
    """All sockets of one server. Messages are numbered over the crowd's whole life."""

    def __init__(self, port: int, dialect: str, server_pid: int | None, *, timed: bool = False) -> None:
        self.port = port
        self.dialect = DIALECTS[dialect]
        self.server_pid = server_pid
        self.rooms: dict[str, Room] = {}
        self.links: list[Link] = []
        self._numbers = itertools.count(1)
        self._times: list[float] = []
        self._kind = TimedLink if timed else Link
        self._load: _Load | None = None

    # ── opening and closing ─────────────────────────────────────────────────────────────────

    async def connect(self, seats: Sequence[Seat], at_once: int) -> Answer:
        """Open a socket for each seat, ``at_once`` side by side, and keep them.

        Raises:
            LinkClosedError, OSError, picows.WSError: one did not open.
        """
        waiting = iter(seats)
        watch, began = Watch(self.server_pid), time.perf_counter()
        opened: list[Link] = []

        async def one_after_another() -> None:
            for seat in waiting:
                link = self._link(seat)
                await link.open(self.port)
                opened.append(link)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(seats))):
                group.create_task(one_after_another())
        seconds = time.perf_counter() - began
        for link in opened:
            self._seat(link)
        replayed = collections.Counter(len(link.replayed) for link in opened)
        return {
            "seconds": seconds,
            "sockets": len(opened),
            "per_s": len(opened) / seconds,
            "replayed": {str(count): sockets for count, sockets in replayed.items()},
            "shares": watch.shares(),
        }

    async def come_back(self, seats: Sequence[Seat], missed: int, within: float) -> Answer:
        """What clients do whose server was gone: each connects at a moment of its own, and again, with
        backoff, where it is refused, until it is level. ``missed``: events that each must be told.

        Raises:
            TimeoutError: not all are level ``within`` so many seconds; says how many are.
        """
        watch, began = Watch(self.server_pid), time.perf_counter()
        refused = itertools.count()
        level: list[Link] = []

        async def one(seat: Seat) -> None:
            await asyncio.sleep(random.uniform(0, FIRST_WITHIN_S))
            for pause in _backoff():
                link = self._link(seat)
                try:
                    await link.open(self.port)
                    break
                except (LinkClosedError, WSError, OSError, TimeoutError):
                    next(refused)
                    link.close()
                    await asyncio.sleep(random.uniform(pause / 2, pause))
            level.append(link)

        try:
            async with asyncio.timeout(within):
                await asyncio.gather(*map(one, seats))
        except TimeoutError:
            raise TimeoutError(
                f"{len(level)} of {len(seats)} level within {within} s, {next(refused)} refused"
            ) from None
        seconds = time.perf_counter() - began
        for link in level:
            self._seat(link)
        return {
            "seconds": seconds,
            "sockets": len(level),
            "lost": sum(max(0, missed - len(link.replayed)) for link in level),
            "refused": next(refused),
            "shares": watch.shares(),
        }

    def _link(self, seat: Seat) -> Link:
        name = str(seat.get("room", ""))
        if name not in self.rooms:
            self.rooms[name] = Room(self._done)
        link = self._kind(seat, self.dialect, self.rooms[name])
        if isinstance(link, TimedLink):
            link.times = self._times
        return link

    def _seat(self, link: Link) -> None:
        """From now on it counts: what its room says next is due to it."""
        link.room.links.append(link)
        self.links.append(link)

    def close(self) -> None:
        """End every socket."""
        for link in self.links:
            link.close()
        self.links.clear()
        self.rooms.clear()

    # ── fan-out ─────────────────────────────────────────────────────────────────────────────

    async def fan_out(self, in_flight: int, seconds: float, within: float = LAST_S) -> Answer:
        """Keep ``in_flight`` messages under way for so long, in all rooms in turn: the next one is sent when
        one has reached its whole room. What is not there ``within`` so long after is lost."""
        load = self._begin()
        watch = Watch(self.server_pid)
        for _ in range(in_flight):
            load.send_next()
        await asyncio.sleep(seconds)
        load.sending = False
        await self._settle(load, within)
        return self._answer(load, watch)

    async def pace(self, per_s: float, seconds: float) -> Answer:
        """Send so many messages a second, whatever comes back, at random moments; times in milliseconds."""
        load = self._begin()
        load.sending = False  # a delivery starts no message
        watch = Watch(self.server_pid)
        due = load.began = time.perf_counter()
        while due < load.began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            load.send_next()
            due += random.expovariate(per_s)
        await self._settle(load)
        answer = self._answer(load, watch)
        return answer | {"ms": percentiles(self._times)}

    def _begin(self) -> _Load:
        for room in self.rooms.values():
            room.forget()
        self._times.clear()
        self._load = _Load([room for room in self.rooms.values() if room.links], self._numbers)
        return self._load

    def _done(self, room: Room, index: int) -> None:
        if self._load is not None:
            self._load.is_done()

    async def _settle(self, load: _Load, within: float = LAST_S) -> None:
        with contextlib.suppress(TimeoutError):  # what is lost is told
            await asyncio.wait_for(load.settled(), within)

    def _answer(self, load: _Load, watch: Watch) -> Answer:
        due = sum(len(room.marks) * len(room.links) for room in load.rooms)
        lost = sum(room.lost for room in load.rooms)
        seconds = load.last_done - load.began
        return {
            "messages": load.sent,
            "deliveries": due - lost,
            "lost": lost,
            "repeats": sum(room.repeats for room in load.rooms),
            "closed": sum(not link.is_alive for link in self.links),
            "seconds": seconds,
            "per_s": (due - lost) / seconds if seconds else 0.0,
            "complaint": self._complaint(),
            "shares": watch.shares(),
        }

    def _complaint(self) -> str:
        found = (link.complaint for link in self.links if link.complaint)
        return next(found, b"").decode(errors="replace")

    # ── saving ──────────────────────────────────────────────────────────────────────────────

    async def save(self, senders: int, seconds: float) -> Answer:
        """The first ``senders`` sockets say one message after another, each when the last is acknowledged."""
        done = 0
        until = time.perf_counter() + seconds
        waiting = asyncio.Event()

        def say(link: Link) -> None:
            number = next(self._numbers)
            link.say(link.dialect.message(f"#{number:09d}#".ljust(120, "x"), f"bench-{number}"))

        def acknowledged(link: Link) -> None:
            nonlocal done
            if time.perf_counter() < until:
                done += 1
                say(link)
            else:
                waiting.set()

        watch = Watch(self.server_pid)
        began = time.perf_counter()
        for link in self.links[:senders]:
            link.acknowledged = acknowledged
            say(link)
        await asyncio.wait_for(waiting.wait(), seconds + LAST_S)
        shares = watch.shares()
        for link in self.links[:senders]:
            link.acknowledged = None
        return {
            "acknowledged": done,
            "seconds": until - began,
            "per_s": done / (until - began),
            "complaint": self._complaint(),
            "shares": shares,
        }


class _Load:
    """One run of messages, through the rooms in turn."""

    def __init__(self, rooms: list[Room], numbers: Iterable[int]) -> None:
        self.rooms = rooms
        self.sent = self.done = 0
        self.sending = True
        self.began = self.last_done = time.perf_counter()
        self._settled = asyncio.Event()
        self._turn = itertools.cycle(rooms)
        self._numbers = iter(numbers)

    def send_next(self) -> None:
        self.sent += 1
        next(self._turn).send(next(self._numbers))

    def is_done(self) -> None:
        self.done += 1
        self.last_done = time.perf_counter()
        if self.sending:
            self.send_next()
        elif self.done == self.sent:
            self._settled.set()

    async def settled(self) -> None:
        """Wait until all that was sent has arrived. Nothing more is sent."""
        if self.done < self.sent:
            self._settled.clear()
            await self._settled.wait()


def _backoff() -> Iterable[float]:
    first, longest = BACKOFF_S
    return (min(longest, first * 2**tries) for tries in itertools.count())


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Of seconds, in milliseconds."""
    if len(times) < 2:
        return {}
    cuts = statistics.quantiles(times, n=1000, method="inclusive")
    return {
        "p50": cuts[499] * 1000,
        "p99": cuts[989] * 1000,
        "max": max(times) * 1000,
    }
