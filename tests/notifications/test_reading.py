"""Read marks and preferences."""

from __future__ import annotations

from typing import Any

import pytest

from notifications import selectors, types
from notifications.models import Inbox, Notification
from notifications.services import (
    notifications_mark_read,
    notifications_read,
    preferences_set,
    type_register,
)
from notifications.services.reading import IDS, MUTED
from realtime.errors import InvalidMessage, TooLarge
from realtime.testing import captured_events
from tests.notifications.conftest import Trio, achieve, like, unread

ON = dict.fromkeys(types.BUILT_IN, True)


def told(events: list[Any]) -> list[dict[str, Any]]:
    """Their frames without what every frame has."""
    frames = [event.frame("notifications") for event in events]
    return [
        {name: value for name, value in frame.items() if name not in ("channel", "timestamp")}
        for frame in frames
    ]


def test_some_are_read_and_the_rest_is_counted(trio: Trio) -> None:
    keys = [achieve(trio.alice).pk for _ in range(3)]
    with captured_events() as events:
        assert notifications_read(user=trio.alice, ids=[keys[2], keys[0], keys[0]]) == 1
    assert told(events) == [{"type": "notifications_read", "ids": [keys[0], keys[2]], "unread_count": 1}]
    assert [row.read for row in Notification.objects.order_by("pk")] == [True, False, True]


def test_all_there_are_are_read(trio: Trio) -> None:
    for _ in range(3):
        achieve(trio.alice)
    achieve(trio.bob)
    with captured_events() as events:
        assert notifications_read(user=trio.alice, all=True) == 0
    assert told(events) == [{"type": "notifications_read", "all": True, "unread_count": 0}]
    assert unread(trio.bob) == 1


def test_others_and_what_is_gone_or_read_are_passed_over_in_silence(trio: Trio) -> None:
    mine, theirs = achieve(trio.alice), achieve(trio.bob)
    notifications_read(user=trio.alice, ids=[mine.pk])
    with captured_events() as events:
        assert notifications_read(user=trio.alice, ids=[mine.pk, theirs.pk, 10**18]) == 0
        assert notifications_read(user=trio.alice, ids=[]) == 0
        assert notifications_read(user=trio.alice, all=True) == 0
        assert notifications_read(user=trio.carol, all=True) == 0
    assert not events
    assert unread(trio.bob) == 1


def test_either_ids_or_all(trio: Trio) -> None:
    for arguments in ({}, {"ids": [1], "all": True}, {"all": False}):
        with pytest.raises(InvalidMessage) as refused:
            notifications_read(user=trio.alice, **arguments)
        assert refused.value.field == "ids"
    with pytest.raises(TooLarge):
        notifications_read(user=trio.alice, ids=range(1, IDS + 2))


def test_moderators_mark_anybodys_and_each_is_told(trio: Trio) -> None:
    first, second, theirs = achieve(trio.alice), achieve(trio.alice), achieve(trio.bob)
    notifications_read(user=trio.alice, ids=[second.pk])
    with captured_events() as events:
        assert notifications_mark_read(notifications=Notification.objects.all()) == 2
    assert sorted(frame["ids"] for frame in told(events)) == sorted([[first.pk], [theirs.pk]])
    assert unread(trio.alice) == unread(trio.bob) == 0


# ── preferences ─────────────────────────────────────────────────────────────────────────────


def test_everything_is_on_at_first(trio: Trio) -> None:
    assert selectors.preferences(user=trio.alice) == ON
    assert not Inbox.objects.exists()


def test_types_are_switched_one_by_one(trio: Trio) -> None:
    with captured_events() as events:
        preferences_set(user=trio.alice, preferences={"mention": False, "achievement": False})
        now = preferences_set(user=trio.alice, preferences={"mention": True})
    first, second = told(events)
    assert first == {
        "type": "preferences_changed",
        "preferences": ON | {"mention": False, "achievement": False},
    }
    assert second["preferences"] == now == ON | {"achievement": False}
    assert selectors.preferences(user=trio.alice) == now
    assert selectors.preferences(user=trio.bob) == ON


def test_a_switch_that_changes_nothing_is_not_told(trio: Trio) -> None:
    with captured_events() as events:
        assert preferences_set(user=trio.alice, preferences={"mention": True}) == ON
        assert preferences_set(user=trio.alice, preferences={}) == ON
    assert not events


def test_what_was_told_before_a_switch_stays(trio: Trio) -> None:
    like(trio.alice, trio.bob)
    preferences_set(user=trio.alice, preferences={"reaction_on_post": False})
    assert unread(trio.alice) == 1


def test_names_that_are_none_and_too_many_are_refused(trio: Trio) -> None:
    with pytest.raises(InvalidMessage) as refused:
        preferences_set(user=trio.alice, preferences={"mention": False, "No type": False})
    assert refused.value.field == "preferences"
    with pytest.raises(TooLarge):
        preferences_set(user=trio.alice, preferences={f"t{number}": False for number in range(MUTED + 1)})
    assert selectors.preferences(user=trio.alice) == ON


def test_a_registered_type_is_shown_to_everyone(trio: Trio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types, "_registered", [])
    for name in ("achievement", "achievement", "mention"):
        type_register(type=name)
    assert selectors.preferences(user=trio.alice) == ON | {"achievement": True}
    with pytest.raises(ValueError, match="snake_case"):
        type_register(type="No type")
