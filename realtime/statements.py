"""Statements of a transaction, in few round trips.

What a statement costs a transaction of a few messages is its round trip. So one whose answer nobody reads, or
reads only later, may wait for the next, and go with it (`joining`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Rows = list[tuple[Any, ...]]


class Postponed:
    """A statement that has waited for the next, or still does."""

    __slots__ = ("_answered", "params", "sql")

    def __init__(self, sql: str, params: Sequence[Any]) -> None:
        self.sql = sql
        self.params = params
        self._answered: Rows | None = None

    def rows(self) -> Rows:
        """What it answered. If it still waits, it goes now, and all that waits with it."""
        if self._answered is None:
            _send_waiting()
        if self._answered is None:
            raise RuntimeError("What it would have answered was lost with its transaction.")
        return self._answered

    def executed(self, cursor: Any) -> None:
        """Its answer is the cursor's present one."""
        self._answered = cursor.fetchall()


class _Unread(Postponed):
    """One whose answer nobody reads, if it has any."""

    def executed(self, cursor: Any) -> None:
        self._answered = []


class _Commit(_Unread):
    """PostgreSQL answers a transaction that an error has ended without complaint: by its rollback."""

    def executed(self, cursor: Any) -> None:
        if cursor.statusmessage != "COMMIT":
            raise IntegrityError("The transaction had failed, and was rolled back.")
        super().executed(cursor)


class _Joining(threading.local):
    """What waits in this thread, for which connection; and one cursor for all, of which each costs as much as
    a fifth of a statement (measured)."""

    connection: BaseDatabaseWrapper | None = None
    cursor: CursorWrapper
    waiting: list[Postponed]


_joining = _Joining()


@contextmanager
def joining(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction of its own, in few round trips: what is postponed on this connection goes with the next
    statement, whoever makes that; BEGIN with the first one and COMMIT with the last. On PostgreSQL, whose
    simple protocol takes several at once; it has no parameters, so Django must bind them, as it does unless
    told otherwise. Where that is not so, each goes by itself.

    Raises:
        RuntimeError: a transaction is open already.
        And on leaving whatever the last statements, or COMMIT, do.
    """
    with transaction.atomic(using=connection.alias, durable=True):
        if not _takes_several(connection):
            yield
            return
        waiting: list[Postponed] = []
        with connection.cursor() as cursor, connection.execute_wrapper(_sending_first(connection, waiting)):
            try:
                begin = _begin(connection)
                waiting += begin
                _joining.connection, _joining.cursor, _joining.waiting = connection, cursor, waiting
                yield
                if not (connection.needs_rollback or connection.closed_in_transaction):
                    if begin and waiting != begin:
                        waiting.append(_Commit("COMMIT", ()))
                    _send_waiting()
            finally:
                _joining.connection = None


def _takes_several(connection: BaseDatabaseWrapper) -> bool:
    options = connection.settings_dict["OPTIONS"]
    return connection.vendor == "postgresql" and not options.get("server_side_binding")


def _begin(connection: BaseDatabaseWrapper) -> list[Postponed]:
    """Instead of the BEGIN that the driver would send by itself; of transactions of the usual kind."""
    driver = connection.connection
    if driver.info.transaction_status.name != "IDLE":
        return []  # a TestCase's, of which this is a savepoint
    if any(kind is not None for kind in (driver.isolation_level, driver.read_only, driver.deferrable)):
        return []
    driver.autocommit = True  # it begins nothing, commits nothing that is not open, and still rolls back
    return [_Unread("BEGIN", ())]


def _sending_first(connection: BaseDatabaseWrapper, waiting: list[Postponed]) -> Any:
    """An `execute_wrapper` that takes what waits along."""

    def execute(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        before = [*waiting]
        waiting.clear()
        if not before:
            return execute(sql, params, many, context)
        try:
            if many or isinstance(params, Mapping) or _is_named(context["cursor"]):
                for one in before:
                    _execute(connection, one)
                return execute(sql, params, many, context)
            joined = [(one.sql, one.params) for one in before]
            joined.append((sql, params) if params is not None else (sql.replace("%", "%%"), ()))
            every = [value for _, values in joined for value in values]
            done = execute("; ".join(text for text, _ in joined), every, many, context)
            for one in before:
                one.executed(context["cursor"])
                context["cursor"].nextset()
        except BaseException:
            # What waited, BEGIN perhaps, may never have reached the database: nothing may follow it.
            connection.needs_rollback = True
            raise
        return done

    return execute


def _is_named(cursor: CursorWrapper) -> bool:
    """A server-side cursor, which makes its statement a part of another."""
    return getattr(cursor.cursor, "name", None) is not None


def postpone(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any] = ()) -> None:
    """Execute it, at the latest with the next statement; what it answers is lost."""
    _postpone(connection, _Unread(sql, params))


def ask(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any] = ()) -> Postponed:
    """Execute it, at the latest when its rows are wanted."""
    asked = Postponed(sql, params)
    _postpone(connection, asked)
    return asked


def fetch(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any] = ()) -> Rows:
    """Execute it now: its rows."""
    asked = Postponed(sql, params)
    _execute(connection, asked)
    return asked.rows()


def _postpone(connection: BaseDatabaseWrapper, statement: Postponed) -> None:
    if _joining.connection is connection:
        _joining.waiting.append(statement)
    else:
        _execute(connection, statement)


def _send_waiting() -> None:
    if _joining.connection is not None and _joining.waiting:
        _execute(_joining.connection, _joining.waiting.pop())  # those before it go with it


def _execute(connection: BaseDatabaseWrapper, statement: Postponed) -> None:
    if _joining.connection is connection:
        _joining.cursor.execute(statement.sql, statement.params)
        statement.executed(_joining.cursor)
    else:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
            statement.executed(cursor)
