"""Cursors: the opaque place from which a client goes on. Pure: no Django, no I/O.

On a channel of one topic a cursor is the id of an event, because ids in a topic grow in commit
order. On several topics no "id > last" is safe (1 may commit after 2), so there it is a
horizon: every permitted event of a transaction below it has been sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_FORM = re.compile(r"(?:(?P<epoch>[0-9a-f]{8})(?P<kind>[-~]))?(?P<number>[0-9]{1,19})\Z")
_MARK: dict[str, Literal["id", "horizon"]] = {"-": "id", "~": "horizon"}
MAX_NUMBER = 2**63 - 1  # PostgreSQL's and SQLite's bigint


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
