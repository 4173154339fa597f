"""Many rows in one statement, as one parameter.

The rows travel as JSON, which the database takes apart: the text of the statement is the same for any number
of them, and the driver does not adapt each value by itself (measured: a third of a batch's time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.base import ModelState

from realtime import statements

T = TypeVar("T", bound=Model)

_encoder = msgspec.json.Encoder()


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
    key = (model, tuple(names), connection.vendor)
    if key not in _columns:
        found = _fields_of(model, names)
        _columns[key] = [(str(field.column), str(field.rel_db_type(connection))) for field in found]
    return _columns[key]


_columns: dict[tuple[Any, ...], list[tuple[str, str]]] = {}


def _fields_of(model: type[Model], names: Sequence[str]) -> list[Any]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return [fields[name] for name in names]


Preparation = Callable[[Any, BaseDatabaseWrapper], Any]

# Of exactly these what the database gets is the value itself: nothing is asked for each of them.
_AS_THEY_ARE = {
    models.AutoField,
    models.BigAutoField,
    models.IntegerField,
    models.BigIntegerField,
    models.CharField,
    models.TextField,
}
_AS_THEY_ARE_ON = {"postgresql": _AS_THEY_ARE | {models.DateTimeField}}


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
        plain = _AS_THEY_ARE_ON.get(connection.vendor, _AS_THEY_ARE)
        prepare = [(place, field.get_db_prep_save) for place, field in fields if _kind(field) not in plain]
        _insertions[key] = _Insertion(sql, [column for column, _ in columns], prepare)
    return _insertions[key]


def _kind(field: Any) -> type[models.Field[Any, Any]]:
    while field.is_relation:
        field = field.target_field
    return type(field)


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
    default, or be NULL. ``suffix``: ON CONFLICT and RETURNING; what that returned. If it returns nothing, the
    statement may be postponed."""
    connection = connections[using]
    sql, columns, prepare = _insertion(model, names, order, suffix, connection)
    params = [packed(columns, _prepared(rows, prepare, connection) if prepare else rows)]
    if "RETURNING" in suffix:
        return statements.fetch(connection, sql, params)
    statements.postpone(connection, sql, params)
    return []


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
