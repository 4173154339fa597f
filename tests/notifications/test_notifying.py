from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from connections.services import block_add
from notifications.models import Cause, Notification
from notifications.services import notifications_read, notify, preferences_set
from realtime.testing import captured_events
from tests.harness.databases import in_thread
from tests.harness.people import People
from tests.notifications.conftest import Trio, achieve, comment, like, unread


def told(events: list[Any]) -> list[tuple[int, int, Any, int]]:
    """Of each `notification`: its inner id, its count, its actor, and the unread count."""
    frames = [event.frame("notifications") for event in events if event.type == "notification"]
    shown = [(frame["notification"], frame["unread_count"]) for frame in frames]
    return [(one.id, one.count, one.user_id, unread_count) for one, unread_count in shown]


def test_what_is_told_is_all_that_was_said(trio: Trio) -> None:
    trio.bob.first_name = "Bob"
    with captured_events() as events:
        row = notify(
            recipient=trio.alice,
            type="mention",
            actor=trio.bob,
            text="hi",
            data={"message_id": 5},
            post_id=1,
            comment_id=2,
            chat_id=3,
        )
    assert row is not None
    [event] = events
    assert event.topic() == (f"user.{trio.alice.pk}.notifications", "notifications")
    frame = event.frame("notifications")
    assert frame["unread_count"] == 1
    shown = frame["notification"]
    assert (shown.id, shown.type, shown.user_id, shown.user_name) == (
        row.pk,
        "mention",
        trio.bob.pk,
        "Bob",
    )
    assert (shown.post_id, shown.comment_id, shown.chat_id) == (1, 2, 3)
    assert (shown.text, shown.data, shown.count, shown.read) == ("hi", {"message_id": 5}, 1, False)
    assert shown.timestamp == row.timestamp


def test_ones_own_act_is_no_news(trio: Trio) -> None:
    with captured_events() as events:
        assert like(trio.alice, trio.alice) is None
    assert not events
    assert not Notification.objects.exists()


@pytest.mark.parametrize("blocker", ["alice", "bob"])
def test_nothing_is_told_between_two_of_whom_one_blocks_the_other(trio: Trio, blocker: str) -> None:
    one, other = (trio.alice, trio.bob) if blocker == "alice" else (trio.bob, trio.alice)
    block_add(user=one, user_id=other.pk)
    with captured_events() as events:
        assert like(trio.alice, trio.bob) is None
    assert not events
    assert like(trio.alice, trio.carol) is not None


def test_a_type_that_is_off_is_not_made_and_the_others_are(trio: Trio) -> None:
    preferences_set(user=trio.alice, preferences={"reaction_on_post": False, "achievement": False})
    with captured_events() as events:
        assert like(trio.alice, trio.bob) is None
        assert achieve(trio.alice) is None
    assert not events
    assert comment(trio.alice, trio.bob, 1) is not None
    assert like(trio.bob, trio.alice) is not None
    preferences_set(user=trio.alice, preferences={"reaction_on_post": True})
    assert like(trio.alice, trio.bob) is not None


def test_an_apps_own_type_needs_nobody_and_is_not_grouped(trio: Trio) -> None:
    with captured_events() as events:
        first, second = achieve(trio.alice, "Ten posts"), achieve(trio.alice, "Ten posts")
    assert first != second
    frame = events[0].frame("notifications")
    assert (frame["notification"].type, frame["notification"].text) == ("achievement", "Ten posts")
    assert (frame["notification"].user_id, frame["notification"].user_name) == (None, "")


@pytest.mark.parametrize("name", ["", "Achievement", "a b", "1up", "é", "a\n", "x" * 65])
def test_a_name_that_is_none_is_refused_before_anything_is_written(trio: Trio, name: str) -> None:
    with pytest.raises(ValueError, match="snake_case"):
        notify(recipient=trio.alice, type=name)
    assert not Notification.objects.exists()


def test_a_group_too_long_to_keep_is_refused(trio: Trio) -> None:
    with pytest.raises(ValueError, match="group"):
        notify(recipient=trio.alice, type="level_up", group="x" * 101)
    assert notify(recipient=trio.alice, type="level_up", group="x" * 100) is not None


def test_nothing_of_a_rolled_back_change_is_told(trio: Trio) -> None:
    with transaction.atomic():
        like(trio.alice, trio.bob)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    with captured_events() as events:
        row = like(trio.alice, trio.carol)
    assert row is not None
    assert told(events) == [(row.pk, 1, trio.carol.pk, 1)]


