"""Asking, answering, taking back; and the peace of those who said no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connections.models import Connection, Request
from connections.selectors import are_connected, requests_page
from connections.services import (
    block_add,
    connection_make,
    connection_remove,
    request_accept,
    request_decline,
    request_send,
    request_withdraw,
)
from notifications.models import Notification
from realtime.errors import Conflict, InvalidMessage, NotFound
from realtime.testing import captured_events
from tests.connections.conftest import Three
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


def ask(sender: Any, other: Any, **options: Any) -> Request:
    request_id, _ = request_send(sender=sender, user_id=other.pk, **options)
    return Request.objects.get(pk=request_id)


def told(work: Callable[[], Any]) -> list[tuple[Any, ...]]:
    """``(topic, type, reason or None)`` of what was published on the channel `connections`."""
    with captured_events() as events:
        work()
    found = [(event.topic(), event.type, getattr(event, "reason", None)) for event in events]
    return [(topic.name, *rest) for topic, *rest in found if topic.channel == "connections"]


def waiting(user: Any, direction: str) -> list[int]:
    return [row.pk for row in requests_page(user=user, direction=direction, limit=10)]


def topic(user: Any) -> str:
    return f"user.{user.pk}.connections"


def test_request_is_told_to_both_sides_and_waits(three: Three) -> None:
    events = told(lambda: ask(three.alice, three.bob))
    assert events == [
        (topic(three.bob), "connection_request", None),
        (topic(three.alice), "request_sent", None),
    ]
    [request] = Request.objects.all()
    assert waiting(three.alice, "sent") == waiting(three.bob, "received") == [request.pk]
    assert waiting(three.alice, "received") == waiting(three.bob, "sent") == []
    assert waiting(three.carol, "received") == []


def test_accepting_connects_tells_both_and_notifies_the_requester(three: Three) -> None:
    request = ask(three.alice, three.bob)
    events = told(lambda: request_accept(user=three.bob, request_id=request.pk))
    assert events == [
        (topic(three.alice), "request_closed", "accepted"),
        (topic(three.bob), "request_closed", "accepted"),
        (topic(three.alice), "connection_accepted", None),
        (topic(three.bob), "connection_accepted", None),
    ]
    assert are_connected(user_id=three.bob.pk, other_id=three.alice.pk)
    found = Notification.objects.values_list("recipient", "type", "actor")
    assert sorted(found) == [
        (three.alice.pk, "connection_accepted", three.bob.pk),
        (three.bob.pk, "connection_request", three.alice.pk),
    ]


def test_accepting_again_changes_and_tells_nothing(three: Three) -> None:
    request = ask(three.alice, three.bob)
    request_accept(user=three.bob, request_id=request.pk)
    assert told(lambda: request_accept(user=three.bob, request_id=request.pk)) == []
    assert Connection.objects.count() == 1


def test_accepted_request_does_not_bring_a_removed_tie_back(three: Three) -> None:
    request = ask(three.alice, three.bob)
    request_accept(user=three.bob, request_id=request.pk)
    connection_remove(user=three.alice, user_id=three.bob.pk)
    with pytest.raises(Conflict):
        request_accept(user=three.bob, request_id=request.pk)
    assert not Connection.objects.exists()


def test_asking_again_while_it_waits_answers_the_same_request(three: Three) -> None:
    first, duplicate = request_send(sender=three.alice, user_id=three.bob.pk)
    assert not duplicate
    assert told(lambda: ask(three.alice, three.bob)) == []
    assert request_send(sender=three.alice, user_id=str(three.bob.pk)) == (first, True)
    assert Notification.objects.count() == 1


def test_same_ref_makes_one_request_and_another_person_is_a_conflict(three: Three) -> None:
    first = ask(three.alice, three.bob, ref="r")
    request_withdraw(user=three.alice, request_id=first.pk)
    assert request_send(sender=three.alice, user_id=three.bob.pk, ref="r") == (first.pk, True)
    assert waiting(three.alice, "sent") == []
    with pytest.raises(Conflict):
        ask(three.alice, three.carol, ref="r")


def test_two_who_ask_each_other_are_connected_by_the_second_request(three: Three) -> None:
    theirs = ask(three.bob, three.alice)
    mine, duplicate = request_send(sender=three.alice, user_id=three.bob.pk)
    assert (mine, duplicate) == (theirs.pk, False)
    assert are_connected(user_id=three.alice.pk, other_id=three.bob.pk)
    assert waiting(three.alice, "received") == waiting(three.bob, "sent") == []


def test_withdrawn_request_is_gone_for_both_with_its_notification(three: Three) -> None:
    request = ask(three.alice, three.bob)
    events = told(lambda: request_withdraw(user=three.alice, request_id=request.pk))
    assert events == [
        (topic(three.alice), "request_closed", "withdrawn"),
        (topic(three.bob), "request_closed", "withdrawn"),
    ]
    assert told(lambda: request_withdraw(user=three.alice, request_id=request.pk)) == []
    assert waiting(three.bob, "received") == []
    assert not Notification.objects.exists()
    with pytest.raises(Conflict):
        request_accept(user=three.bob, request_id=request.pk)
    assert ask(three.alice, three.bob).pk != request.pk


# ── a no ────────────────────────────────────────────────────────────────────────────────────


def test_decline_is_told_to_the_decliner_alone_and_the_requester_sees_it_waiting(three: Three) -> None:
    request = ask(three.alice, three.bob)
    events = told(lambda: request_decline(user=three.bob, request_id=request.pk))
    assert events == [(topic(three.bob), "request_closed", "declined")]
    assert waiting(three.bob, "received") == []
    assert waiting(three.alice, "sent") == [request.pk]
    assert not Notification.objects.exists()
    assert told(lambda: request_decline(user=three.bob, request_id=request.pk)) == []
    with pytest.raises(Conflict):
        request_accept(user=three.bob, request_id=request.pk)


def test_no_request_reaches_the_one_who_said_no(three: Three) -> None:
    first = ask(three.alice, three.bob)
    request_decline(user=three.bob, request_id=first.pk)
    assert told(lambda: ask(three.alice, three.bob)) == []
    assert told(lambda: request_withdraw(user=three.alice, request_id=first.pk)) == [
        (topic(three.alice), "request_closed", "withdrawn")
    ]
    for _ in range(2):
        assert told(lambda: ask(three.alice, three.bob)) == [(topic(three.alice), "request_sent", None)]
        [again] = waiting(three.alice, "sent")
        assert waiting(three.bob, "received") == []
        for answer in (request_accept, request_decline):
            with pytest.raises(NotFound):
                answer(user=three.bob, request_id=again)
        request_withdraw(user=three.alice, request_id=again)
    assert not Notification.objects.exists()


def test_decliner_who_asks_is_connected_with_one_who_still_waits(three: Three) -> None:
    request = ask(three.alice, three.bob)
    request_decline(user=three.bob, request_id=request.pk)
    assert ask(three.bob, three.alice) == request
    assert are_connected(user_id=three.alice.pk, other_id=three.bob.pk)


def test_decliner_who_asks_takes_the_no_back(three: Three) -> None:
    request = ask(three.alice, three.bob)
    request_decline(user=three.bob, request_id=request.pk)
    request_withdraw(user=three.alice, request_id=request.pk)
    mine = ask(three.bob, three.alice)
    request_withdraw(user=three.bob, request_id=mine.pk)
    assert (topic(three.bob), "connection_request", None) in told(lambda: ask(three.alice, three.bob))


def test_no_is_forgotten_once_the_two_are_connected(three: Three) -> None:
    request = ask(three.alice, three.bob)
    request_decline(user=three.bob, request_id=request.pk)
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    connection_remove(user=three.bob, user_id=three.alice.pk)
    ask(three.alice, three.bob)
    assert len(waiting(three.bob, "received")) == 1


# ── refused ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", [None, True, "x", [], 10**30, ""])
def test_what_is_no_users_key_is_refused(three: Three, key: Any) -> None:
    with pytest.raises(InvalidMessage):
        request_send(sender=three.alice, user_id=key)


def test_oneself_and_those_already_connected_cannot_be_asked(three: Three) -> None:
    with pytest.raises(InvalidMessage):
        ask(three.alice, three.alice)
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    for one, other in ((three.alice, three.bob), (three.bob, three.alice)):
        with pytest.raises(Conflict):
            ask(one, other)


def test_missing_inactive_and_hidden_people_are_refused_alike(three: Three, people: People) -> None:
    gone = people.user("gone", is_active=False)
    block_add(user=three.bob, user_id=three.alice.pk)
    block_add(user=three.alice, user_id=three.carol.pk)
    refusals = set()
    for key in (2**63 - 1, gone.pk, three.bob.pk, three.carol.pk):
        with pytest.raises(NotFound) as refused:
            request_send(sender=three.alice, user_id=key)
        refusals.add((refused.value.message, refused.value.field))
    assert len(refusals) == 1
    assert not Request.objects.exists()


def test_only_the_asked_one_answers_and_only_the_requester_withdraws(three: Three) -> None:
    request = ask(three.alice, three.bob)
    for service, strangers in (
        (request_accept, (three.alice, three.carol)),
        (request_decline, (three.alice, three.carol)),
        (request_withdraw, (three.bob, three.carol)),
    ):
        for user in strangers:
            with pytest.raises(NotFound):
                service(user=user, request_id=request.pk)
    request.refresh_from_db()
    assert request.status == "pending"
