"""Publish: into the log with the change, and after the commit to the hub and the broker.

The committing thread never waits for the broker: it hands packets to this process's hub, which
passes them on through a bounded queue; what is dropped there, the log has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections, transaction

from realtime import appending, fanout, log, topics
from realtime.channels import broadcast_topic
from realtime.erasing import erase_rewritten
from realtime.events import DURABLE, LATEST, STATE, Event
from realtime.packets import Packet
from realtime.topics import Topic

observers: list[Callable[[Event, Topic], None]] = []  # `testing.captured_events` listens here


def publish(event: Event, *, using: str | None = None, skip_socket: str | None = None) -> None:
    """Tell ``event`` to everyone on its topic, once the transaction at hand commits.

    A durable event is logged in that transaction (in one of its own where there is none). An
    event of a transaction or savepoint that is rolled back is never sent. ``skip_socket`` is
    left out of an EPHEMERAL event: the sender's own.
    """
    _publish(event, event.topic(), using=using, skip_socket=skip_socket)


def publish_at_once(event: Event, *, skip_socket: str | None = None) -> None:
    """Tell an event that is not durable, whatever transaction is open. For the event loop, where
    the database cannot be asked.

    Raises:
        ValueError: the event is durable, and its place is in a transaction.
    """
    if event.delivery is DURABLE:
        raise ValueError(f"{type(event).__name__} is durable: publish() it.")
    topic = event.topic()
    _check(topic)
    for observe in observers:
        observe(event, topic)
    fanout.send([_packet(event, topic, skip_socket)])


def broadcast(channel: str, event: Event) -> None:
    """Tell ``event`` to everyone who has ``channel`` open, such as ``"feed"``."""
    _publish(event, broadcast_topic(channel))


def send_to_users(user_keys: Iterable[Any], channel: str, event: Event) -> None:
    """Tell ``event`` to each of these users on ``channel``, all or none (one transaction)."""
    with transaction.atomic(using=log.database(), savepoint=False):
        for user_key in user_keys:
            _publish(event, topics.user(user_key, channel))


apublish = sync_to_async(publish)
abroadcast = sync_to_async(broadcast)
asend_to_users = sync_to_async(send_to_users)


def _publish(event: Event, topic: Topic, *, using: str | None = None, skip_socket: str | None = None) -> None:
    using = using or log.database()
    if event.delivery is STATE:
        raise ValueError(f"{type(event).__name__} is a state frame: a channel's state() returns it.")
    _check(topic)
    for observe in observers:
        observe(event, topic)
    kept = _gathering.kept
    if kept is not None and _gathering.using == using and event.delivery is DURABLE and not event.rewrites:
        kept.append(appending.row(event, topic))
    elif event.delivery is DURABLE:
        with transaction.atomic(using=using, savepoint=False):
            erase_rewritten(event, topic.name, using=using)
            entry = appending.append(event, topic, using=using)
            transaction.on_commit(_after_commit(entry, using), using=using, robust=True)
    else:
        packets = [_packet(event, topic, skip_socket)]
        transaction.on_commit(lambda: fanout.send(packets), using=using, robust=True)


class _Gathering(threading.local):
    """What this thread keeps, of which database; None: it logs each event at once."""

    kept: list[tuple[Packet, appending.Row]] | None = None
    using = ""


_gathering = _Gathering()


@contextmanager
def gathering(using: str) -> Iterator[None]:
    """Inside, durable events are kept, and in the end logged together and numbered: for the end of a
    transaction, since their topics are locked from then on until it commits."""
    kept: list[tuple[Packet, appending.Row]] = []
    _gathering.kept, _gathering.using = kept, using
    try:
        yield
    finally:
        _gathering.kept = None
    if kept:
        packets = appending.append_numbered(kept, using=using)
        transaction.on_commit(lambda: fanout.send(packets()), using=using, robust=True)


def _check(topic: Topic) -> None:
    if topics.is_here(topic.name):
        raise ValueError(f"{topic.name} is told by each process's own hub: hub.receive().")


def _packet(event: Event, topic: Topic, skip_socket: str | None) -> Packet:
    """An event that is not logged, ready to go."""
    return Packet(
        topic=topic.name,
        body=event.encode(topic.channel),
        type=event.type,
        actor=None if (actor := event.actor()) is None else str(actor),
        key=event.key() if event.delivery is LATEST else "",
        skip_socket=skip_socket or "",
        withheld=tuple(map(str, event.withheld_from())),
    )


class _Commit:
    """The events of one PostgreSQL transaction, which have no numbers before its commit.

    Every event registers it, so that a rolled-back savepoint, whose callbacks Django drops, does
    not silence the others; the first call sends all that the commit kept. Django names a callback
    that fails by its ``__qualname__``, which objects and partials lack: so it gets a method.
    """

    def __init__(self, xid: int, using: str) -> None:
        self.xid = xid
        self.using = using
        self.waiting: dict[int, Packet] = {}

    def send(self) -> None:
        waiting, self.waiting = self.waiting, {}
        if not waiting:
            return
        packets = []
        for entry, (seq, event_id) in appending.numbered(self.xid, using=self.using).items():
            if packet := waiting.get(entry):
                packet.seq, packet.event_id = seq, event_id
                packets.append(packet)
        fanout.send(sorted(packets, key=lambda packet: packet.event_id))


def _after_commit(entry: appending.Entry, using: str) -> Callable[[], None]:
    if entry.packet.seq:
        return lambda: fanout.send([entry.packet])
    connection = connections[using]
    commit = getattr(connection, "_kith_commit", None)
    if commit is None or commit.xid != entry.xid:
        commit = connection._kith_commit = _Commit(entry.xid, using)  # type: ignore[attr-defined]
    commit.waiting[entry.entry] = entry.packet
    return commit.send
