"""The event log: append, number, read. Everything durable that a client sees comes from here.

Numbers are given at the end of the writing transaction: on PostgreSQL by a deferred trigger
(migration 0002), on SQLite, whose writers are serial, at insert. So within a topic `seq` has no
gap and `event_id` grows in commit order, and no lock is held while a transaction stays open.

Plain SQL, because the statements are few, hot, and say things the ORM does not (RETURNING into
an upsert, a row-value join, the snapshot's horizon).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections, router, transaction

from realtime.cursors import Cursor
from realtime.events import Event
from realtime.packets import Packet
from realtime.tallies import Tally
from realtime.topics import Topic, is_here

LOG, TOPIC, STATE = "kith_realtime_loggedevent", "kith_realtime_topic", "kith_realtime_logstate"
# The log's epoch is eight hex digits: cursors of another epoch cannot be served.
FIRST_EPOCH = "00000000"  # of a log whose state row was flushed away (Django's test cases do)
_COLUMNS = "e.topic, e.body, e.type, e.seq, e.event_id, e.actor, e.revokes, e.withheld, e.tally"


class Pruned(Exception):
    """What was to be read next is not kept any more."""


class Head(NamedTuple):
    """Where a topic stands: its newest event, and how far it was pruned."""

    seq: int = 0
    event_id: int = 0
    pruned_id: int = 0
    pruned_xid: int = 0


class Span(NamedTuple):
    """A part of a topic: what comes after ``floor``, up to and with ``head`` (both seqs)."""

    floor: int
    head: int = 2**62


@dataclass(frozen=True, slots=True)
class Entry:
    """An appended event. Its packet has its numbers where they are given at insert (SQLite);
    elsewhere `numbered` finds them by ``xid`` after the commit."""

    entry: int
    xid: int
    packet: Packet


class Tail(NamedTuple):
    """What changed since a horizon: the new horizon, and the newest seq of each changed topic."""

    horizon: int
    last_id: int
    epoch: str
    heads: dict[str, int]


def database() -> str:
    """Alias of the database that holds the log (a system check holds models to the same)."""
    return router.db_for_write(apps.get_model("kith_realtime", "LoggedEvent"))


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def append(event: Event, topic: Topic, *, using: str) -> Entry:
    """Write one durable event in the current transaction.

    Raises:
        TransactionManagementError: there is no transaction; an event without its change, or a
            change without its event, would be possible.
        ValueError: its tally is of a field that it does not have.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("log.append needs a transaction: use publish().")
    packet, values = row(event, topic)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_APPEND_POSTGRESQL, values)
            entry, xid = cursor.fetchone()
            return Entry(entry, xid, packet)
        cursor.execute(_NEXT_ID_SQLITE, [FIRST_EPOCH])
        packet.event_id = event_id = cursor.fetchone()[0]
        cursor.execute(_NEXT_SEQ_SQLITE, [topic.name])
        packet.seq = cursor.fetchone()[0]
        cursor.execute(_APPEND_SQLITE, [*values, packet.seq, event_id, event_id])
        return Entry(cursor.lastrowid, event_id, packet)


def row(event: Event, topic: Topic) -> tuple[Packet, list[Any]]:
    """The packet, still without its numbers, and the values of its columns `ROW`.

    Raises:
        ValueError: its tally is of a field that it does not have.
    """
    body, tally = event.encode(topic.channel), event.tally()
    if tally is not None and tally.field not in event.__struct_fields__:
        raise ValueError(f"{type(event).__name__} has a tally of {tally.field!r}, which is not its field.")
    keys = [None if key is None else str(key) for key in (event.actor(), event.revokes(), event.grants())]
    withheld = tuple(map(str, event.withheld_from()))
    packet = Packet(
        topic.name, body, event.type, actor=keys[0], revokes=keys[1], withheld=withheld, tally=tally
    )
    told = [json.dumps(value) if value else None for value in (withheld, tally)]
    return packet, [topic.name, event.type, event.subject(), *keys, *told, body.decode()]


ROW = ("topic", "type", "subject", "actor", "revokes", "grants", "withheld", "tally", "body")
_APPEND_POSTGRESQL = f"""
    INSERT INTO {LOG} ({", ".join(ROW)}, xid)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, pg_current_xact_id()::text::bigint) RETURNING entry, xid"""
