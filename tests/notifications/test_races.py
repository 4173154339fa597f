"""What happens at once, on PostgreSQL: counts stay absolute and exact, and nobody waits for ever."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from connections.services import block_add, block_remove
from notifications.models import Inbox, Notification
from notifications.services import (
    inboxes_hold,
    notifications_read,
    notifications_withdraw,
)
from realtime.models import LoggedEvent
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.harness.races import at_once
from tests.harness.waiting import wait_until
from tests.notifications.conftest import Trio, achieve, comment, like, unread
from tests.notifications.state import Notices

TIMES = 10
CROWD = 8


@pytest.fixture(autouse=True)
def on_both(postgres_database: Database) -> Database:
    """PostgreSQL alone: SQLite has one writer at a time."""
    return postgres_database


@pytest.fixture
def crowd(people: People) -> list[Any]:
    return [people.user() for _ in range(CROWD)]


class Logged(Notices):
    """What the log makes of one user's notifications. Where something was withdrawn, earlier frames say what
    was true then, so that only the last count must be exact."""

    def __init__(self, user: Any) -> None:
        self.shown, self.preferences = {}, {}
        self.last = 0
        rows = LoggedEvent.objects.filter(topic=f"user.{user.pk}.notifications").order_by("seq")
        frames = [{"id": row.event_id, **json.loads(row.body)} for row in rows]
        self.apply_all(frame for frame in frames if frame["type"] != "notification_rewritten")
        assert self.last == self.unread_count

    def told(self, unread_count: int) -> None:
        self.last = unread_count


def counts(user: Any) -> list[int]:
    """Every unread count told, in order."""
    rows = LoggedEvent.objects.filter(topic=f"user.{user.pk}.notifications").order_by("seq")
    return [json.loads(row.body)["unread_count"] for row in rows]


def test_many_at_once_are_counted_one_by_one(trio: Trio) -> None:
    at_once(*[partial(achieve, trio.alice, str(number)) for number in range(CROWD * 3)])
    assert counts(trio.alice) == list(range(1, CROWD * 3 + 1))
    assert Inbox.objects.count() == 1


def test_reactions_at_once_are_one_group_that_counts_everybody(trio: Trio, crowd: list[Any]) -> None:
    for post_id in range(TIMES):
        at_once(*[partial(like, trio.alice, actor, post_id) for actor in crowd])
    rows = list(Notification.objects.all())
    assert len(rows) == TIMES
    assert {(row.count, row.causes.count()) for row in rows} == {(CROWD, CROWD)}
    assert Logged(trio.alice).unread_count == TIMES


def test_told_read_and_withdrawn_at_once_every_count_is_exact(trio: Trio, crowd: list[Any]) -> None:
    def stir(number: int) -> None:
        actor = crowd[number % CROWD]
        like(trio.alice, actor, post_id=number % 3)
        comment(trio.alice, actor, number + 1, "text", post_id=number % 3)
        if number % 3 == 0:
            notifications_read(user=trio.alice, all=True)
        notifications_withdraw(recipient=trio.alice, actor=actor, post_id=number % 3)
        achieve(trio.alice)

    for start in range(0, CROWD * 3, CROWD):
        at_once(*[partial(stir, start + number) for number in range(CROWD)])
    assert Logged(trio.alice).unread_count == unread(trio.alice)
    assert {row["id"] for row in Logged(trio.alice).facts["rows"]} == set(
        Notification.objects.values_list("pk", flat=True)
    )


def test_a_block_while_something_is_told_leaves_nothing(trio: Trio) -> None:
    for post_id in range(TIMES):
        together: list[Callable[[], Any]] = [
            partial(like, trio.alice, trio.bob, post_id),
            partial(block_add, user=trio.alice, user_id=trio.bob.pk),
            partial(comment, trio.bob, trio.alice, post_id + 1),
        ]
        at_once(*together)
        assert not Notification.objects.exists()
        in_thread(block_remove, user=trio.alice, user_id=trio.bob.pk)
    assert Logged(trio.alice).shown == Logged(trio.bob).shown == {}


def test_a_notification_under_way_is_waited_for_and_withdrawn(trio: Trio) -> None:
    """The order that a race seldom meets: told, not yet committed, when the block begins."""
    with transaction.atomic():
        like(trio.alice, trio.bob)
        blocking = threading.Thread(
            target=in_thread, args=[block_add], kwargs={"user": trio.alice, "user_id": trio.bob.pk}
        )
        blocking.start()
        _wait_for_a_lock()
    blocking.join(timeout=10)
    assert not blocking.is_alive()
    assert not Notification.objects.exists()


def _wait_for_a_lock() -> None:
    """Until another connection waits for a row of this one's."""

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return bool(cursor.fetchone()[0])

    # In a thread: within a transaction PostgreSQL shows the activity of its first look again and again.
    wait_until(lambda: in_thread(waits), what="the block to wait")


def test_who_notifies_several_in_any_order_does_not_deadlock(trio: Trio) -> None:
    def tell(first: Any, second: Any, number: int) -> None:
        with transaction.atomic():
            inboxes_hold(user_ids=[first.pk, second.pk])
            comment(first, trio.carol, number)
            comment(second, trio.carol, number)

    for number in range(1, TIMES + 1):
        at_once(
            *[partial(tell, trio.alice, trio.bob, number), partial(tell, trio.bob, trio.alice, -number)] * 3
        )
    assert unread(trio.alice) == unread(trio.bob) == 1


def test_one_person_is_not_held_up_by_what_is_told_to_another(trio: Trio) -> None:
    with transaction.atomic():
        like(trio.alice, trio.bob)
        in_thread(like, trio.carol, trio.bob)
        assert in_thread(unread, trio.carol) == 1
