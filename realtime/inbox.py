"""Packets that arrive one by one, handed on together: several of one topic are told in one write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from realtime.packets import Packet


class Inbox:
    """What arrives until the event loop's next turn.

    ``wake`` is the loop's ``call_soon``, or its thread-safe twin; then `put` is thread-safe, too.
    """

    def __init__(self, wake: Callable[..., Any], take: Callable[[list[Packet]], None]) -> None:
        self._wake = wake
        self._take = take
        self._packets: deque[Packet] = deque()
        self._awake = False

    def put(self, packets: Iterable[Packet]) -> None:
        """``take`` is called on the loop, soon, with these in their order and whatever else came."""
        self._packets.extend(packets)
        if not self._awake:
            self._awake = True
            self._wake(self._empty)

    def _empty(self) -> None:
        self._awake = False  # first: who puts from now on and still saw it set was in time for what follows
        packets = []
        while self._packets:
            packets.append(self._packets.popleft())
        if packets:
            self._take(packets)
