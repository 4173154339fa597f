"""What was acknowledged against what each reader saw. All times are this process's monotonic clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chat.models import Message


@dataclass(frozen=True)
class Said:
    """An acknowledged message, when its sender knew, and how long that took from the first try."""

    chat_id: int
    message_id: int
    at: float
    waited: float


@dataclass(frozen=True)
class Sight:
    """When a reader saw a message, and when it had noticed its last break before."""

    at: float
    break_noticed: float


@dataclass
class Witness:
    """What one reader saw, after its own dropping of known ids."""

    name: str
    chat_ids: frozenset[int]
    seen: dict[str, Sight] = field(default_factory=dict)  # by ref
    doubled: int = 0  # the same ref again, under another id; on a channel of one topic also under the same
    repeated: int = 0  # known ids that a replay of several topics told again, as it may
    out_of_order: int = 0
    unrecovered: int = 0  # how often a cursor could not be served
    is_timed: bool = True  # its delays count; those of one that does not read are its own


@dataclass
class Row:
    """One line of the table. Delays are seconds."""

    fault: str
    struck: int
    acknowledged: int = 0
    due: int = 0  # acknowledged messages, each times its readers
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    stored_twice: int = 0
    out_of_order: int = 0
    unrecovered: int = 0
    answer: float = 0.0  # the longest from a message's first try to its `ack`
    delay: float = 0.0  # the longest from `ack` to a reader's eyes
    after_break: float = 0.0  # the same, counted no earlier than that reader noticed its last break
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled or out of order."""
        return not (self.lost or self.doubled or self.stored_twice or self.out_of_order)


class Ledger:
    """Who said what, by ref."""

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.answers: Counter[str] = Counter()  # codes of errors that were answered to commands
        self.duplicates = 0  # refs that were sent again and had been made before
        self.made_twice = 0  # refs that were acknowledged as two different messages
        self.forgotten = 0  # acknowledged messages that a restored database does not have

    def acknowledge(self, ref: str, said: Said, *, duplicate: bool) -> None:
        """``ref`` was made; a second answer must name the same message."""
        first = self.said.setdefault(ref, said)
        self.duplicates += duplicate
        self.made_twice += first.message_id != said.message_id

    def missing(self, witness: Witness) -> set[str]:
        """What is acknowledged, meant for this reader, and not seen yet."""
        mine = {ref for ref, said in self.said.items() if said.chat_id in witness.chat_ids}
        return mine - witness.seen.keys()

    def forget(self, refs: Iterable[str]) -> None:
        """These are gone with what a restored database lacks."""
        for ref in refs:
            del self.said[ref]
            self.forgotten += 1

    def judge(self, row: Row, witnesses: Iterable[Witness], stored: Counter[str]) -> Row:
        """Fill in the row. ``stored``: how often the database has each ref."""
        row.acknowledged = len(self.said)
        row.answer = max((said.waited for said in self.said.values()), default=0.0)
        row.stored_twice = self.made_twice + sum(count - 1 for count in stored.values())
        for witness in witnesses:
            missing = self.missing(witness)
            mine = [ref for ref, said in self.said.items() if said.chat_id in witness.chat_ids]
            row.due += len(mine)
            row.delivered += len(mine) - len(missing)
            row.doubled += witness.doubled
            row.out_of_order += witness.out_of_order
            row.unrecovered += witness.unrecovered
            if witness.is_timed:
                for ref in witness.seen.keys() & self.said.keys():
                    self._time(row, self.said[ref], witness.seen[ref])
            if missing:
                row.notes.append(f"{witness.name} misses {len(missing)}")
        unstored = [ref for ref in self.said if ref not in stored]
        if unstored:
            row.notes.append(f"{len(unstored)} acknowledged and not in the database")
        row.notes += [f"{count} answered {code}" for code, count in sorted(self.answers.items())]
        if self.forgotten:
            row.notes.append(f"{self.forgotten} messages gone with what the copy lacks")
        if self.duplicates:
            row.notes.append(f"{self.duplicates} refs sent again had been made before")
        row.lost = row.due - row.delivered + len(unstored)
        return row

    def _time(self, row: Row, said: Said, sight: Sight) -> None:
        row.delay = max(row.delay, sight.at - said.at)
        row.after_break = max(row.after_break, sight.at - max(said.at, sight.break_noticed))


def stored_refs() -> Counter[str]:
    """How often the active database has each ref."""
    refs = Message.objects.values_list("ref", flat=True)
    return Counter(ref for ref in refs if ref is not None)
