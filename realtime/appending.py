"""The event log, written: one event in any transaction, or those of a batch in a few statements.

Numbers are given at the end of the writing transaction: on PostgreSQL by a deferred trigger
(migration 0002), on SQLite, whose writers are serial, at insert. So within a topic `seq` has no
gap and `event_id` grows in commit order, and no lock is held while a transaction stays open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from realtime import rows, statements
from realtime.events import Event
from realtime.log import FIRST_EPOCH, LOG, STATE, TOPIC
from realtime.packets import Packet
from realtime.topics import Topic

Row = Sequence[Any]  # values of the columns ROW


@dataclass(frozen=True, slots=True)
class Entry:
    """An appended event. Its packet has its numbers where they are given at insert (SQLite);
    elsewhere `numbered` finds them by ``xid`` after the commit."""

    entry: int
    xid: int
    packet: Packet


def append(event: Event, topic: Topic, *, using: str) -> Entry:
    """Write one durable event in the current transaction.

    Raises:
        TransactionManagementError: there is no transaction; an event without its change, or a
            change without its event, would be possible.
        ValueError: its tally is of a field that it does not have.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("append needs a transaction: use publish().")
    packet, values = row(event, topic)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_APPEND_POSTGRESQL, values)
            entry, xid, packet.created = cursor.fetchone()
            return Entry(entry, xid, packet)
        cursor.execute(_NEXT_ID_SQLITE, [FIRST_EPOCH])
        packet.event_id = event_id = cursor.fetchone()[0]
        cursor.execute(_NEXT_SEQ_SQLITE, [topic.name])
        packet.seq = cursor.fetchone()[0]
        cursor.execute(_APPEND_SQLITE, [*values, packet.seq, event_id, event_id])
        entry, packet.created = cursor.fetchone()
        return Entry(entry, event_id, packet)


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
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, pg_current_xact_id()::text::bigint)
    RETURNING entry, xid, CAST(created AS text)"""
_APPEND_SQLITE = f"""
    INSERT INTO {LOG} ({", ".join(ROW)}, seq, event_id, xid)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING entry, CAST(created AS text)"""
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


# ── many at once ──────────────────────────────────────────────────────────────────────────────


def append_numbered(told: Sequence[tuple[Packet, Row]], *, using: str) -> Callable[[], list[Packet]]:
    """Log these events in their order; once that is committed, their packets have their numbers.

    For the end of a batch (`batch`), whose transaction does nothing more but commit. So numbers need not wait
    for a trigger: the topics' rows, locked in the order of their names as the trigger locks them, are held no
    longer than it would hold them.
    """
    connection = connections[using]
    log = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    number = log(connection, told)

    def packets() -> list[Packet]:
        number()
        return sorted((packet for packet, _ in told), key=attrgetter("event_id"))

    return packets


def _on_postgresql(connection: BaseDatabaseWrapper, told: Sequence[tuple[Packet, Row]]) -> Callable[[], None]:
    """The function is that of migration 0004."""
    packed = rows.packed(ROW, (row for _, row in told))
    asked = statements.ask(connection, "SELECT topic, seq, event_id, created FROM kith_append(%s)", [packed])

    def number() -> None:
        waiting = _by_topic(told)
        for topic, seq, event_id, created in sorted(asked.rows()):
            packet = next(waiting[topic])
            packet.seq, packet.event_id, packet.created = seq, event_id, created

    return number


def _on_sqlite(connection: BaseDatabaseWrapper, told: Sequence[tuple[Packet, Row]]) -> Callable[[], None]:
    waiting = {topic: list(packets) for topic, packets in _by_topic(told).items()}
    [(last_id,)] = statements.fetch(connection, _NEXT_IDS_SQLITE, [FIRST_EPOCH, len(told)])
    sizes = rows.packed(("topic", "size"), [(topic, len(some)) for topic, some in waiting.items()])
    for topic, head in statements.fetch(connection, _NEXT_SEQS_SQLITE, [sizes]):
        for seq, packet in enumerate(waiting[topic], head - len(waiting[topic]) + 1):
            packet.seq = seq
    for event_id, (packet, _) in enumerate(told, last_id - len(told) + 1):
        packet.event_id = event_id
    numbered = [(*row, packet.seq, packet.event_id) for packet, row in told]
    packed = rows.packed(_NUMBERED, numbered)
    created: dict[int, str] = dict(statements.fetch(connection, _APPEND_ALL_SQLITE, [packed]))

    def number() -> None:
        for packet, _ in told:
            packet.created = created[packet.event_id]

    return number


_NEXT_IDS_SQLITE = f"""
    INSERT INTO {STATE} (id, epoch, last_id) VALUES (1, %s, %s)
    ON CONFLICT (id) DO UPDATE SET last_id = last_id + excluded.last_id RETURNING last_id"""
_NEXT_SEQS_SQLITE = f"""
    INSERT INTO {TOPIC} (name, seq, pruned_id, pruned_xid)
    SELECT topic, size, 0, 0
    FROM {rows.unpacking("sqlite", [("topic", "text"), ("size", "integer")])}
    WHERE true
    ON CONFLICT (name) DO UPDATE SET seq = seq + excluded.seq RETURNING name, seq"""
_NUMBERED = (*ROW, "seq", "event_id")
_APPEND_ALL_SQLITE = f"""
    INSERT INTO {LOG} ({", ".join(_NUMBERED)}, xid)
    SELECT {", ".join(_NUMBERED)}, event_id
    FROM {rows.unpacking("sqlite", [(name, "") for name in _NUMBERED])}
    WHERE true ORDER BY place
    RETURNING event_id, CAST(created AS text)"""


def _by_topic(told: Sequence[tuple[Packet, Row]]) -> dict[str, Iterator[Packet]]:
    found: dict[str, list[Packet]] = {}
    for packet, _ in told:
        found.setdefault(packet.topic, []).append(packet)
    return {topic: iter(packets) for topic, packets in found.items()}