def test_a_row_that_any_code_saves_is_told(trio: Trio) -> None:
    with captured_events() as events:
        row = Notification.objects.create(recipient=trio.alice, type="achievement", text="By hand")
        row.read = True
        row.save()
        row.delete()
    assert [event.type for event in events] == [
        "notification",
        "notifications_read",
        "notifications_removed",
    ]
    assert [event.frame("notifications")["unread_count"] for event in events] == [1, 0, 0]


# ── groups ──────────────────────────────────────────────────────────────────────────────────


def test_reactions_on_one_post_are_one_notification_that_counts_people(trio: Trio) -> None:
    with captured_events() as events:
        rows = [like(trio.alice, actor) for actor in (trio.bob, trio.carol, trio.bob)]
    [row] = Notification.objects.all()
    assert rows == [row, row, row]
    bob, carol = trio.bob.pk, trio.carol.pk
    assert told(events) == [(row.pk, 1, bob, 1), (row.pk, 2, carol, 1), (row.pk, 2, bob, 1)]
    assert row.causes.count() == 2


def test_comments_on_one_post_are_one_notification_that_shows_the_newest(trio: Trio) -> None:
    for number, (actor, text) in enumerate([(trio.bob, "one"), (trio.carol, "two"), (trio.carol, "three")]):
        comment(trio.alice, actor, number + 1, text)
    [row] = Notification.objects.all()
    assert (row.count, row.actor, row.comment_id, row.text) == (2, trio.carol, 3, "three")
    assert row.causes.count() == 3


def test_other_posts_types_and_people_are_told_apart(trio: Trio) -> None:
    like(trio.alice, trio.bob, post_id=1)
    like(trio.alice, trio.bob, post_id=2)
    comment(trio.alice, trio.bob, 1, post_id=1)
    like(trio.carol, trio.bob, post_id=1)
    assert Notification.objects.count() == 4
    assert (unread(trio.alice), unread(trio.carol)) == (3, 1)


def test_reading_starts_a_new_group(trio: Trio) -> None:
    first = like(trio.alice, trio.bob)
    notifications_read(user=trio.alice, all=True)
    with captured_events() as events:
        second = like(trio.alice, trio.carol)
    assert first is not None
    assert second is not None
    assert told(events) == [(second.pk, 1, trio.carol.pk, 1)]
    first.refresh_from_db()
    assert (first.count, first.actor, first.read) == (1, trio.bob, True)


def test_an_app_groups_as_it_likes_and_counts_acts_of_nobody(trio: Trio) -> None:
    for actor in (None, trio.bob, None, trio.bob):
        notify(recipient=trio.alice, type="level_up", actor=actor, group="levels")
    [row] = Notification.objects.all()
    assert row.count == 3
    for _ in range(2):
        notify(recipient=trio.alice, type="reaction_on_post", actor=trio.bob, post_id=1, group="")
    assert Notification.objects.count() == 3


def test_a_grown_group_stands_where_its_newest_cause_does(trio: Trio) -> None:
    old = like(trio.alice, trio.bob)
    achieve(trio.alice)
    like(trio.alice, trio.carol)
    assert Notification.objects.order_by("-timestamp").first() == old


def test_the_database_refuses_a_second_unread_group(trio: Trio) -> None:
    row = like(trio.alice, trio.bob)
    assert row is not None
    with pytest.raises(IntegrityError):
        Notification.objects.create(recipient=trio.alice, type=row.type, group_key=row.group_key)


def test_a_notification_costs_the_same_whatever_there_is(trio: Trio, people: People) -> None:
    def queries() -> int:
        newcomer = people.user()
        with CaptureQueriesContext(connection) as caught:
            like(trio.alice, newcomer)
        return len(caught)

    like(trio.alice, trio.bob)
    first = queries()
    for _ in range(20):
        achieve(trio.alice)
        like(trio.alice, people.user())
    assert queries() == first


def test_the_deletion_of_a_user_takes_both_sides_along(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    like(trio.alice, trio.carol)
    comment(trio.alice, trio.carol, 1, "mine")
    like(trio.carol, trio.alice)
    with captured_events() as events:
        in_thread(trio.carol.delete)
    [row] = Notification.objects.all()
    assert (row.recipient, row.actor, row.count) == (trio.alice, trio.bob, 1)
    assert [cause.actor for cause in Cause.objects.all()] == [trio.bob]
    last = [event for event in events if event.topic().name == f"user.{trio.alice.pk}.notifications"][-1]
    assert last.frame("notifications").get("unread_count", 1) == 1
