"""What the law of events (tests/harness/law.py) needs to know of presence."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

import msgspec

from tests.harness.rows import Passing, UserId, Utc
from tests.harness.views import View

Status = Literal["online", "away", "busy"]


class User(msgspec.Struct, forbid_unknown_fields=True):
    user_id: UserId
    full_name: str
    status: Status
    last_seen: Utc | None


class PresenceState(Passing):
    users: list[User]


class UserOnline(Passing):
    user_id: UserId
    full_name: str
    status: Status


class UserOffline(Passing):
    user_id: UserId
    last_seen: Utc


class Friends(View):
    """Whom one user is connected with, and how they are. (Who is a connection, `connections` tells: after
    `presence_state`, which comes when ties change, those who are not online are read again.)"""

    channel = "online"
    rows = PresenceState | UserOnline | UserOffline
    is_late = True

    def read(self) -> None:
        found = self.rest.pages("/api/connections/")
        self.cursor = found[0]["cursor"]
        keys = [row["user_id"] for page in found for row in page["results"]]
        answer = self.rest.get(f"/api/presence/?users={','.join(map(str, keys))}") if keys else {}
        self.people: dict[int, dict[str, Any]] = {row["user_id"]: row for row in answer.get("results", ())}

    @property
    def facts(self) -> dict[int, dict[str, Any]]:
        return deepcopy(dict(sorted(self.people.items())))

    def expects(self, user_ids: set[int]) -> bool:
        return all(self.people[key]["status"] == "online" for key in user_ids & self.people.keys())

    def on_presence_state(self, *, users: list[dict[str, Any]], **_: Any) -> None:
        self.read()
        for person in self.people.values():
            person["status"] = "offline"
        self.people |= {user["user_id"]: user for user in users}

    def on_user_online(self, *, user_id: int, full_name: str, status: str, **_: Any) -> None:
        self.people[user_id] |= {"full_name": full_name, "status": status}

    def on_user_offline(self, *, user_id: int, last_seen: str, **_: Any) -> None:
        self.people[user_id] |= {"status": "offline", "last_seen": last_seen}
