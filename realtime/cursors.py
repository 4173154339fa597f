"""Cursors: the opaque place from which a client goes on. Pure: no Django, no I/O.

On a channel of one topic a cursor is the id of an event, because ids in a topic grow in commit
order. On several topics no "id > last" is safe (1 may commit after 2), so there it is a
horizon: every permitted event of a transaction below it has been sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

_FORM = re.compile(r"(?:(?P<epoch>[0-9a-f]{8})(?P<kind>[-~]))?(?P<number>[0-9]{1,19})\Z")
_MARK: dict[str, Literal["id", "horizon"]] = {"-": "id", "~": "horizon"}
MAX_NUMBER = 2**63 - 1  # PostgreSQL's and SQLite's bigint
GENERATION = 2**40  # ids; browsers count exactly up to 2**53


def generation(event_id: int) -> int:
    """It grows whenever the log's epoch is renewed: what the epoch is to a cursor, this is to a bare id."""
    return event_id // GENERATION


@dataclass(frozen=True, slots=True)
class Cursor:
    """``epoch`` is None for a bare event id, which clients may also use on one topic."""

    kind: Literal["id", "horizon"]
    number: int
    epoch: str | None = None

    @property
    def is_start(self) -> bool:
        """``since=0``: everything kept."""
        return self.epoch is None and self.number == 0

    def __str__(self) -> str:
        if self.epoch is None:
            return str(self.number)
        return f"{self.epoch}{'-' if self.kind == 'id' else '~'}{self.number}"


def parse(text: object) -> Cursor | None:
    """The cursor that a client sent, or None where it is none of ours."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    match = _FORM.match(text) if isinstance(text, str) else None
    if match is None or int(match["number"]) > MAX_NUMBER:
        return None
    return Cursor(_MARK[match["kind"] or "-"], int(match["number"]), match["epoch"])


class Combined:
    """The cursors of several channels as one text: ``,`` between them, in the order of the request; empty
    where there is none yet."""

    def __init__(self, names: Sequence[str], since: str) -> None:
        """``since``: such a text. Fewer cursors than channels: none for the rest."""
        self.names = list(names)
        given = since.split(",") if since else []
        self.since = [given[index] or None if index < len(given) else None for index in range(len(names))]
        # What is none of ours is not said back.
        self._reached = {
            name: text for name, text in zip(self.names, self.since, strict=True) if text and parse(text)
        }

    def __str__(self) -> str:
        return ",".join(self._reached.get(name, "") for name in self.names)

    @property
    def is_whole(self) -> bool:
        """Whether the request had a cursor for every channel."""
        return None not in self.since

    def reach(self, name: str, cursor: str) -> bool:
        """A frame told this cursor. True: the text is another one now."""
        if name not in self.names or self._reached.get(name) == cursor:
            return False
        self._reached[name] = cursor
        return True

    def reach_event(self, name: str, event_id: int) -> bool:
        """An event of a channel of one topic was sent; older ones change nothing."""
        before = parse(self._reached.get(name))
        if before is None:
            return self.reach(name, str(event_id))
        return event_id > before.number and self.reach(name, str(replace(before, number=event_id)))
