"""*State read by REST before + events received = state read by REST after*, for notifications.

    state = State.read(site.api(alice))
    state.apply_all(await client.barrier())
    assert state.facts == State.read(site.api(alice)).facts

Every frame must fit its row of PROTOCOL §4 exactly, and what it says of the unread count must be what is
counted here. Applying a frame again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from typing import Any, Self

import httpx
import msgspec

from tests.harness.client import Frame


class Shown(msgspec.Struct, forbid_unknown_fields=True):
    """The inner object."""

    id: int
    type: str
    user_id: int | None
    user_name: str
    count: int
    post_id: int | None
    comment_id: int | None
    chat_id: int | None
    text: str
    data: dict[str, Any]
    read: bool
    timestamp: datetime


class Durable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the frame of every durable event has."""

    type: str
    channel: str
    id: int
    timestamp: datetime


class Notification(Durable):
    notification: Shown
    unread_count: int


class NotificationsRead(Durable):
    unread_count: int
    ids: list[int] | None = None
    all: bool | None = None


class NotificationsRemoved(Durable):
    ids: list[int]
    unread_count: int


class PreferencesChanged(Durable):
    preferences: dict[str, bool]


class NotificationsState(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    channel: str
    unread_count: int


ROWS: dict[str, type[Any]] = {
    "notification": Notification,
    "notifications_read": NotificationsRead,
    "notifications_removed": NotificationsRemoved,
    "preferences_changed": PreferencesChanged,
    "notifications_state": NotificationsState,
}


class State:
    """What one user knows of their notifications."""

    def __init__(self) -> None:
        self.cursor = ""
        self.rows: dict[int, dict[str, Any]] = {}
        self.preferences: dict[str, bool] = {}

    @classmethod
    def read(cls, api: httpx.Client) -> Self:
        """As REST tells it, all pages."""
        state = cls()
        state.preferences = (
            api.get("/api/notifications/preferences/").raise_for_status().json()["preferences"]
        )
        url = "/api/notifications/?limit=3"
        while url:
            page = api.get(url).raise_for_status().json()
            state.cursor = state.cursor or page["cursor"]
            state.rows |= {row["id"]: row for row in page["results"]}
            url = page["next"]
        assert page["unread_count"] == state.unread_count
        return state

    @property
    def unread_count(self) -> int:
        return sum(not row["read"] for row in self.rows.values())

    @property
    def facts(self) -> dict[str, Any]:
        """All there is to compare: rows in the order of the list."""
        newest_first = sorted(self.rows.values(), key=lambda row: (row["timestamp"], row["id"]), reverse=True)
        return deepcopy({"rows": newest_first, "preferences": self.preferences})

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """Apply those of the frames that have a row here, in their order.

        Raises:
            msgspec.ValidationError: one does not fit its row.
            AssertionError: one counts otherwise than this.
        """
        for frame in frames:
            if frame["type"] in ROWS:
                msgspec.convert(frame, ROWS[frame["type"]])
                assert frame["channel"] == "notifications"
                self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        match frame["type"]:
            case "notification":
                self.rows[frame["notification"]["id"]] = dict(frame["notification"])
            case "notifications_read":
                assert ("ids" in frame) is not frame.get("all", False), frame
                for key in frame.get("ids", self.rows):
                    self.rows[key]["read"] = True
            case "notifications_removed":
                for key in frame["ids"]:
                    self.rows.pop(key, None)
            case "preferences_changed":
                self.preferences = frame["preferences"]
        if "unread_count" in frame:
            self.told(frame["unread_count"])

    def told(self, unread_count: int) -> None:
        """Raises AssertionError: it is not what is counted here."""
        assert unread_count == self.unread_count
