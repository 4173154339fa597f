"""What is told waits for the turn in which who said it is answered, and in large rooms for what others say.

Each write to a socket is a call into the system, which costs more than all the rest of a delivery. So who
says something gets the event and the answer in one write. And to write to a thousand sockets takes some
milliseconds, with one frame or with four: while other commands are under way in a large room, an event waits
for theirs, but no longer than writing it would take. At worst that doubles, at best all go in one write.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from realtime.packets import Packet

WRITE_S = 7e-6  # to one socket; most of it is the system's
LARGE = 100  # sockets; in smaller rooms nothing waits for others
LONGEST_S = 0.01


class _Held(NamedTuple):
    """Small rooms share a timer: to start one costs as much as a write."""

    packets: list[Packet]
    timer: asyncio.TimerHandle | None  # of a large room


class Holding:
    """What waits in one event loop. ``size``: how many sockets a topic has here; ``tell`` is its way out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.size: Callable[[str], int] = lambda _topic: 0
        self.tell: Callable[..., object] = lambda *_packets: None
        self._loop = loop
        self._under_way: Counter[str] = Counter()
        self._held: dict[str, _Held] = {}
        self._in_small_rooms: asyncio.TimerHandle | None = None

    def begin(self, topic: str) -> None:
        """A command is under way that may tell something there."""
        self._under_way[topic] += 1

    def is_under_way(self, topic: str) -> bool:
        """Whether a command is."""
        return topic in self._under_way

    def end(self, topics: Iterable[str]) -> None:
        """So many are not any more: what they had to tell was `put`, and who waits for them is about to be
        woken."""
        freed: list[Packet] = []
        for topic in topics:
            self._under_way[topic] -= 1
            if not (others := self._under_way[topic]):
                del self._under_way[topic]
            if (held := self._held.get(topic)) is not None and not (others and held.timer):
                del self._held[topic]
                freed += held.packets
                if held.timer:
                    held.timer.cancel()
        if freed:
            self._loop.call_soon(self.tell, *freed)  # in the turn in which they answer, and before

    def put(self, packets: Iterable[Packet]) -> None:
        """Tell them, now or soon; those of one topic in their order."""
        free = []
        for packet in packets:
            if (held := self._held.get(packet.topic)) is not None:
                held.packets.append(packet)
            elif packet.topic in self._under_way:
                self._hold(packet)
            else:
                free.append(packet)
        if free:
            self.tell(*free)

    def _hold(self, packet: Packet) -> None:
        size, timer = self.size(packet.topic), None
        if size >= LARGE:
            within = min(size * WRITE_S, LONGEST_S)
            timer = self._loop.call_later(within, self._release, [packet.topic])
        elif self._in_small_rooms is None:
            self._in_small_rooms = self._loop.call_later(LONGEST_S, self._release_small)
        self._held[packet.topic] = _Held([packet], timer)

    def _release_small(self) -> None:
        self._in_small_rooms = None
        self._release([topic for topic, held in self._held.items() if held.timer is None])

    def _release(self, topics: Iterable[str]) -> None:
        """They have waited long enough."""
        for topic in topics:
            self.tell(*self._held.pop(topic).packets)


_here: WeakKeyDictionary[asyncio.AbstractEventLoop, Holding] = WeakKeyDictionary()


def here() -> Holding:
    """That of the running loop."""
    loop = asyncio.get_running_loop()
    if (found := _here.get(loop)) is None:
        found = _here[loop] = Holding(loop)
    return found