_APPEND_SQLITE = f"""
    INSERT INTO {LOG} ({", ".join(ROW)}, seq, event_id, xid)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_NEXT_ID_SQLITE = f"""
    INSERT INTO {STATE} (id, epoch, last_id) VALUES (1, %s, 1)
    ON CONFLICT (id) DO UPDATE SET last_id = last_id + 1 RETURNING last_id"""
_NEXT_SEQ_SQLITE = f"""
    INSERT INTO {TOPIC} (name, seq, pruned_id, pruned_xid) VALUES (%s, 1, 0, 0)
    ON CONFLICT (name) DO UPDATE SET seq = seq + 1 RETURNING seq"""


def numbered(xid: int, *, using: str) -> dict[int, tuple[int, int]]:
    """``{entry: (seq, event_id)}`` of the events that a committed transaction wrote. Events of
    savepoints that were rolled back are not among them."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT entry, seq, event_id FROM {LOG} WHERE xid = %s AND seq IS NOT NULL", [xid])
        return {entry: (seq, event_id) for entry, seq, event_id in cursor.fetchall()}


# ── reading ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the database as of one moment, so that a list and its cursor agree.
    Inside an open transaction it adds nothing."""
    connection = connections[database()]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=connection.alias):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:  # Django's atomic would BEGIN IMMEDIATE here and wait for the writer
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def renew_epoch() -> None:
    """The log was put back to an older copy: no cursor given so far can be trusted any more."""
    with connections[database()].cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {STATE} (id, epoch, last_id) VALUES (1, %s, 0)
                ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch""",
            [secrets.token_hex(4)],
        )


def heads(topics: Sequence[str]) -> dict[str, Head]:
    """Where each topic stands; a topic without events has an empty `Head`."""
    found = dict.fromkeys(topics, Head())
    with connections[database()].cursor() as cursor:
        for some in _chunks(topics):
            cursor.execute(
                f"""SELECT name, t.seq, coalesce(e.event_id, t.pruned_id), pruned_id, pruned_xid
                    FROM {TOPIC} t LEFT JOIN {LOG} e ON e.topic = t.name AND e.seq = t.seq
                    WHERE name IN ({_marks(some)})""",
                some,
            )
            found.update({name: Head(*rest) for name, *rest in cursor.fetchall()})
    return found


def after_seq(positions: Mapping[str, int], *, limit: int) -> list[Packet]:
    """Events of each topic after its seq, oldest first, ``limit`` in all."""
    return _read({name: Span(seq) for name, seq in positions.items()}, "true", [], limit)


def missed(spans: Mapping[str, Span], cursor: Cursor) -> dict[str, Span]:
    """Of each topic's span what a cursor has not seen, and topics without such events left out.

    A horizon says nothing of seqs: an event of an older transaction may follow one of a newer. So in each
    topic it is everything from the first unseen event on, lest what is told again end with something old.
    """
    if not cursor.number:
        return {name: span for name, span in spans.items() if span.floor < span.head}
    by = "e.event_id > %s" if cursor.kind == "id" else "e.xid >= %s"
    found: dict[str, Span] = {}
    with connections[database()].cursor() as db:
        for some in _chunks(list(spans)):
            db.execute(
                f"{_within(some)} SELECT e.topic, min(e.seq) {_JOIN} AND {by} GROUP BY e.topic",
                [*_bounds(some, spans), cursor.number],
            )
            found |= {name: Span(first - 1, spans[name].head) for name, first in db.fetchall()}
    return found


def tallied(spans: Mapping[str, Span]) -> list[Packet]:
    """Events within the span of each topic that have a tally."""
    return _read(spans, "e.tally IS NOT NULL", [], 2**31)


def page(spans: Mapping[str, Span], *, after_id: int = 0, limit: int) -> list[Packet]:
    """Events within the span of each topic in the order of their ids, from above ``after_id`` on."""
    return _read(spans, "e.event_id > %s", [after_id], limit)


def _read(spans: Mapping[str, Span], condition: str, params: Sequence[Any], limit: int) -> list[Packet]:
    packets: list[Packet] = []
    with connections[database()].cursor() as cursor:
        for some in _chunks(list(spans)):
            cursor.execute(
                f"{_within(some)} SELECT {_COLUMNS} {_JOIN} AND {condition} ORDER BY e.event_id LIMIT %s",
                [*_bounds(some, spans), *params, limit],
            )
            packets += [_packet(*row) for row in cursor.fetchall()]
    packets.sort(key=lambda packet: packet.event_id)
    return packets[:limit]


