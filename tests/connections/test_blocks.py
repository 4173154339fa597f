"""Ties and blocks: what ends, who is told, and that nothing comes back by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from connections.models import Block, Connection, Parting, Request
from connections.selectors import (
    are_connected,
    connected_ids,
    hidden_actors,
    hidden_ids,
    is_hidden,
    request_status,
    requests_page,
)
from connections.services import (
    block_add,
    block_remove,
    connection_make,
    connection_remove,
    request_accept,
    request_decline,
    request_send,
    tie_ended,
    tie_made,
)
from notifications.models import Notification
from realtime.errors import Conflict, InvalidMessage, NotFound
from realtime.models import LoggedEvent
from realtime.testing import captured_events
from tests.connections.conftest import Three
from tests.connections.test_requests import ask, told, topic

pytestmark = pytest.mark.usefixtures("database")


def test_tie_is_one_row_whoever_is_named_first(three: Three) -> None:
    first = connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    assert connection_make(one_id=three.bob.pk, other_id=three.alice.pk) == first
    for one, other in ((three.alice, three.bob), (three.bob, three.alice), (three.carol, three.carol)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Connection.objects.create(one=one, other=other)


def test_removal_is_told_to_both_each_naming_the_other(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    with captured_events() as events:
        connection_remove(user=three.bob, user_id=three.alice.pk)
    removed = {event.topic().name: event for event in events if event.type == "connection_removed"}
    assert removed[topic(three.alice)].frame("c")["user_id"] == three.bob.pk
    assert removed[topic(three.bob)].frame("c")["user_id"] == three.alice.pk
    orders = [event.topic().name for event in events if event.type == "control_changed"]
    assert sorted(orders) == sorted(f"user.{user.pk}.control" for user in (three.alice, three.bob))
    with pytest.raises(NotFound):
        connection_remove(user=three.bob, user_id=three.alice.pk)


def test_removed_person_may_be_asked_again(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    connection_remove(user=three.bob, user_id=three.alice.pk)
    request = ask(three.alice, three.bob)
    request_accept(user=three.bob, request_id=request.pk)
    assert are_connected(user_id=three.alice.pk, other_id=three.bob.pk)


def test_signals_of_ties_are_sent_in_the_transaction_and_may_undo_it(three: Three) -> None:
    seen: list[tuple[Any, ...]] = []

    def made(one: Any, other: Any, **_: Any) -> None:
        seen.append(("made", one, other, transaction.get_connection().in_atomic_block))

    def ended(one: Any, other: Any, **_: Any) -> None:
        raise RuntimeError("not so fast")

    tie_made.connect(made)
    tie_ended.connect(ended)
    try:
        Connection.objects.create(one=three.alice, other=three.bob)
        with pytest.raises(RuntimeError):
            connection_remove(user=three.alice, user_id=three.bob.pk)
    finally:
        tie_made.disconnect(made)
        tie_ended.disconnect(ended)
    assert seen == [("made", three.alice.pk, three.bob.pk, True)]
    assert Connection.objects.count() == 1


def test_block_ends_the_tie_and_hides_each_from_the_other(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    connection_make(one_id=three.carol.pk, other_id=three.bob.pk)
    events = told(lambda: block_add(user=three.alice, user_id=three.bob.pk))
    assert sorted(events) == sorted(
        [
            (topic(three.alice), "block_changed", None),
            (topic(three.alice), "connection_removed", None),
            (topic(three.bob), "connection_removed", None),
        ]
    )
    assert is_hidden(user_id=three.bob.pk, other_id=three.alice.pk)
    assert connected_ids(user_id=three.bob.pk) == [three.carol.pk]


@pytest.mark.parametrize("declined", [False, True])
@pytest.mark.parametrize("blocker_asked", [False, True])
def test_block_closes_requests_and_looks_like_a_withdrawal_to_the_other(
    three: Three, blocker_asked: bool, declined: bool
) -> None:
    sender, other = (three.alice, three.bob) if blocker_asked else (three.bob, three.alice)
    request = ask(sender, other)
    if declined:
        request_decline(user=other, request_id=request.pk)
    events = told(lambda: block_add(user=three.alice, user_id=three.bob.pk))
    closed = [
        (topic(three.alice), "request_closed", "blocked"),
        (topic(three.bob), "request_closed", "withdrawn"),
    ]
    if declined:  # for the decliner it was closed already
        closed = [event for event in closed if event[0] == topic(sender)]
    assert sorted(events) == sorted([(topic(three.alice), "block_changed", None), *closed])
    request.refresh_from_db()
    assert request_status(user=three.alice, request=request) == "blocked"
    assert request_status(user=three.bob, request=request) == "withdrawn"
    for user in (three.alice, three.bob):
        assert requests_page(user=user, limit=10) == []
    assert not Notification.objects.exists()
    with pytest.raises(Conflict):
        request_accept(user=other, request_id=request.pk)


def test_blocking_again_changes_nothing_and_each_may_block_the_other(three: Three) -> None:
    first, duplicate = block_add(user=three.alice, user_id=three.bob.pk)
    assert not duplicate
    assert told(lambda: block_add(user=three.alice, user_id=three.bob.pk)) == []
    assert block_add(user=three.alice, user_id=three.bob.pk) == (first, True)
    block_add(user=three.bob, user_id=three.alice.pk)
    block_remove(user=three.alice, user_id=three.bob.pk)
    assert is_hidden(user_id=three.alice.pk, other_id=three.bob.pk)


def test_unblocking_brings_back_nothing_but_sight(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    block_add(user=three.alice, user_id=three.bob.pk)
    events = told(lambda: block_remove(user=three.alice, user_id=three.bob.pk))
    assert events == [(topic(three.alice), "block_changed", None)]
    assert not is_hidden(user_id=three.alice.pk, other_id=three.bob.pk)
    assert not Connection.objects.exists()
    ask(three.bob, three.alice)
    with pytest.raises(NotFound):
        block_remove(user=three.alice, user_id=three.bob.pk)


def test_a_no_outlives_a_block(three: Three) -> None:
    request = ask(three.bob, three.alice)
    request_decline(user=three.alice, request_id=request.pk)
    block_add(user=three.alice, user_id=three.bob.pk)
    block_remove(user=three.alice, user_id=three.bob.pk)
    ask(three.bob, three.alice)
    assert requests_page(user=three.alice, limit=10) == []


def test_block_with_ref_and_of_nobody(three: Three) -> None:
    first, _ = block_add(user=three.alice, user_id=three.bob.pk, ref="b")
    block_remove(user=three.alice, user_id=three.bob.pk)
    assert block_add(user=three.alice, user_id=three.bob.pk, ref="b") == (first, True)
    assert not Block.objects.exists()
    with pytest.raises(Conflict):
        block_add(user=three.alice, user_id=three.carol.pk, ref="b")
    with pytest.raises(InvalidMessage):
        block_add(user=three.alice, user_id=three.alice.pk)
    with pytest.raises(NotFound):
        block_add(user=three.alice, user_id=2**63 - 1)


# ── whoever makes the rows ──────────────────────────────────────────────────────────────────


def test_rows_made_by_any_code_are_told(three: Three) -> None:
    request = Request(from_user=three.alice, to_user=three.bob)
    assert told(request.save) == [
        (topic(three.bob), "connection_request", None),
        (topic(three.alice), "request_sent", None),
    ]
    request.status = Request.Status.DECLINED
    assert told(request.save) == [(topic(three.bob), "request_closed", "declined")]
    assert told(request.delete) == [
        (topic(three.alice), "request_closed", "withdrawn"),
        (topic(three.bob), "request_closed", "withdrawn"),
    ]
    tie = Connection(one=three.alice, other=three.bob)
    assert {event[1] for event in told(tie.save)} == {"connection_accepted"}
    assert {event[1] for event in told(tie.delete)} == {"connection_removed"}
    block = Block(user=three.alice, blocked=three.bob)
    assert told(block.save) == told(block.delete) == [(topic(three.alice), "block_changed", None)]


def test_tie_that_code_left_beside_a_block_counts_for_nothing(three: Three) -> None:
    request_send(sender=three.carol, user_id=three.alice.pk)
    Connection.objects.create(one=three.alice, other=three.bob)
    Block.objects.create(user=three.bob, blocked=three.alice)
    Block.objects.create(user=three.carol, blocked=three.alice)
    assert connected_ids(user_id=three.alice.pk) == connected_ids(user_id=three.bob.pk) == []
    assert requests_page(user=three.alice, limit=10) == []
    with pytest.raises(Conflict):
        request_accept(user=three.alice, request_id=Request.objects.get().pk)


def test_deleted_user_leaves_ties_requests_and_blocks(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    request_send(sender=three.alice, user_id=three.carol.pk)
    block_add(user=three.bob, user_id=three.carol.pk)
    alice, name = three.alice.pk, three.alice.username
    assert LoggedEvent.objects.filter(body__contains=name).exists()
    with captured_events() as events:
        three.alice.delete()
    assert {event.type for event in events} >= {"connection_removed", "request_closed"}
    assert connected_ids(user_id=three.bob.pk) == []
    assert requests_page(user=three.carol, limit=10) == []
    assert connected_ids(user_id=alice) == []
    assert not LoggedEvent.objects.filter(body__contains=name).exists()


def test_who_was_hidden_stays_so_after_the_account_is_deleted(three: Three) -> None:
    alice, bob, carol = three
    gone = {str(bob.pk)}
    block_add(user=alice, user_id=bob.pk)
    block_add(user=bob, user_id=carol.pk)
    block_add(user=carol, user_id=bob.pk)
    bob.delete()
    for person in (alice, carol):
        assert hidden_ids(user_id=person.pk) == set()
        assert hidden_actors(user_id=person.pk) == gone
    block_add(user=alice, user_id=carol.pk)
    assert hidden_actors(user_id=alice.pk) == gone | {str(carol.pk)}
    block_remove(user=alice, user_id=carol.pk)
    assert hidden_actors(user_id=alice.pk) == gone
    alice.delete()
    assert [parting.user for parting in Parting.objects.all()] == [carol]


def test_those_who_are_deleted_together_leave_nothing(three: Three) -> None:
    alice, bob, carol = three
    block_add(user=alice, user_id=bob.pk)
    block_add(user=carol, user_id=bob.pk)
    gone = str(bob.pk)
    type(alice).objects.filter(pk__in=[alice.pk, bob.pk]).delete()
    assert [(parting.user, parting.gone) for parting in Parting.objects.all()] == [(carol, gone)]
