"""Marks, by which another log is told from the one that was known, and the renewing of its epoch and ids."""

from __future__ import annotations

import pytest
from django.db import transaction

from realtime import appending, history, log
from realtime.cursors import GENERATION, generation
from realtime.history import Mark, Marks
from realtime.models import LoggedEvent, Topic
from realtime.packets import Packet
from tests.harness.databases import Database
from tests.realtime.noted import Noted
from tests.realtime.older_copy import put_back

pytestmark = pytest.mark.usefixtures("database")

A, B = "notes.a", "notes.b"


def note(*texts: str, on: str = "a") -> None:
    """Log these, one after the other."""
    for text in texts:
        with transaction.atomic():
            event = Noted(text=text, on=on)
            appending.append(event, event.topic(), using="default")


def packets(*topics: str) -> list[Packet]:
    return log.after_seq(dict.fromkeys(topics, 0), limit=1000)


def ids() -> list[int]:
    return [packet.event_id for packet in packets(A, B)]


def marks(*noted: Packet) -> Marks:
    """Of a process that heard these, each at a moment of its own."""
    marks = Marks()
    for at, packet in enumerate(noted):
        marks.note(packet, float(at))
    return marks


def is_same(marks: Marks) -> bool:
    return history.look(0, marks.all()).is_same


# ── marks ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_in_the_log_is_found_there() -> None:
    note("one", "two")
    note("three", on="b")
    assert is_same(marks(*packets(A, B)))
    assert is_same(Marks())


def test_events_that_were_given_the_numbers_of_others_are_not_taken_for_them() -> None:
    note("one", "two", "three")
    lost = packets(A)
    put_back(1)
    assert is_same(marks(lost[0]))
    assert not is_same(marks(lost[2]))
    note("other two", "other three", "other four")
    assert [packet.event_id for packet in packets(A)][:3] == [packet.event_id for packet in lost]
    assert is_same(marks(lost[0], *packets(A)))
    assert not is_same(marks(*lost, *packets(A)))


def test_a_writers_packet_marks_the_same_as_the_logs() -> None:
    with transaction.atomic():
        event = Noted(text="one")
        written = appending.append(event, event.topic(), using="default").packet
    assert [packet.created for packet in packets(A)] == [written.created] != [""]


def test_what_was_pruned_is_not_missing() -> None:
    note("one", "two")
    known = marks(*packets(A))
    LoggedEvent.objects.filter(seq=1).delete()
    assert not is_same(known)
    Topic.objects.update(pruned_id=packets(A)[0].event_id - 1)
    assert is_same(known)


def test_of_each_moment_the_last_is_kept_and_what_follows_a_pause_hides_nothing() -> None:
    note(*"abcd")
    kept = Marks()
    at = 100.01
    for packet, later in zip(packets(A), (0, 0.05, 0.25, 1), strict=True):
        kept.note(packet, at + later)
    assert [mark.event_id for mark in kept.all()] == ids()[1:]


def test_after_a_look_the_newest_is_kept_and_what_was_noted_meanwhile() -> None:
    note(*"abc")
    one, two, three = (Mark(packet.event_id, packet.topic, packet.created) for packet in packets(A))
    kept = marks(*packets(A)[:2])
    looked = kept.all()
    kept.note(packets(A)[2], 9.0)
    kept.found(looked, one)
    assert kept.all() == [two, three]
    assert history.look(0, []).newest == three


def test_not_all_is_looked_for_at_once() -> None:
    note("one")
    kept = marks(*packets(A) * (history.MOST + 7))
    assert len(kept.all()) == history.MOST


# ── renewing ────────────────────────────────────────────────────────────────────────────────


def test_renewing_is_done_once_and_ids_go_on_in_a_later_generation() -> None:
    note("one")
    before = log.standing()
    history.renew(before.epoch, beyond=2 * GENERATION + 7)
    after = log.standing()
    history.renew(before.epoch)
    assert log.standing()[1:] == after[1:]  # its horizon counts transactions
    assert after.epoch != before.epoch
    note("two")
    assert generation(ids()[1]) == generation(after.last_id) > 2
    assert [packet.seq for packet in packets(A)] == [1, 2]
    history.renew(after.epoch)
    assert generation(log.standing().last_id) > generation(after.last_id)


def test_transactions_of_another_server_come_before_all_of_this_one(postgres_database: Database) -> None:
    """A dump brings their numbers, and this server may not be so far."""
    note("one")
    LoggedEvent.objects.update(xid=10**12)
    Topic.objects.update(pruned_xid=10**12)
    history.renew(log.standing().epoch)
    assert log.tail(log.standing().horizon).heads == {}
    assert log.heads([A])[A].pruned_xid == 0
