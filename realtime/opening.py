"""Opening a channel: join → authorize → read, in that order, so that nothing falls between.

The taps join their streams first. Then one snapshot of the database answers everything else:
the right, the topics, what the cursor missed, where the topics stand, and the state frame. It does so for
all who ask at about the same moment (`gathering`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.db import Error as DatabaseError

from realtime import cursors, log
from realtime.channels import Channel
from realtime.cursors import Cursor, generation
from realtime.errors import Forbidden
from realtime.packets import Packet
from realtime.tallies import ALL_SEEN, Unseen

T = TypeVar("T")

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
            DatabaseError: the page was not turned; try again.
        """
        last = self.packets[-1].event_id
        packets = log.page(self.spans, after_id=last, limit=REPLAY_PAGE)
        # Asked after the page: whatever the page lacks was pruned before.
        if any(head.pruned_id > last for head in log.heads(list(self.spans)).values()):
            raise log.Pruned
        self.packets = packets


@dataclass(slots=True)
class Question:
    """What an opening asks. ``most``: how many events a cursor may have missed. ``written``: the seq up to
    which some of the topics were written to this socket before. ``with_state``: whether the state is told."""

    channel: Channel
    since: str | None
    most: int | None
    written: Mapping[str, int]
    with_state: bool = True


def read_states(channels: Sequence[Channel]) -> list[dict[str, Any] | Exception | None]:
    """For each its state frame as of one moment; None where there is none, or the right ended: an event that
    says so is on its way. Runs on a reading thread."""

    def state(channel: Channel) -> dict[str, Any] | None:
        try:
            channel.authorize()
        except Forbidden:
            return None
        return channel.state_frame()

    with prepared(channels):
        return [_attempt(partial(state, channel)) for channel in channels]


def read_snapshots(questions: Sequence[Question]) -> list[Snapshot | Exception]:
    """What one moment says to each, or what its channel raised (Forbidden). Runs on a reading thread."""
    with prepared(question.channel for question in questions):
        readings = [_Reading(question) for question in questions]
        readers = _able(readings, _Reading.authorize)
        heads = log.heads(list(dict.fromkeys(name for each in readers for name in each.names)))
        standing = log.standing()
        readers = _able(readers, lambda each: each.place(heads, standing))
        _read_replays([each for each in readers if each.missed])
        _able(readers, lambda each: each.finish(standing))
    return [each.answer for each in readings]


@contextmanager
def prepared(channels: Iterable[Channel]) -> Iterator[None]:
    """Inside, one moment of the database is seen, and channels have what their class read for all of them."""
    by_class: dict[type[Channel], list[Channel]] = {}
    for channel in channels:
        by_class.setdefault(type(channel), []).append(channel)
    with log.snapshot():
        for channel_class, some in by_class.items():
            found = channel_class.prepare(some)
            for channel in some:
                channel.prepared = found
        try:
            yield
        finally:
            for channel in itertools.chain(*by_class.values()):
                channel.prepared = None  # it is as old as the snapshot


def _attempt(work: Callable[[], T]) -> T | Exception:
    try:
        return work()
    except DatabaseError:
        raise  # the snapshot is broken for everyone
    except Exception as error:  # noqa: BLE001  # whatever an app's channel raises is its opening's own
        return error


def _able(readings: Iterable[_Reading], step: Callable[[_Reading], None]) -> list[_Reading]:
    """Those for which the step went well."""
    able = []
    for each in readings:
        error = _attempt(partial(step, each))
        if error is None:
            able.append(each)
        else:
            each.answer = error
    return able


class _Reading:
    """One question while it is being answered."""

    names: list[str]
    heads: dict[str, log.Head]
    cursor: Cursor
    answer: Snapshot | Exception

    def __init__(self, question: Question) -> None:
        self.question = question
        self.channel = question.channel
        self.missed: dict[str, log.Span] = {}  # to be replayed, as far as the user may see it
        self.since: Cursor | None = None
        self.packets: list[Packet] = []
        self.recovered = True

    def authorize(self) -> None:
        self.channel.authorize()
        self.names = self.channel.topic_names()

    def place(self, heads: Mapping[str, log.Head], standing: log.Tail) -> None:
        """Where the topics stand, and which part of them to look at."""
        self.heads = {name: heads[name] for name in self.names}
        if self.channel.several_topics:
            self.cursor = Cursor("horizon", standing.horizon, standing.epoch)
        else:
            self.cursor = Cursor("id", self.heads[self.names[0]].event_id, standing.epoch)
        if self.question.since is None:
            return
        self.since = cursors.parse(self.question.since)
        if self.since is None or not _served(self.since, self.channel, self.heads, standing):
            self.give_up()
            return
        floors = self.channel.floors()
        self.missed = {name: log.Span(floors.get(name, 0), head.seq) for name, head in self.heads.items()}

    def give_up(self) -> None:
        """The events missed since the cursor cannot be served."""
        self.since, self.missed, self.recovered = None, {}, False

    @property
    def count(self) -> int:
        """How many events are to be replayed: a topic's numbers have no gap."""
        return sum(span.head - span.floor for span in self.missed.values())

    def finish(self, standing: log.Tail) -> None:
        replay = Replay(self.missed, self.since, self.packets, self.recovered)
        self.answer = Snapshot(
            names=self.names,
            heads=self.heads,
            unseen=_unseen(self.channel, self.heads, replay, self.question.written),
            horizon=standing.horizon,
            cursor=self.cursor,
            replay=replay,
            state=self.channel.state_frame() if self.question.with_state else None,
        )


def _read_replays(readings: Sequence[_Reading]) -> None:
    """What each missed, and the first page of it. Short ones are read by one statement, so that what many
    missed is read, and made into frames, once."""
    asked = [(each.missed, each.since) for each in readings if each.since is not None]
    short = []
    for each, missed in zip(readings, log.missed_each(asked), strict=True):
        each.missed = missed
        if each.question.most is not None and each.count > each.question.most:
            each.give_up()
        elif each.count > REPLAY_PAGE:
            each.packets = log.page(missed, limit=REPLAY_PAGE)
        elif missed:
            short.append(each)
    spans: dict[str, log.Span] = {}
    for each in short:
        for name, span in each.missed.items():
            spans[name] = log.Span(min(span.floor, spans.get(name, span).floor), span.head)
    packets = log.page(spans, limit=2**31)
    for each in short:
        each.packets = [p for p in packets if p.topic in each.missed and p.seq > each.missed[p.topic].floor]


def _unseen(
    channel: Channel, heads: dict[str, log.Head], replay: Replay, written: Mapping[str, int]
) -> Unseen:
    """What hidden users add to totals, from where the first frame is still to be written."""
    users = frozenset(map(str, channel.hides()))
    if not users:
        return ALL_SEEN
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
