"""What the law of events (tests/harness/law.py) needs to know of notifications. What a frame says of the
unread count must be what is counted here."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec

from tests.harness.client import Frame
from tests.harness.rows import Count, Durable, Id, Passing, UserId, Utc
from tests.harness.views import View


class Shown(msgspec.Struct, forbid_unknown_fields=True):
    """The inner object."""

    id: Id
    type: str
    user_id: UserId | None
    user_name: str
    count: Count
    post_id: int | None
    comment_id: int | None
    chat_id: int | None
    text: str
    data: dict[str, Any]
    read: bool
    timestamp: Utc


class Notification(Durable):
    notification: Shown
    unread_count: Count


class NotificationsRead(Durable):
    unread_count: Count
    ids: list[Id] | None = None
    all: bool | None = None


class NotificationsRemoved(Durable):
    ids: list[Id]
    unread_count: Count


class PreferencesChanged(Durable):
    preferences: dict[str, bool]


class NotificationsState(Passing):
    unread_count: Count


class Notices(View):
    """What one user knows of their notifications."""

    channel = "notifications"
    rows = Notification | NotificationsRead | NotificationsRemoved | PreferencesChanged | NotificationsState

    def read(self) -> None:
        self.preferences = self.rest.get("/api/notifications/preferences/")["preferences"]
        found = self.rest.pages("/api/notifications/")
        self.cursor = found[0]["cursor"]
        self.shown: dict[int, dict[str, Any]] = {row["id"]: row for page in found for row in page["results"]}
        self.told(found[-1]["unread_count"])

    @property
    def unread_count(self) -> int:
        return sum(not row["read"] for row in self.shown.values())

    @property
    def facts(self) -> dict[str, Any]:
        """Rows in the order of the list."""
        newest_first = sorted(
            self.shown.values(), key=lambda row: (row["timestamp"], row["id"]), reverse=True
        )
        return deepcopy({"rows": newest_first, "preferences": self.preferences})

    def apply(self, frame: Frame) -> None:
        super().apply(frame)
        if "unread_count" in frame:
            self.told(frame["unread_count"])

    def told(self, unread_count: int) -> None:
        """Raises AssertionError: it is not what is counted here."""
        assert unread_count == self.unread_count

    def on_notification(self, *, notification: dict[str, Any], **_: Any) -> None:
        self.shown[notification["id"]] = dict(notification)

    def on_notifications_read(self, *, ids: list[int] | None = None, all: bool = False, **_: Any) -> None:
        assert (ids is not None) is not all
        for key in self.shown if ids is None else ids:
            self.shown[key]["read"] = True

    def on_notifications_removed(self, *, ids: list[int], **_: Any) -> None:
        for key in ids:
            self.shown.pop(key, None)

    def on_preferences_changed(self, *, preferences: dict[str, bool], **_: Any) -> None:
        self.preferences = preferences

    def on_notifications_state(self, **_: Any) -> None:
        """Its count is all it says."""
