"""The event log: many events in a few statements, numbered as they are written.

For the end of a batch (`batch`), whose transaction does nothing more but commit. So numbers need not wait for
a trigger: the topics' rows, locked in the order of their names as the trigger locks them, are held no longer
than it would hold them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from realtime import rows
from realtime.log import FIRST_EPOCH, LOG, ROW, STATE, TOPIC
from realtime.packets import Packet

Row = Sequence[Any]  # of `log.row`: values of the columns ROW

_COLUMNS = ", ".join(ROW)


def append_numbered(told: Sequence[tuple[Packet, Row]], *, using: str) -> list[Packet]:
    """Log these events in their order; their packets, with their numbers. The transaction must end now."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        _on_postgresql(connection, told)
    else:
        _on_sqlite(connection, told)
    return sorted((packet for packet, _ in told), key=attrgetter("event_id"))


def _on_postgresql(connection: BaseDatabaseWrapper, told: Sequence[tuple[Packet, Row]]) -> None:
    source = rows.unpacking(connection.vendor, [(name, "text") for name in ROW])
    with connection.cursor() as cursor:
        cursor.execute(_APPEND_POSTGRESQL.format(source=source), [rows.packed(ROW, (row for _, row in told))])
        numbers = sorted(cursor.fetchall())
    waiting = _by_topic(told)
    for topic, seq, event_id in numbers:
        packet = next(waiting[topic])
        packet.seq, packet.event_id = seq, event_id


# The ids are taken when every topic is locked, since all rows pass the sort before the first leaves it.
_APPEND_POSTGRESQL = f"""
    WITH told AS (SELECT * FROM {{source}}),
    sizes AS (SELECT topic, count(*) AS size FROM told GROUP BY topic ORDER BY topic),
    heads AS (
        INSERT INTO {TOPIC} AS t (name, seq, pruned_id, pruned_xid)
        SELECT topic, size, 0, 0 FROM sizes ORDER BY topic
        ON CONFLICT (name) DO UPDATE SET seq = t.seq + excluded.seq
        RETURNING t.name, t.seq
    )
    INSERT INTO {LOG} ({_COLUMNS}, xid, seq, event_id)
    SELECT {_COLUMNS}, pg_current_xact_id()::text::bigint, number, nextval('kith_event_id')
    FROM (
        SELECT told.*, heads.seq - size + row_number() OVER (PARTITION BY told.topic ORDER BY place) AS number
        FROM told JOIN heads ON heads.name = told.topic JOIN sizes ON sizes.topic = told.topic
        ORDER BY place
    ) numbered
    RETURNING topic, seq, event_id"""


def _on_sqlite(connection: BaseDatabaseWrapper, told: Sequence[tuple[Packet, Row]]) -> None:
    waiting = {topic: list(packets) for topic, packets in _by_topic(told).items()}
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_IDS_SQLITE, [FIRST_EPOCH, len(told)])
        last_id = cursor.fetchone()[0]
        sizes = rows.packed(("topic", "size"), [(topic, len(some)) for topic, some in waiting.items()])
        cursor.execute(_NEXT_SEQS_SQLITE.format(source=rows.unpacking(connection.vendor, _SIZES)), [sizes])
        for topic, head in cursor.fetchall():
            for seq, packet in enumerate(waiting[topic], head - len(waiting[topic]) + 1):
                packet.seq = seq
        for event_id, (packet, _) in enumerate(told, last_id - len(told) + 1):
            packet.event_id = event_id
        cursor.executemany(
            _APPEND_SQLITE, [(*row, packet.seq, packet.event_id, packet.event_id) for packet, row in told]
        )


_SIZES = [("topic", "text"), ("size", "integer")]
_NEXT_IDS_SQLITE = f"""
    INSERT INTO {STATE} (id, epoch, last_id) VALUES (1, %s, %s)
    ON CONFLICT (id) DO UPDATE SET last_id = last_id + excluded.last_id RETURNING last_id"""
_NEXT_SEQS_SQLITE = f"""
    INSERT INTO {TOPIC} (name, seq, pruned_id, pruned_xid) SELECT topic, size, 0, 0 FROM {{source}} WHERE true
    ON CONFLICT (name) DO UPDATE SET seq = seq + excluded.seq RETURNING name, seq"""
_APPEND_SQLITE = f"""
    INSERT INTO {LOG} ({_COLUMNS}, seq, event_id, xid)
    VALUES ({", ".join(["%s"] * (len(ROW) + 3))})"""


def _by_topic(told: Sequence[tuple[Packet, Row]]) -> dict[str, Iterator[Packet]]:
    found: dict[str, list[Packet]] = {}
    for packet, _ in told:
        found.setdefault(packet.topic, []).append(packet)
    return {topic: iter(packets) for topic, packets in found.items()}
