"""Opening a channel: join → authorize → read, in that order, so that nothing falls between.

The taps join their streams first. Then one snapshot of the database answers everything else:
the right, the topics, what the cursor missed, where the topics stand, and the state frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from realtime import cursors, log
from realtime.channels import Channel
from realtime.conf import setting
from realtime.cursors import Cursor
from realtime.packets import Packet


@dataclass(slots=True)
class Snapshot:
    """What one moment of the database says of a channel and a cursor."""

    names: list[str]
    heads: dict[str, log.Head]
    packets: list[Packet]
    hidden: frozenset[str]
    recovered: bool
    horizon: int
    cursor: Cursor  # where sending starts: everything below is in ``packets`` or before them
    state: dict[str, Any] | None


def read_snapshot(channel: Channel, since: str | None) -> Snapshot:
    """Runs on a reading thread.

    Raises:
        Forbidden: no right to the channel.
    """
    with log.snapshot():
        channel.authorize()
        names = channel.topic_names()
        heads = log.heads(names)
        standing = log.standing()
        floors = dict.fromkeys(names, 0) | {k: v for k, v in channel.floors().items() if k in heads}
        packets, recovered = _replay(channel, since, floors, heads, standing)
        if channel.several_topics:
            cursor = Cursor("horizon", standing.horizon, standing.epoch)
        else:
            cursor = Cursor("id", heads[names[0]].event_id, standing.epoch)
        return Snapshot(
            names=names,
            heads=heads,
            packets=packets,
            hidden=frozenset(map(str, channel.hides())),
            recovered=recovered,
            horizon=standing.horizon,
            cursor=cursor,
            state=channel.state_frame(),
        )


def _replay(
    channel: Channel,
    since: str | None,
    floors: dict[str, int],
    heads: dict[str, log.Head],
    standing: log.Tail,
) -> tuple[list[Packet], bool]:
    """The events missed since a cursor, or ``recovered`` False where they cannot be served."""
    if since is None:
        return [], True
    cursor = cursors.parse(since)
    if cursor is None or not _served(cursor, channel, heads, standing):
        return [], False
    limit = setting("KITH_REPLAY_LIMIT")
    packets = log.after_cursor(floors, cursor, limit=limit + 1)
    return (packets, True) if len(packets) <= limit else ([], False)


def _served(cursor: Cursor, channel: Channel, heads: dict[str, log.Head], standing: log.Tail) -> bool:
    """Whether the log still has everything after this cursor, and is the log that gave it."""
    if cursor.is_start:
        return True
    if cursor.epoch not in (None, standing.epoch):
        return False
    if cursor.kind == "horizon":
        pruned = any(head.pruned_xid >= cursor.number for head in heads.values())
        return not pruned and cursor.number <= standing.horizon
    pruned = any(head.pruned_id > cursor.number for head in heads.values())
    return not pruned and not channel.several_topics and cursor.number <= standing.last_id
