"""Whether the log is still the one that was known, or an older copy of the database took its place.

A copy that is put back lacks the newest events, and gives their numbers again to others. So each process
keeps marks, events that it knows to be in the log, and looks for them whenever it reads the tail. Where one
is missing, the log is renewed: another epoch, and ids of a later generation, which a bare id shows by itself.
That ends all cursors; each process finds the new epoch with its next tail, and sends its clients back.

When no server ran while the copy was put back, nobody remembers: `manage.py void_cursors` is for that.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connections, transaction

from realtime import log
from realtime.cursors import GENERATION, generation
from realtime.log import LOG, STATE, TOPIC
from realtime.packets import Packet

MOMENT_S = 0.1  # no database is put back, or fails over, in less than two of them
MOST = 100  # marks looked for at once: of moments, while the log could not be read


class Mark(NamedTuple):
    """An event of the log: another that is given its numbers was not created at the same microsecond."""

    event_id: int
    topic: str
    created: str


class Marks:
    """What one process knows to be in the log: the newest event as of its last look, and since then the last
    of each moment. What comes after the copy was put back is of another moment, and hides nothing."""

    def __init__(self, newest: Mark | None = None) -> None:
        self._newest = newest
        self._since: dict[int, Mark] = {}

    def note(self, packet: Packet, now: float) -> None:
        """It was committed, and is handed on at ``now`` (seconds)."""
        self._since[int(now / MOMENT_S)] = Mark(packet.event_id, packet.topic, packet.created)

    def all(self) -> list[Mark]:
        """To be looked for."""
        return [mark for mark in (self._newest, *self._since.values()) if mark is not None][-MOST:]

    def found(self, marks: Sequence[Mark], newest: Mark | None) -> None:
        """The log has ``marks``; ``newest`` is its newest event."""
        self._newest = max((mark for mark in (newest, *marks) if mark is not None), default=None)
        self._since = {moment: mark for moment, mark in self._since.items() if mark not in marks}


class Look(NamedTuple):
    """The log's tail, whether all marks are in it, and its newest event."""

    tail: log.Tail
    is_same: bool
    newest: Mark | None


def look(horizon: int, marks: Sequence[Mark]) -> Look:
    """The tail since ``horizon``, and then the marks: so what the tail says is of a log that has them."""
    tail = log.tail(horizon)
    with connections[log.database()].cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = [Mark(*row) for row in cursor.fetchall()]
        if marks:
            values = ", ".join(["(%s, %s, %s)"] * len(marks))
            cursor.execute(_MISSING.format(values=values), [value for mark in marks for value in mark])
        return Look(tail, not (marks and cursor.fetchone()), newest[0] if newest else None)


_NEWEST = f"""
    SELECT event_id, topic, CAST(created AS text) FROM {LOG}
    WHERE seq IS NOT NULL ORDER BY xid DESC LIMIT 1"""
# What was pruned was there.
_MISSING = f"""
    WITH m (event_id, topic, created) AS (VALUES {{values}})
    SELECT 1 FROM m
    LEFT JOIN {LOG} e ON e.topic = m.topic AND e.event_id = m.event_id AND CAST(e.created AS text) = m.created
    LEFT JOIN {TOPIC} t ON t.name = m.topic AND t.pruned_id >= m.event_id
    WHERE e.entry IS NULL AND t.name IS NULL LIMIT 1"""


def renew(epoch: str, *, beyond: int = 0) -> None:
    """End all cursors of ``epoch``, and let ids go on in a generation after all that the log and ``beyond``
    tell of. Nothing happens where the log has another epoch: of several who notice, one renews it."""
    connection = connections[log.database()]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_RENEW, [secrets.token_hex(4), epoch])
        if not cursor.rowcount:
            return
        # A random step: the same copy may be put back twice, with nobody there who remembers the first time.
        step = 1 + secrets.randbelow(16)
        first_id = (generation(max(beyond, log.standing().last_id)) + step) * GENERATION
        cursor.execute(f"UPDATE {STATE} SET last_id = %s", [first_id])
        if connection.vendor == "postgresql":
            # Of another server's dump: transactions that were not begun here come before all that will be.
            for table, column in ((LOG, "xid"), (TOPIC, "pruned_xid")):
                cursor.execute(f"UPDATE {table} SET {column} = 0 WHERE {column} >= {_NEXT_XID}")
            cursor.execute("SELECT setval('kith_event_id', %s)", [first_id])


_RENEW = f"""
    INSERT INTO {STATE} (id, epoch, last_id) VALUES (1, %s, 0)
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch WHERE {STATE}.epoch = %s"""
_NEXT_XID = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
