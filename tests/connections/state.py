"""What the law of events (tests/harness/law.py) needs to know of connections."""

from __future__ import annotations

from typing import Any, Literal

from tests.harness.rows import Durable, Id, UserId
from tests.harness.views import View


class ConnectionRequest(Durable):
    request_id: Id
    from_user_id: UserId
    from_user_name: str


class RequestSent(Durable):
    request_id: Id
    to_user_id: UserId
    to_user_name: str


class RequestClosed(Durable):
    request_id: Id
    reason: Literal["accepted", "declined", "withdrawn", "blocked"]


class ConnectionAccepted(Durable):
    request_id: Id | None
    user_id: UserId
    user_name: str


class ConnectionRemoved(ConnectionAccepted):
    pass


class BlockChanged(Durable):
    user_id: UserId
    user_name: str
    blocked: bool


class Ties(View):
    """What one user knows of others."""

    channel = "connections"
    rows = (
        ConnectionRequest
        | RequestSent
        | RequestClosed
        | ConnectionAccepted
        | ConnectionRemoved
        | BlockChanged
    )

    def read(self) -> None:
        self.received: dict[int, tuple[int, str]] = {}  # by request: who asks
        self.sent: dict[int, tuple[int, str]] = {}  # by request: who is asked
        self.connected: dict[int, tuple[int | None, str]] = {}  # by user: request, name
        for row in self.rest.rows("/api/connections/requests/"):
            assert row["status"] == "pending"
            if row["to_user_id"] == self.rest.user_id:
                self.received[row["request_id"]] = row["from_user_id"], row["from_user_name"]
            else:
                self.sent[row["request_id"]] = row["to_user_id"], row["to_user_name"]
        found = self.rest.pages("/api/connections/")
        for row in [row for page in found for row in page["results"]]:
            self.connected[row["user_id"]] = row["request_id"], row["user_name"]
        self.blocked = {row["user_id"]: row["user_name"] for row in self.rest.rows("/api/blocks/")}
        self.cursor = found[0]["cursor"]

    @property
    def facts(self) -> dict[str, Any]:
        names = ("received", "sent", "connected", "blocked")
        return {name: dict(getattr(self, name)) for name in names}

    def on_connection_request(
        self, *, request_id: int, from_user_id: int, from_user_name: str, **_: Any
    ) -> None:
        self.received[request_id] = from_user_id, from_user_name

    def on_request_sent(self, *, request_id: int, to_user_id: int, to_user_name: str, **_: Any) -> None:
        self.sent[request_id] = to_user_id, to_user_name

    def on_request_closed(self, *, request_id: int, **_: Any) -> None:
        self.received.pop(request_id, None)
        self.sent.pop(request_id, None)

    def on_connection_accepted(
        self, *, request_id: int | None, user_id: int, user_name: str, **_: Any
    ) -> None:
        self.connected[user_id] = request_id, user_name

    def on_connection_removed(self, *, user_id: int, **_: Any) -> None:
        self.connected.pop(user_id, None)

    def on_block_changed(self, *, user_id: int, user_name: str, blocked: bool, **_: Any) -> None:
        self.blocked.pop(user_id, None)
        if blocked:
            self.blocked[user_id] = user_name
