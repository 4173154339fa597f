"""What large rooms are told waits for what is about to be told there, too.

To write to a thousand sockets takes some milliseconds, with one frame or with four: what costs is the call
into the system. So while other commands are under way in a room, an event waits for theirs, but no longer
than writing it would take: at worst that doubles, at best all go in one write. Nobody waits in a small room,
nor for commands that nobody has sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from realtime.packets import Packet

WRITE_S = 7e-6  # to one socket; most of it is the system's
LARGE = 100  # sockets; to write to fewer takes no longer than a timer
LONGEST_S = 0.01


class _Held(NamedTuple):
    packets: list[Packet]
    timer: asyncio.TimerHandle


class Holding:
    """What waits in one event loop. ``size``: how many sockets a topic has here; ``tell`` is its way out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.size: Callable[[str], int] = lambda _topic: 0
        self.tell: Callable[..., object] = lambda *_packets: None
        self._loop = loop
        self._under_way: Counter[str] = Counter()
        self._held: dict[str, _Held] = {}

    def begin(self, topic: str) -> None:
        """A command is under way that may tell something there."""
        self._under_way[topic] += 1

    def end(self, topics: Iterable[str]) -> None:
        """So many are not any more: they have told what they had to tell, if anything."""
        for topic in topics:
            self._under_way[topic] -= 1
            if not self._under_way[topic]:
                del self._under_way[topic]
                self._release(topic)

    def put(self, packets: Iterable[Packet]) -> None:
        """Tell them, now or soon; those of one topic in their order."""
        free = []
        for packet in packets:
            if (held := self._held.get(packet.topic)) is not None:
                held.packets.append(packet)
            elif packet.topic in self._under_way and (size := self.size(packet.topic)) >= LARGE:
                within = min(size * WRITE_S, LONGEST_S)
                timer = self._loop.call_later(within, self._release, packet.topic)
                self._held[packet.topic] = _Held([packet], timer)
            else:
                free.append(packet)
        if free:
            self.tell(*free)

    def _release(self, topic: str) -> None:
        if (held := self._held.pop(topic, None)) is not None:
            held.timer.cancel()
            self.tell(*held.packets)


_here: WeakKeyDictionary[asyncio.AbstractEventLoop, Holding] = WeakKeyDictionary()


def here() -> Holding:
    """That of the running loop."""
    loop = asyncio.get_running_loop()
    if (found := _here.get(loop)) is None:
        found = _here[loop] = Holding(loop)
    return found
