"""Totals as one reader may know them: without what those people add whose acts the reader is not told of.

A frame tells a total of everybody, in the same bytes for all. Its `Tally` says what the act itself added.
So whoever knows what some users add now, and what each act of theirs added, knows what they added at any
place of a stream: at what is told now, and at what is replayed. Pure: no Django, no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from realtime import protocol

if TYPE_CHECKING:
    from realtime.packets import Packet

Amount = int | dict[str, int]  # a number, or numbers by name, such as reactions by kind
NUMBER = ""  # the name of a plain number


class Tally(NamedTuple):
    """What the act that an event tells of added to a total in its frame.

    ``field`` holds the total, of everybody. ``counter`` names it: the same in all events that tell this
    total, and no other's on the channel. ``added`` is below zero where something was taken back.
    """

    field: str
    counter: str
    added: Amount


class Unseen:
    """What ``users`` (keys as text) add to the totals that one channel tells, at every place of its topics.

    ``heads``: the seq of each topic at one moment. ``now``: ``(user's key, counter, amount)`` as of then.
    What they did shortly before and since is to be told by `note`.
    """

    def __init__(
        self,
        users: frozenset[str] = frozenset(),
        heads: Mapping[str, int] | None = None,
        now: Iterable[tuple[Any, str, Amount]] = (),
    ) -> None:
        self.users = users
        self._heads = heads or {}
        self._now: dict[str, dict[str, Amount]] = {}  # by counter and user
        self._acts: dict[tuple[str, str], dict[int, tuple[str, Amount]]] = {}  # by topic and counter, by seq
        for user, counter, amount in now:
            self._now.setdefault(counter, {})[str(user)] = amount

    def note(self, packet: Packet) -> None:
        """An act on one of the topics; again changes nothing, and of other people's none is kept."""
        if packet.tally is not None and packet.actor in self.users:
            acts = self._acts.setdefault((packet.topic, packet.tally.counter), {})
            acts[packet.seq] = packet.actor, packet.tally.added

    def text(self, packet: Packet, users: frozenset[str]) -> str:
        """The frame for one who is not told of the acts of ``users``, some of this object's: the same as
        everybody's, but where they add to its total."""
        other = self._other(packet, users)
        return packet.text if other is None else other.decode()

    def frame(self, packet: Packet) -> bytes:
        """`text` for one who is told of none of them, framed for the wire."""
        other = self._other(packet, self.users)
        return packet.frame if other is None else protocol.wire_frame(other)

    def _other(self, packet: Packet, users: frozenset[str]) -> bytes | None:
        """The frame, where it is not everybody's."""
        if packet.tally is None or not users:
            return None
        amount = self._amount(packet, packet.tally.counter, users)
        if not any(amount.values()):
            return None
        frame = msgspec.json.decode(packet.body)
        frame[packet.tally.field] = less(frame[packet.tally.field], amount)
        return protocol.with_id(packet.event_id, protocol.encode(frame))

    def _amount(self, packet: Packet, counter: str, users: frozenset[str]) -> Counter[str]:
        """By name: what they added when this was said."""
        head = self._heads.get(packet.topic, 0)
        found: Counter[str] = Counter()
        for user, amount in self._now.get(counter, {}).items():
            if user in users:
                found.update(_numbers(amount))
        for seq, (user, added) in self._acts.get((packet.topic, counter), {}).items():
            if user in users and head < seq <= packet.seq:
                found.update(_numbers(added))
            elif user in users and packet.seq < seq <= head:
                found.subtract(_numbers(added))
        return found


def less(total: Amount, amount: Mapping[str, int]) -> Amount:
    """``total`` without ``amount``, whose plain number is named `NUMBER`. Of names, those are left of which
    there are any."""
    if isinstance(total, int):
        return max(0, total - amount.get(NUMBER, 0))
    return {name: left for name, number in total.items() if (left := number - amount.get(name, 0)) > 0}


def _numbers(amount: Amount) -> Mapping[str, int]:
    return {NUMBER: amount} if isinstance(amount, int) else amount


ALL_SEEN = Unseen()  # of those from whom nobody is hidden; it notes nothing, so one will do for all
