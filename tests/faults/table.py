"""The rows as text for a terminal and as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable

from tests.faults.ledger import Row

HEADS = (
    *("fault", "struck", "acknowledged", "delivered", "lost", "doubled", "out of order"),
    *("longest answer", "longest delay", "after notice", "notes"),
)

PREFACE = """\
# Faults

What `make faults` saw, on {cores} cores of {machine}: two servers, PostgreSQL and Redis, all on one machine
with the clients. Written by the run; do not edit.

- *acknowledged*: messages that a server answered with `ack` or 201. *delivered*: seen, of those times
  their readers.
- *lost* and *doubled* are counted after the clients did what `protocol.md` asks: come back with their
  cursors, send again with the same `ref`, drop known ids. *doubled* counts messages stored twice as well.
- *longest answer*: from a message's first try to its `ack`, over as many tries as it took.
- *longest delay*: from an `ack` to the last reader's eyes, the length of the fault included. *after notice*:
  the same, but from when that reader noticed that its link was gone, if it did.

"""


def cells(row: Row) -> list[str]:
    """The row as text, in the order of `HEADS`."""
    return [
        row.fault,
        str(row.struck),
        str(row.acknowledged),
        f"{row.delivered} of {row.due}",
        str(row.lost),
        str(row.doubled + row.stored_twice),
        str(row.out_of_order),
        f"{row.answer:.2f} s",
        f"{row.delay:.2f} s",
        f"{row.after_break:.2f} s",
        "; ".join(row.notes),
    ]


def as_text(rows: Iterable[Row]) -> list[str]:
    """Aligned lines, the heads first."""
    lines = [list(HEADS), *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def as_markdown(rows: Iterable[Row]) -> str:
    """A page with one table."""
    lines = [HEADS, ["---"] * len(HEADS), *map(cells, rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return PREFACE.format(cores=os.cpu_count(), machine=platform.machine()) + table