def count(spans: Mapping[str, Span], *, most: int) -> int:
    """How many events `page` has in all; counted up to about ``most``."""
    found = 0
    with connections[database()].cursor() as db:
        for some in _chunks(list(spans)):
            db.execute(
                f"{_within(some)} SELECT count(*) FROM (SELECT 1 {_JOIN} LIMIT %s) counted",
                [*_bounds(some, spans), most],
            )
            found += db.fetchone()[0]
    return found


_JOIN = f"FROM p JOIN {LOG} e ON e.topic = p.topic AND e.seq > p.floor AND e.seq <= p.head"


def _within(names: Sequence[str]) -> str:
    values = ", ".join(["(%s, %s, %s)"] * len(names))
    return f"WITH p (topic, floor, head) AS (VALUES {values})"


def _bounds(names: Sequence[str], spans: Mapping[str, Span]) -> list[Any]:
    return [item for name in names for item in (name, *spans[name])]


def _packet(topic: str, body: str, *rest: Any) -> Packet:
    *values, withheld, tally = rest
    packet = Packet(topic, body.encode(), *values)
    if withheld:
        packet.withheld = tuple(json.loads(withheld))
    if tally:
        packet.tally = Tally(*json.loads(tally))
    return packet


def tail(horizon: int) -> Tail:
    """In one statement: how far everything is committed, and which topics changed since ``horizon``.
    Its cost grows with what changed, not with the number of topics."""
    connection = connections[database()]
    with connection.cursor() as cursor:
        cursor.execute(_TAIL[connection.vendor], [horizon])
        rows = cursor.fetchall()
    new_horizon, last_id, epoch = rows[0][:3]
    heads = {topic: seq for *_, topic, seq in rows if topic is not None}
    return Tail(new_horizon, last_id or 0, epoch or FIRST_EPOCH, heads)


_CHANGED = f"SELECT topic, max(seq) AS seq FROM {LOG} WHERE xid >= %s AND seq IS NOT NULL GROUP BY topic"
_TAIL = {
    "postgresql": f"""
        SELECT h.horizon, h.last_id, h.epoch, changed.topic, changed.seq
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon,
                     (SELECT last_value FROM kith_event_id) AS last_id,
                     (SELECT epoch FROM {STATE} WHERE id = 1) AS epoch) h
        LEFT JOIN ({_CHANGED}) changed ON true""",
    "sqlite": f"""
        SELECT h.last_id + 1, h.last_id, h.epoch, changed.topic, changed.seq
        FROM (SELECT coalesce(max(last_id), 0) AS last_id, max(epoch) AS epoch FROM {STATE}) h
        LEFT JOIN ({_CHANGED}) changed ON true""",
}


def standing() -> Tail:
    """Where the whole log stands, of the open `snapshot` if there is one."""
    return tail(2**62)


def cursor_of(topic: str) -> str:
    """The cursor at the head of one topic. Read it in the `snapshot` of the rows it goes with."""
    return str(Cursor("id", heads([topic])[topic].event_id, standing().epoch))


def horizon_cursor() -> str:
    """The cursor of channels of several topics. Read it in the `snapshot` of its rows."""
    now = standing()
    return str(Cursor("horizon", now.horizon, now.epoch))


def granted_seqs(topics: Sequence[str], user_key: Any) -> dict[str, int]:
    """For each topic that keeps an event granting it to this user: the seq of the newest such."""
    found: dict[str, int] = {}
    with connections[database()].cursor() as cursor:
        for some in _chunks(topics):
            cursor.execute(
                f"""SELECT topic, max(seq) FROM {LOG}
                    WHERE grants = %s AND seq IS NOT NULL AND topic IN ({_marks(some)}) GROUP BY topic""",
                [str(user_key), *some],
            )
            found |= dict(cursor.fetchall())
    return found


def _chunks(names: Sequence[str], size: int = 300) -> Iterator[list[str]]:
    """Of the topics those that are logged. SQLite takes 999 parameters in its older builds; three a topic fit
    below it."""
    logged = [name for name in names if not is_here(name)]
    for start in range(0, len(logged), size):
        yield logged[start : start + size]


def _marks(items: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(items))
