"""What holds a pair of people still: whatever changes between two of them happens one at a time.

A lock for the pair rather than on a row, because what matters is often a row that is not there: two who ask
each other at once, a block that nobody has set yet. PostgreSQL keeps it until the transaction ends; SQLite
has one writer at a time, which is the same promise.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connections as databases
from django.db import router

from connections.models import Connection
from realtime import rows

_EXCLUSIVE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def lock(one: Any, other: Any) -> None:
    """For a change: nobody else changes, or relies on, what is between these two users meanwhile."""
    _take(_EXCLUSIVE, one, other)


def share(one: Any, other: Any) -> None:
    """For a write that relies on what is between them: changes wait, other such writes do not."""
    _take(_SHARED, one, other)


def share_now(pairs: Collection[tuple[Any, Any]]) -> set[tuple[Any, Any]]:
    """`share` of many, in one statement, but for those that would have to wait: the pairs that it holds."""
    database = databases[router.db_for_write(Connection)]
    if database.vendor != "postgresql":
        return set(pairs)
    asked = list(pairs)
    with database.cursor() as cursor:
        cursor.execute(_SHARED_NOW, [rows.packed(("name",), [(_name(*pair),) for pair in asked])])
        return {asked[place - 1] for (place,) in cursor.fetchall()}


_SHARED_NOW = f"""
    SELECT place FROM (
        SELECT place, pg_try_advisory_xact_lock_shared(hashtextextended(name, 0)) AS held
        FROM {rows.unpacking("postgresql", [("name", "text")])}
    ) tried WHERE held"""  # noqa: S608  # no values


def _take(statement: str, one: Any, other: Any) -> None:
    database = databases[router.db_for_write(Connection)]
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, [_name(one, other)])


def _name(one: Any, other: Any) -> str:
    return f"kith.connections:{':'.join(sorted([str(one), str(other)]))}"
