"""Row locks that Django's ORM does not spell."""

from __future__ import annotations

from typing import TypeVar

from django.db import connections
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def share(queryset: QuerySet[M]) -> M | None:
    """The first row, held ``FOR SHARE`` until the transaction ends: it cannot be changed or
    deleted meanwhile, and other holders do not wait. A writer takes it on the membership it
    relies on, so that a removal commits wholly before or wholly after the write.

    SQLite has one writer at a time, which is the same promise; there it is a plain read.
    """
    connection = connections[queryset.db]
    rows = queryset[:1]
    if connection.vendor != "postgresql":
        return next(iter(rows), None)
    sql, params = rows.query.sql_with_params()
    return next(
        iter(queryset.model._default_manager.using(queryset.db).raw(f"{sql} FOR SHARE", params)), None
    )
