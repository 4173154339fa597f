"""The log: append, read, and what it says of where everything stands. On both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction

from realtime import appending, cursors, history, log
from realtime.cursors import Cursor
from realtime.log import Span
from realtime.models import LoggedEvent, LogState
from realtime.packets import Packet
from tests.harness.databases import Database, in_thread
from tests.realtime.noted import Noted

A, B, C = "notes.a", "notes.b", "notes.c"

pytestmark = pytest.mark.usefixtures("database")


def note(*texts: str, on: str = "a", **told: Any) -> None:
    """Log these, in one transaction."""
    with transaction.atomic():
        for text in texts:
            event = Noted(text=text, on=on, **told)
            appending.append(event, event.topic(), using="default")


def texts(packets: list[Packet]) -> list[str]:
    return [json.loads(packet.body)["text"] for packet in packets]


def parsed(cursor: str) -> Cursor:
    found = cursors.parse(cursor)
    assert found is not None
    return found


def everything(*topics: str) -> list[Packet]:
    return log.after_seq(dict.fromkeys(topics, 0), limit=1000)


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_not_logged_outside_a_transaction() -> None:
    event = Noted(text="alone")
    with pytest.raises(transaction.TransactionManagementError, match="publish"):
        appending.append(event, event.topic(), using="default")
    assert everything(A) == []


def test_events_of_a_topic_are_numbered_from_one_without_a_gap() -> None:
    note("one", "two")
    note("three", on="b")
    note("four")
    assert [(packet.topic, packet.seq) for packet in everything(A, B)] == [(A, 1), (A, 2), (B, 1), (A, 3)]
    ids = [packet.event_id for packet in everything(A, B)]
    assert ids == sorted(set(ids))


def test_a_transaction_that_is_rolled_back_leaves_no_number_out() -> None:
    note("one")
    with transaction.atomic():
        note("never")
        transaction.set_rollback(True)
    note("two")
    kept = everything(A)
    assert texts(kept) == ["one", "two"]
    assert [packet.seq for packet in kept] == [1, 2]


def test_the_log_keeps_what_the_event_says_of_itself() -> None:
    note("one", about="note:1", by=7, gains=8)
    note("two", by="0e7c3e4a", loses=9)
    one, two = LoggedEvent.objects.order_by("entry")
    assert (one.type, one.subject, one.actor, one.revokes, one.grants) == ("noted", "note:1", "7", None, "8")
    assert (two.subject, two.actor, two.revokes, two.grants) == ("", "0e7c3e4a", "9", None)
    assert [(packet.actor, packet.revokes) for packet in everything(A)] == [("7", None), ("0e7c3e4a", "9")]


def test_a_frame_from_the_log_has_its_id_first_and_nothing_hidden() -> None:
    note("one", by=7)
    [packet] = everything(A)
    frame = json.loads(packet.text)
    assert list(frame) == ["id", "type", "channel", "text", "timestamp"]
    assert (frame["id"], frame["channel"]) == (packet.event_id, "notes/a")


# ── reading ─────────────────────────────────────────────────────────────────────────────────


def test_reading_goes_on_after_each_topics_place_oldest_first() -> None:
    note("a1", "a2")
    note("b1", on="b")
    note("a3")
    note("c1", on="c")
    assert texts(log.after_seq({A: 1, B: 0}, limit=100)) == ["a2", "b1", "a3"]
    assert texts(log.after_seq({A: 1, B: 0}, limit=2)) == ["a2", "b1"]
    assert log.after_seq({}, limit=100) == []


def test_a_thousand_topics_are_read_in_the_order_of_all() -> None:
    with transaction.atomic():
        for number in range(1000):
            note(str(number), on=str(number * 7919 % 1000))
    names = [f"notes.{number}" for number in range(1000)]
    in_order = sorted(everything(*names), key=lambda packet: packet.event_id)
    assert everything(*names) == in_order
    assert len(in_order) == len(log.heads(names)) == 1000
    assert everything(*names)[:10] == log.after_seq(dict.fromkeys(names, 0), limit=10)


def missed(cursor: Cursor, *topics: str, floor: int = 0) -> list[str]:
    heads = log.heads(topics)
    spans = {name: Span(floor, heads[name].seq) for name in topics}
    return texts(log.page(log.missed(spans, cursor), limit=100))


def test_an_id_is_a_place_in_one_topic() -> None:
    note("a1", "a2", "a3")
    second = everything(A)[1].event_id
    assert missed(Cursor("id", second), A) == ["a3"]
    assert missed(Cursor("id", 0), A) == ["a1", "a2", "a3"]


def test_a_horizon_is_a_place_in_several() -> None:
    note("a1")
    note("b1", on="b")
    horizon = parsed(log.horizon_cursor())
    assert missed(horizon, A, B) == []
    note("b2", on="b")
    note("a2")
    note("c1", on="c")
    assert missed(horizon, A, B) == ["b2", "a2"]


def test_what_lies_outside_a_topics_span_is_not_read() -> None:
    note("a1", "a2", "a3", "a4")
    note("b1", on="b")
    spans = {A: Span(1, 3), B: Span(0)}
    assert texts(log.page(spans, limit=100)) == ["a2", "a3", "b1"]


def test_pages_follow_each_other_without_a_gap() -> None:
    for number in range(10):
        note(f"{number}", on="ab"[number % 2])
    told: list[Packet] = []
    while page := log.page({A: Span(0), B: Span(0)}, after_id=told[-1].event_id if told else 0, limit=3):
        told += page
    assert texts(told) == [f"{number}" for number in range(10)]


def test_heads_tell_where_topics_stand() -> None:
    note("a1", "a2")
    heads = log.heads([A, B])
    assert heads == {A: log.Head(seq=2, event_id=everything(A)[1].event_id), B: log.Head()}


def test_the_tail_names_the_topics_that_changed_and_no_others() -> None:
    note("a1")
    before = log.standing()
    assert before.heads == {}
    assert log.tail(before.horizon).heads == {}
    note("a2", "a3")
    note("b1", on="b")
    after = log.tail(before.horizon)
    assert after.heads == {A: 3, B: 1}
    assert after.last_id == everything(B)[-1].event_id
    assert after.horizon > before.horizon
    assert log.tail(after.horizon).heads == {}


def test_the_newest_grant_counts_and_only_ones_own() -> None:
    note("joined", gains=7)
    note("said", "said")
    note("joined", gains=8)
    note("came back", gains=7)
    note("joined", on="b", gains=8)
    found = log.granted_seqs([(A, 7), (B, 7), (A, "8"), (B, 8), (A, 9)])
    assert found == {(A, "7"): 5, (A, "8"): 4, (B, "8"): 1}
    assert log.granted_seqs([]) == {}


def test_of_several_cursors_each_finds_what_it_missed() -> None:
    note("a1", "a2", "a3")
    note("b1", "b2", on="b")
    horizon = parsed(log.horizon_cursor())
    note("b3", on="b")
    ids = [packet.event_id for packet in everything(A, B)]
    asked = [
        ({A: Span(0, 3)}, Cursor("id", ids[0])),
        ({A: Span(2, 3)}, Cursor("id", ids[0])),
        ({A: Span(0, 3)}, Cursor("id", ids[2])),
        ({A: Span(0, 3), B: Span(0, 3)}, horizon),
        ({B: Span(0, 3), A: Span(3, 3)}, Cursor("id", 0)),
    ]
    found = log.missed_each(asked)
    assert found == [{A: Span(1, 3)}, {A: Span(2, 3)}, {}, {B: Span(2, 3)}, {B: Span(0, 3)}]
    assert found == [log.missed(*each) for each in asked]


# ── one moment ──────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_sees_one_moment_whatever_others_commit() -> None:
    note("a1")
    with log.snapshot():
        cursor = log.cursor_of(A)
        in_thread(note, "a2")
        assert texts(everything(A)) == ["a1"]
        assert log.heads([A])[A].seq == 1
        assert log.cursor_of(A) == cursor
    assert log.cursor_of(A) != cursor
    assert missed(parsed(cursor), A) == ["a2"]


def test_a_horizon_read_in_a_snapshot_agrees_with_its_rows() -> None:
    note("a1")
    with log.snapshot():
        seen = texts(everything(A))
        in_thread(note, "a2")
        cursor = log.horizon_cursor()
    assert seen == ["a1"]
    assert missed(parsed(cursor), A) == ["a2"]


def test_a_snapshot_inside_a_transaction_reads_what_that_wrote() -> None:
    with transaction.atomic():
        note("a1")
        with log.snapshot():
            assert LoggedEvent.objects.count() == 1
    assert texts(everything(A)) == ["a1"]


def test_a_snapshot_leaves_no_transaction_open() -> None:
    with pytest.raises(ZeroDivisionError), log.snapshot():
        raise ZeroDivisionError
    note("a1")
    assert not connection.in_atomic_block
    assert in_thread(everything, A)


def test_a_snapshot_does_not_wait_for_a_writer(database: Database) -> None:
    note("a1")
    with transaction.atomic():
        note("uncommitted")
        assert database.run(_texts_in_snapshot) == ["a1"]


def _texts_in_snapshot() -> list[str]:
    with log.snapshot():
        return texts(everything(A))


# ── epochs ──────────────────────────────────────────────────────────────────────────────────


def test_cursors_say_of_which_log_they_are() -> None:
    note("a1")
    one, several = parsed(log.cursor_of(A)), parsed(log.horizon_cursor())
    assert (one.kind, several.kind) == ("id", "horizon")
    assert one.epoch == several.epoch == log.standing().epoch
    history.renew(log.standing().epoch)
    assert parsed(log.cursor_of(A)).epoch != one.epoch


def test_a_migrated_log_has_an_epoch_of_its_own() -> None:
    assert log.standing().epoch != log.FIRST_EPOCH


def test_the_log_goes_on_after_its_state_row_was_flushed_away() -> None:
    LogState.objects.all().delete()
    assert log.standing().epoch == log.FIRST_EPOCH
    note("a1")
    assert texts(everything(A)) == ["a1"]
    history.renew(log.standing().epoch)
    assert log.standing().epoch != log.FIRST_EPOCH
