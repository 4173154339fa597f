"""Many rows in one statement, as one parameter.

The rows travel as JSON, which the database takes apart: the text of the statement is the same for any number
of them, and the driver does not adapt each value by itself (measured: a third of a batch's time).

What a statement costs a transaction of a few messages is its round trip. So one whose answer nobody reads may
wait for the next, and go with it (`joining`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.base import ModelState

T = TypeVar("T", bound=Model)

_encoder = msgspec.json.Encoder()

Statement = tuple[str, Sequence[Any]]


class _Joining(threading.local):
    """What waits in this thread, and for which connection."""

    connection: BaseDatabaseWrapper | None = None
    waiting: list[Statement]


_joining = _Joining()


@contextmanager
def joining(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Inside a transaction, and until it is about to commit: what is postponed on this connection goes with
    the next statement, whoever makes that. On PostgreSQL, whose simple protocol takes several at once; it
    has no parameters, so Django must bind them, as it does unless told otherwise."""
    if connection.vendor != "postgresql" or connection.settings_dict["OPTIONS"].get("server_side_binding"):
        yield
        return
    waiting: list[Statement] = []

    def execute(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        before = [*waiting]
        waiting.clear()
        if not before or many or isinstance(params, Mapping):
            for statement in before:
                _execute(connection, *statement)
            return execute(sql, params, many, context)
        joined = [*before, (sql, params) if params is not None else (sql.replace("%", "%%"), ())]
        every = [value for _, values in joined for value in values]
        done = execute("; ".join(text for text, _ in joined), every, many, context)
        for _ in joined[1:]:
            context["cursor"].nextset()
        return done

    _joining.connection, _joining.waiting = connection, waiting
    try:
        with connection.execute_wrapper(execute):
            yield
            if waiting:
                _execute(connection, *waiting.pop())
    finally:
        _joining.connection = None


def postpone(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any] = ()) -> None:
    """Execute it, at the latest with the next statement; what it answers is lost."""
    if _joining.connection is connection:
        _joining.waiting.append((sql, params))
    else:
        _execute(connection, sql, params)


def _execute(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def packed(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The parameter of `unpacking`. No text may hold NUL."""
    return _encoder.encode([dict(zip(names, row, strict=True)) for row in rows]).decode()


def unpacking(vendor: str, columns: Sequence[tuple[str, str]]) -> str:
    """For FROM: one row ``r`` for each that was `packed`, and its ``place`` among them, from 1 on.
    ``columns``: names with their types in this database."""
    if vendor == "postgresql":
        kinds = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        return f"ROWS FROM (json_to_recordset(%s) AS ({kinds})) WITH ORDINALITY AS r ({names}, place)"
    values = ", ".join(f"""json_extract(value, '$."{name}"') AS "{name}\"""" for name, _ in columns)
    return f"(SELECT {values}, key + 1 AS place FROM json_each(%s)) AS r"


def columns_of(
    model: type[Model], names: Sequence[str], connection: BaseDatabaseWrapper
) -> list[tuple[str, str]]:
    """Columns of these fields, given by ``attname``, with their types."""
    found = _fields_of(model, names)
    return [(str(field.column), str(field.rel_db_type(connection))) for field in found]


def _fields_of(model: type[Model], names: Sequence[str]) -> list[Any]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return [fields[name] for name in names]


Preparation = Callable[[Any, BaseDatabaseWrapper], Any]

# Of exactly these what the driver gets is the value itself: nothing is asked for each of them.
_AS_THEY_ARE = (
    models.AutoField,
    models.BigAutoField,
    models.IntegerField,
    models.BigIntegerField,
    models.CharField,
    models.TextField,
)


class _Insertion(NamedTuple):
    sql: str
    columns: list[str]
    prepare: list[tuple[int, Preparation]]  # by the place of the value that is not stored as it is


_insertions: dict[tuple[Any, ...], _Insertion] = {}


def _insertion(
    model: type[Model], names: tuple[str, ...], order: str, suffix: str, connection: BaseDatabaseWrapper
) -> _Insertion:
    key = (model, names, order, suffix, connection.vendor)
    if key not in _insertions:
        columns = columns_of(model, names, connection)
        listed = ", ".join(f'"{column}"' for column, _ in columns)
        # "WHERE true": without it SQLite takes ON CONFLICT for a part of the source.
        sql = (
            f'INSERT INTO "{model._meta.db_table}" ({listed}) SELECT {listed} '
            f"FROM {unpacking(connection.vendor, columns)} WHERE true ORDER BY {order} {suffix}"
        )
        fields = enumerate(_fields_of(model, names))
        prepare = [(place, field.get_db_prep_save) for place, field in fields if not _is_as_it_is(field)]
        _insertions[key] = _Insertion(sql, [column for column, _ in columns], prepare)
    return _insertions[key]


def _is_as_it_is(field: Any) -> bool:
    while field.is_relation:
        field = field.target_field
    return type(field) in _AS_THEY_ARE


def insert(
    model: type[Model],
    names: tuple[str, ...],
    rows: Iterable[Sequence[Any]],
    *,
    using: str,
    order: str = "place",
    suffix: str = "",
) -> list[tuple[Any, ...]]:
    """Insert rows of a model, in the order of ``order``; no signals are sent. ``names`` are the fields'
    ``attname``, each value is of its field's own type; of a field that is not named the column must have a
    default, or be NULL. ``suffix``: ON CONFLICT and RETURNING; what that returned. Without it the statement
    may be postponed."""
    connection = connections[using]
    sql, columns, prepare = _insertion(model, names, order, suffix, connection)
    params = [packed(columns, _prepared(rows, prepare, connection) if prepare else rows)]
    if not suffix:
        postpone(connection, sql, params)
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if "RETURNING" in suffix else []


def _prepared(
    rows: Iterable[Sequence[Any]], prepare: Sequence[tuple[int, Preparation]], connection: BaseDatabaseWrapper
) -> Iterator[Sequence[Any]]:
    for row in rows:
        values = [*row]
        for place, to in prepare:
            values[place] = to(values[place], connection)
        yield values


def inserted(model: type[T], values: Mapping[str, Any], *, using: str) -> T:
    """The instance of a row with these ``values``, by ``attname``, as if it was loaded; fields that are not
    given are deferred. Without ``__init__`` and its signals, which cost more than all else for a row
    (measured)."""
    made = model.__new__(model)
    made.__dict__.update(values)
    made._state = ModelState()
    made._state.adding, made._state.db = False, using
    return made


def reserve_keys(model: type[Model], number: int, *, using: str) -> list[int]:
    """So many keys of new rows, ascending, nobody else's; inside a transaction. The model's primary key must
    be counted by the database, as a BigAutoField is."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)::regclass) FROM generate_series(1, %s)",
                [f'"{table}"', column, number],
            )
            return sorted(key for (key,) in cursor.fetchall())
        # One writer at a time: no other row comes in between.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + 1 + number))
