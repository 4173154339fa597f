"""Opening a channel: join → authorize → read, in that order, so that nothing falls between.

The taps join their streams first. Then one snapshot of the database answers everything else:
the right, the topics, what the cursor missed, where the topics stand, and the state frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from realtime import cursors, log
from realtime.channels import Channel
from realtime.cursors import Cursor, generation
from realtime.packets import Packet
from realtime.tallies import Unseen

REPLAY_PAGE = 100  # rows read at once: what a replay costs in memory, however long it is


@dataclass(slots=True)
class Snapshot:
    """What one moment of the database says of a channel and a cursor."""

    names: list[str]
    heads: dict[str, log.Head]
    unseen: Unseen
    horizon: int
    cursor: Cursor  # everything below it is in the replay, or before it
    replay: Replay
    state: dict[str, Any] | None


@dataclass(slots=True)
class Replay:
    """What a cursor has missed, up to the snapshot's heads. ``packets`` is its first page."""

    spans: dict[str, log.Span]
    since: Cursor | None
    packets: list[Packet]
    recovered: bool

    def start(self, end: Cursor) -> Cursor:
        """Where sending starts: at the client's cursor, or at the end, where nothing is replayed. Whoever
        breaks in the middle comes back with this, not with the end of what was never sent."""
        if self.since is None:
            return end
        return self.since if self.since.is_start else replace(self.since, epoch=end.epoch)

    @property
    def has_more(self) -> bool:
        return len(self.packets) == REPLAY_PAGE

    def turn_page(self) -> None:
        """Read what follows ``packets`` into their place. This needs no snapshot: the log grows at its end,
        and what was erased meanwhile is not shown. Runs on a reading thread.

        Raises:
            Pruned: its beginning was removed beyond what this replay has told.
        """
        last = self.packets[-1].event_id
        self.packets = log.page(self.spans, after_id=last, limit=REPLAY_PAGE)
        # Asked after the page: whatever the page lacks was pruned before.
        if any(head.pruned_id > last for head in log.heads(list(self.spans)).values()):
            raise log.Pruned


def check(channel: Channel) -> None:
    """What `read_snapshot` begins with, alone. Runs on a reading thread.

    Raises:
        Forbidden: no right to the channel.
    """
    with log.snapshot():
        channel.authorize()


def read_snapshot(
    channel: Channel, since: str | None, *, most: int | None, written: Mapping[str, int]
) -> Snapshot:
    """``most``: how many events a cursor may have missed. ``written``: the seq up to which some of the topics
    were written to this socket before. Runs on a reading thread.

    Raises:
        Forbidden: no right to the channel.
    """
    with log.snapshot():
        channel.authorize()
        names = channel.topic_names()
        heads = log.heads(names)
        standing = log.standing()
        if channel.several_topics:
            cursor = Cursor("horizon", standing.horizon, standing.epoch)
        else:
            cursor = Cursor("id", heads[names[0]].event_id, standing.epoch)
        replay = _replay(channel, since, heads, standing, most)
        return Snapshot(
            names=names,
            heads=heads,
            unseen=_unseen(channel, heads, replay, written),
            horizon=standing.horizon,
            cursor=cursor,
            replay=replay,
            state=channel.state_frame(),
        )


def _replay(
    channel: Channel, since: str | None, heads: dict[str, log.Head], standing: log.Tail, most: int | None
) -> Replay:
    """``recovered`` is False where the events missed since the cursor cannot be served."""
    if since is None:
        return Replay({}, None, [], recovered=True)
    cursor = cursors.parse(since)
    if cursor is None or not _served(cursor, channel, heads, standing):
        return Replay({}, None, [], recovered=False)
    floors = channel.floors()
    allowed = {name: log.Span(floors.get(name, 0), head.seq) for name, head in heads.items()}
    spans = log.missed(allowed, cursor)
    found = Replay(spans, cursor, log.page(spans, limit=REPLAY_PAGE), recovered=True)
    if most is None or (len(found.packets) <= most and not found.has_more):
        return found
    many = log.count(spans, most=most + 1) > most
    return Replay({}, None, [], recovered=False) if many else found


def _unseen(
    channel: Channel, heads: dict[str, log.Head], replay: Replay, written: Mapping[str, int]
) -> Unseen:
    """What hidden users add to totals, from where the first frame is still to be written."""
    users = frozenset(map(str, channel.hides()))
    if not users:
        return Unseen()
    unseen = Unseen(users, {name: head.seq for name, head in heads.items()}, channel.tallies())
    spans = {}
    for name, head in heads.items():
        replayed = replay.spans.get(name, log.Span(head.seq))
        floor = min(replayed.floor, written.get(name, head.seq))
        if floor < head.seq:
            spans[name] = log.Span(floor, head.seq)
    for packet in log.tallied(spans):
        unseen.note(packet)
    return unseen


def _served(cursor: Cursor, channel: Channel, heads: dict[str, log.Head], standing: log.Tail) -> bool:
    """Whether the log still has everything after this cursor, and is the log that gave it."""
    if cursor.is_start:
        return True
    if cursor.epoch is None:
        is_ours = generation(cursor.number) == generation(standing.last_id)
    else:
        is_ours = cursor.epoch == standing.epoch
    if not is_ours:
        return False
    if cursor.kind == "horizon":
        pruned = any(head.pruned_xid >= cursor.number for head in heads.values())
        return not pruned and cursor.number <= standing.horizon
    pruned = any(head.pruned_id > cursor.number for head in heads.values())
    return not pruned and not channel.several_topics and cursor.number <= standing.last_id
