"""What holds a pair of people still: whatever changes between two of them happens one at a time.

A lock for the pair rather than on a row, because what matters is often a row that is not there: two who ask
each other at once, a block that nobody has set yet. PostgreSQL keeps it until the transaction ends; SQLite
has one writer at a time, which is the same promise.
"""

from __future__ import annotations

from typing import Any

from django.db import connections as databases
from django.db import router

from connections.models import Connection

_EXCLUSIVE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def lock(one: Any, other: Any) -> None:
    """For a change: nobody else changes, or relies on, what is between these two users meanwhile."""
    _take(_EXCLUSIVE, one, other)


def share(one: Any, other: Any) -> None:
    """For a write that relies on what is between them: changes wait, other such writes do not."""
    _take(_SHARED, one, other)


def _take(statement: str, one: Any, other: Any) -> None:
    database = databases[router.db_for_write(Connection)]
    if database.vendor == "postgresql":
        pair = ":".join(sorted([str(one), str(other)]))
        with database.cursor() as cursor:
            cursor.execute(statement, [f"kith.connections:{pair}"])
