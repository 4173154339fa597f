"""From a commit, in whatever thread or process, to the hub and the broker. Never waits.

The hub of a server process registers itself; elsewhere (the shell, a task queue) a background
thread of `broker` carries packets to Redis, if there is one. Failing both, the hubs' tail of
the log finds durable events within ``KITH_POLL_S``.
"""

from __future__ import annotations

from collections.abc import Callable

from realtime import broker
from realtime.packets import Packet

Entrance = Callable[[list[Packet]], None]

_entrances: list[Entrance] = []


def connect(entrance: Entrance) -> None:
    """A hub runs; ``entrance`` is thread-safe."""
    _entrances.append(entrance)


def disconnect(entrance: Entrance) -> None:
    """That hub has stopped."""
    _entrances.remove(entrance)


def send(packets: list[Packet]) -> None:
    """Hand committed packets on. Thread-safe; returns at once."""
    if not packets:
        return
    for submit in _entrances:
        submit(packets)
    if not _entrances:
        broker.send_from_outside(packets)
