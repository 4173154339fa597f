"""A topic as one process sees it: where it stands, who hears it, and what is kept for latecomers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from realtime.events import registry
from realtime.packets import Packet

if TYPE_CHECKING:
    from realtime.sockets import Socket
    from realtime.taps import Tap

BACKLOG_LENGTH = 1000  # packets kept for those who are reading the log; longer: they read again
NOTHING: deque[Packet] = deque(maxlen=0)  # an empty deque takes 0.7 KB: one for all who need none
RUN_BYTES = 64 * 1024  # told in one write at most: a socket that is full is noticed after it


def reroutes(packet: Packet) -> bool:
    """Whether this event changes which topics belong to the channels that hear it."""
    event = registry.get(packet.type)
    return event is not None and event.reroutes


def silent(packet: Packet) -> bool:
    """Whether this event only takes effect in its place, and is written to nobody."""
    event = registry.get(packet.type)
    return event is not None and event.silent


def is_plain(packet: Packet) -> bool:
    """Whether it is told, the same to all who are told what is hidden from nobody, and does nothing more."""
    if packet.withheld or packet.revokes is not None:
        return False
    event = registry.get(packet.type)
    return event is None or not (event.silent or event.reroutes)


class Stream:
    """One topic in this process. ``head`` is the seq of the last packet written to the live
    sockets, None until it is known from the log; ``last_id`` the id of the last that was."""

    __slots__ = ("backlog", "early", "head", "last_id", "live", "name", "taps", "unread", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.head: int | None = None
        self.last_id = 0
        self.taps: dict[Socket, Tap] = {}
        self.live: dict[Socket, Tap] = {}  # those of the taps that the hub writes to
        self.waiting: set[object] = set()  # taps and channels that read the log, and will need the backlog
        self.backlog = NOTHING  # what was told since somebody began to wait
        self.early: dict[int, Packet] = {}  # arrived before one with a lower seq
        self.unread = False  # the log was found changed before the head was known

    def settle(self, seq: int) -> None:
        """``seq`` was the head in the log at some moment: where counting may start."""
        if self.head is None:
            self.head = seq
            self.early = {number: packet for number, packet in self.early.items() if number > seq}

    def next_run(self) -> list[Packet]:
        """Take what comes next out of ``early``: plain packets to be told at once, or a single other one."""
        run: list[Packet] = []
        size, seq = 0, (self.head or 0) + 1
        while size < RUN_BYTES and (packet := self.early.get(seq)) is not None:
            plain = is_plain(packet)
            if run and not plain:
                break
            run.append(self.early.pop(seq))
            if not plain:
                break
            size, seq = size + len(packet.body), seq + 1
        return run

    def keep(self, run: list[Packet]) -> None:
        """For those who wait."""
        if self.waiting:
            if self.backlog is NOTHING:
                self.backlog = deque(maxlen=BACKLOG_LENGTH)
            self.backlog.extend(run)

    def stop_waiting(self, reader: object) -> None:
        self.waiting.discard(reader)
        if not self.waiting:
            self.backlog = NOTHING
