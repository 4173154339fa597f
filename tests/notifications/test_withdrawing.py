"""What has lost its cause goes, from lists, counts and the log; so does what a block hides."""

from __future__ import annotations

from typing import Any

import pytest

from connections.services import block_add
from notifications.models import Cause, Notification
from notifications.services import (
    causes_withdraw,
    mentions_notify,
    notifications_delete,
    notifications_read,
    notifications_withdraw,
    notify,
)
from realtime.events import Event
from realtime.models import LoggedEvent
from realtime.testing import captured_events
from tests.notifications.conftest import Trio, achieve, comment, like, unread


def frames(events: list[Event]) -> list[dict[str, Any]]:
    """What clients get of them."""
    return [event.frame("notifications") for event in events if not event.silent]


def unlike(trio: Trio, actor: Any) -> None:
    notifications_withdraw(recipient=trio.alice, type="reaction_on_post", actor=actor, post_id=1)


def log_text(user: Any) -> str:
    """All that the log still says to this user."""
    rows = LoggedEvent.objects.filter(topic=f"user.{user.pk}.notifications")
    return "\n".join(rows.values_list("body", flat=True))


@pytest.mark.parametrize("read", [False, True])
def test_a_notification_without_a_cause_is_gone_read_or_not(trio: Trio, read: bool) -> None:
    row = like(trio.alice, trio.bob)
    other = achieve(trio.alice)
    assert row is not None
    if read:
        notifications_read(user=trio.alice, ids=[row.pk])
    with captured_events() as events:
        unlike(trio, trio.bob)
    [frame] = frames(events)
    assert (frame["type"], frame["ids"], frame["unread_count"]) == ("notifications_removed", [row.pk], 1)
    assert list(Notification.objects.all()) == [other]


def test_a_group_says_and_counts_what_remains(trio: Trio) -> None:
    row = like(trio.alice, trio.bob)
    like(trio.alice, trio.carol)
    with captured_events() as events:
        unlike(trio, trio.carol)
    [frame] = frames(events)
    shown = frame["notification"]
    assert (frame["type"], frame["unread_count"]) == ("notification", 1)
    assert (row and shown.id == row.pk, shown.count, shown.user_id) == (True, 1, trio.bob.pk)


def test_one_of_a_persons_comments_leaves_the_person_in_the_group(trio: Trio) -> None:
    comment(trio.alice, trio.bob, 1, "one")
    comment(trio.alice, trio.carol, 2, "two")
    comment(trio.alice, trio.carol, 3, "three")
    notifications_withdraw(comment_id=3)
    [row] = Notification.objects.all()
    assert (row.count, row.actor, row.comment_id, row.text) == (2, trio.carol, 2, "two")
    with captured_events() as events:
        notifications_withdraw(comment_id=1)
    [row] = Notification.objects.all()
    assert (row.count, row.actor, row.text) == (1, trio.carol, "two")
    assert [frame["type"] for frame in frames(events)] == ["notification"]


def test_what_is_not_there_is_withdrawn_in_silence(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    with captured_events() as events:
        unlike(trio, trio.carol)
        notifications_withdraw(post_id=2)
    assert not events
    assert unread(trio.alice) == 1


def test_a_post_takes_all_of_its_notifications_along(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    comment(trio.alice, trio.bob, 1)
    everyone = {user.pk for user in trio}
    mentions_notify(actor=trio.alice, text=f"@{trio.carol.username}", post_id=1, audience=everyone)
    like(trio.alice, trio.bob, post_id=2)
    notifications_withdraw(post_id=1)
    assert [row.post_id for row in Notification.objects.all()] == [2]


def test_data_names_a_cause_more_closely(trio: Trio) -> None:
    for number in (1, 2):
        notify(recipient=trio.alice, type="mention", actor=trio.bob, chat_id=1, data={"message_id": number})
    notifications_withdraw(type="mention", chat_id=1, data={"message_id": 1})
    assert [row.data for row in Notification.objects.all()] == [{"message_id": 2}]


def test_a_type_alone_is_refused(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    with pytest.raises(ValueError, match="everybody"):
        notifications_withdraw(type="reaction_on_post")
    assert Notification.objects.count() == 1


def test_withdrawn_text_is_nowhere_in_the_log(trio: Trio) -> None:
    comment(trio.alice, trio.bob, 1, "harmless")
    comment(trio.alice, trio.carol, 2, "regretted")
    assert "regretted" in log_text(trio.alice)
    notifications_withdraw(comment_id=2)
    assert "regretted" not in log_text(trio.alice)
    assert "harmless" in log_text(trio.alice)
    notifications_withdraw(comment_id=1)
    assert "harmless" not in log_text(trio.alice)
    assert trio.bob.username not in log_text(trio.alice)


def test_moderators_delete_causes_and_notifications(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    like(trio.alice, trio.carol)
    comment(trio.carol, trio.bob, 1)
    causes_withdraw(causes=Cause.objects.filter(actor=trio.bob))
    [row] = Notification.objects.all()
    assert (row.recipient, row.actor, row.count) == (trio.alice, trio.carol, 1)
    with captured_events() as events:
        notifications_delete(notifications=Notification.objects.all())
    assert [frame["unread_count"] for frame in frames(events)] == [0]
    assert not Notification.objects.exists()


# ── blocks ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by_alice", [True, False])
def test_a_block_hides_what_each_was_told_of_the_other(trio: Trio, by_alice: bool) -> None:
    kept = achieve(trio.alice)
    group = like(trio.alice, trio.carol)
    like(trio.alice, trio.bob)
    comment(trio.alice, trio.bob, 1, "from bob")
    like(trio.bob, trio.alice)
    blocker, blocked = (trio.alice, trio.bob) if by_alice else (trio.bob, trio.alice)
    with captured_events() as events:
        block_add(user=blocker, user_id=blocked.pk)
    assert set(Notification.objects.filter(recipient=trio.alice)) == {kept, group}
    assert not Notification.objects.filter(recipient=trio.bob).exists()
    assert group is not None
    group.refresh_from_db()
    assert (group.count, group.actor) == (1, trio.carol)
    last = [event for event in events if event.topic().name == f"user.{trio.alice.pk}.notifications"]
    counts = [frame["unread_count"] for frame in frames(last)]
    assert counts[-1] == unread(trio.alice) == 2


def test_after_a_block_neither_is_named_in_the_others_log(trio: Trio) -> None:
    like(trio.alice, trio.carol)
    like(trio.alice, trio.bob)
    comment(trio.alice, trio.bob, 1, "from bob")
    block_add(user=trio.alice, user_id=trio.bob.pk)
    assert trio.bob.username not in log_text(trio.alice)
    assert "from bob" not in log_text(trio.alice)
    assert trio.carol.username in log_text(trio.alice)


def test_a_block_leaves_others_notifications_alone(trio: Trio) -> None:
    like(trio.carol, trio.bob)
    like(trio.alice, trio.carol)
    block_add(user=trio.alice, user_id=trio.bob.pk)
    assert Notification.objects.count() == 2
