"""The event log, read. Everything durable that a client sees comes from here; `appending` writes it.

Within a topic `seq` has no gap and `event_id` grows in commit order. Plain SQL, because the statements are
few, hot, and say things the ORM does not (a join with a table of values, the snapshot's horizon).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections, router, transaction

from realtime.cursors import Cursor
from realtime.packets import Packet
from realtime.rows import packed, unpacking
from realtime.tallies import Tally
from realtime.topics import is_here

LOG, TOPIC, STATE = "kith_realtime_loggedevent", "kith_realtime_topic", "kith_realtime_logstate"
# The log's epoch is eight hex digits: cursors of another epoch cannot be served.
FIRST_EPOCH = "00000000"  # of a log whose state row was flushed away (Django's test cases do)
_COLUMNS = """
    e.topic, e.body, e.type, e.seq, e.event_id, e.actor, e.revokes, e.withheld, e.tally,
    CAST(e.created AS text)"""


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


class Tail(NamedTuple):
    """What changed since a horizon: the new horizon, and the newest seq of each changed topic."""

    horizon: int
    last_id: int
    epoch: str
    heads: dict[str, int]


def database() -> str:
    """Alias of the database that holds the log (a system check holds models to the same)."""
    return router.db_for_write(apps.get_model("kith_realtime", "LoggedEvent"))


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


def heads(topics: Sequence[str]) -> dict[str, Head]:
    """Where each topic stands; a topic without events has an empty `Head`."""
    rows = _joined(
        {"topic": "text"},
        [(name,) for name in topics if not is_here(name)],
        f"""SELECT name, t.seq, coalesce(e.event_id, t.pruned_id), pruned_id, pruned_xid
            FROM p JOIN {TOPIC} t ON t.name = p.topic
            LEFT JOIN {LOG} e ON e.topic = t.name AND e.seq = t.seq""",
    )
    return dict.fromkeys(topics, Head()) | {name: Head(*rest) for name, *rest in rows}


def after_seq(positions: Mapping[str, int], *, limit: int) -> list[Packet]:
    """Events of each topic after its seq, oldest first, ``limit`` in all."""
    return _read({name: Span(seq) for name, seq in positions.items()}, "true", [], limit)


def missed(spans: Mapping[str, Span], cursor: Cursor) -> dict[str, Span]:
    """Of each topic's span what a cursor has not seen, and topics without such events left out.

    A horizon says nothing of seqs: an event of an older transaction may follow one of a newer. So in each
    topic it is everything from the first unseen event on, lest what is told again end with something old.
    """
    return missed_each([(spans, cursor)])[0]


def missed_each(asked: Sequence[tuple[Mapping[str, Span], Cursor]]) -> list[dict[str, Span]]:
    """`missed` of each pair; of all ids in one statement."""
    by_id = [
        (topic, *span, cursor.number)
        for spans, cursor in asked
        for topic, span in spans.items()
        if cursor.kind == "id" and span.floor < span.head
    ]
    firsts = _firsts_after(by_id)
    found = []
    for spans, cursor in asked:
        if cursor.kind == "horizon":
            found.append(_missed_since(spans, cursor.number))
        else:
            firsts_here = {name: firsts.get((name, *span, cursor.number)) for name, span in spans.items()}
            found.append({name: Span(seq - 1, spans[name].head) for name, seq in firsts_here.items() if seq})
    return found


def _missed_since(spans: Mapping[str, Span], horizon: int) -> dict[str, Span]:
    rows = _joined(
        _SPANS,
        _bounds(spans),
        f"SELECT e.topic, min(e.seq) {_JOIN} AND e.xid >= %s GROUP BY e.topic",
        [horizon],
    )
    return {name: Span(first - 1, spans[name].head) for name, first in rows}


def _firsts_after(asked: Iterable[tuple[str, int, int, int]]) -> dict[tuple[str, int, int, int], int | None]:
    """For each topic, floor, head and id: the seq of the first event within that follows the id."""
    rows = _joined(
        _SPANS | {"id": "bigint"},
        dict.fromkeys(asked),
        f"""SELECT p.topic, p.floor, p.head, p.id,
                (SELECT e.seq FROM {LOG} e WHERE e.topic = p.topic AND e.event_id > p.id
                 AND e.seq > p.floor AND e.seq <= p.head ORDER BY e.event_id LIMIT 1) FROM p""",
    )
    return {(topic, floor, head, after): seq for topic, floor, head, after, seq in rows}


def tallied(spans: Mapping[str, Span]) -> list[Packet]:
    """Events within the span of each topic that have a tally."""
    return _read(spans, "e.tally IS NOT NULL", [], 2**31)


def page(spans: Mapping[str, Span], *, after_id: int = 0, limit: int) -> list[Packet]:
    """Events within the span of each topic in the order of their ids, from above ``after_id`` on."""
    return _read(spans, "e.event_id > %s", [after_id], limit)


def _read(spans: Mapping[str, Span], condition: str, params: Sequence[Any], limit: int) -> list[Packet]:
    query = f"SELECT {_COLUMNS} {_JOIN} AND {condition} ORDER BY e.event_id LIMIT %s"
    return [_packet(*row) for row in _joined(_SPANS, _bounds(spans), query, [*params, limit])]


_SPANS = {"topic": "text", "floor": "bigint", "head": "bigint"}
_JOIN = f"FROM p JOIN {LOG} e ON e.topic = p.topic AND e.seq > p.floor AND e.seq <= p.head"


def _bounds(spans: Mapping[str, Span]) -> list[tuple[str, int, int]]:
    return [(name, *span) for name, span in spans.items() if not is_here(name)]


def _joined(
    columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]], query: str, params: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """What ``query`` finds, in which ``rows`` are the table ``p``. Its text is the same for any number of
    rows, so that it is prepared once; where there are none, nothing is asked."""
    if not (rows := list(rows)):
        return []
    connection = connections[database()]
    source = f"SELECT {', '.join(columns)} FROM {unpacking(connection.vendor, list(columns.items()))}"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH p AS ({source}) {query}", [packed(list(columns), rows), *params])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _packet(topic: str, body: str, *rest: Any) -> Packet:
    *values, withheld, tally, created = rest
    packet = Packet(topic, body.encode(), *values)
    packet.created = created
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


def granted_seqs(places: Iterable[tuple[str, Any]]) -> dict[tuple[str, str], int]:
    """Of pairs of a topic and a user's key, those whose topic keeps an event granting it to that user: the
    seq of the newest such, by topic and the key as text."""
    rows = _joined(
        {"topic": "text", "grants": "text"},
        [(topic, str(key)) for topic, key in places],
        f"""SELECT p.topic, p.grants, max(e.seq) FROM p
            JOIN {LOG} e ON e.topic = p.topic AND e.grants = p.grants AND e.seq IS NOT NULL
            GROUP BY p.topic, p.grants""",
    )
    return {(topic, key): seq for topic, key, seq in rows}
