"""What is between two people, held still for a write that relies on it.

Call them inside the transaction of that write: a tie then ends, and a block begins, wholly before or wholly
after it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connections as databases
from django.db import router

from connections import pairs, selectors
from connections.models import Block
from realtime import locks, rows


def tie_held(*, user_id: Any, other_id: Any) -> bool:
    """Whether the two are connected, and stay so until the transaction ends."""
    return locks.share(selectors.tie_of(one=user_id, other=other_id)) is not None


def hidden_held(*, user_id: Any, other_id: Any) -> bool:
    """Whether either blocked the other; that neither did holds until the transaction ends."""
    pairs.share(user_id, other_id)
    return selectors.is_hidden(user_id=user_id, other_id=other_id)


def visible_now(*, couples: Collection[tuple[Any, Any]]) -> set[tuple[Any, Any]]:
    """Of these pairs of keys those of whom neither blocked the other, as `hidden_held` holds it; left out are
    those for whom that would have to wait. Two statements, whatever their number."""
    held = list(pairs.share_now(couples)) if couples else []
    if not held:
        return set()
    database = databases[router.db_for_write(Block)]
    columns = rows.columns_of(Block, ("user_id", "blocked_id"), database)
    prepare = Block._meta.get_field("user").get_db_prep_value
    values = [(prepare(one, database), prepare(other, database)) for one, other in held]
    asked, table = rows.unpacking(database.vendor, columns), Block._meta.db_table
    with database.cursor() as cursor:
        cursor.execute(
            f"""SELECT place FROM {asked}
                WHERE EXISTS (SELECT 1 FROM {table} b
                              WHERE b.user_id = r.user_id AND b.blocked_id = r.blocked_id)
                OR EXISTS (SELECT 1 FROM {table} b
                           WHERE b.user_id = r.blocked_id AND b.blocked_id = r.user_id)""",  # noqa: S608  # our own names
            [rows.packed([name for name, _ in columns], values)],
        )
        hidden = {held[place - 1] for (place,) in cursor.fetchall()}
    return set(held) - hidden
