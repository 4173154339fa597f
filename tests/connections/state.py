"""The law *state read by REST before + events received = state read by REST after*, for connections.

    ties = Ties.read(api)                    what the three lists say, as this user
    ties.apply_all(await client.barrier())   what the frames make of it
    assert ties == Ties.read(api)

`told` holds every frame against its row of PROTOCOL §4, written down a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from tests.harness.client import Frame

Id = Annotated[int, msgspec.Meta(ge=1)]


class Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    id: Id
    channel: Literal["connections"]
    timestamp: str


class Asked(Row, tag="connection_request"):
    request_id: Id
    from_user_id: int
    from_user_name: str


class Sent(Row, tag="request_sent"):
    request_id: Id
    to_user_id: int
    to_user_name: str


class Closed(Row, tag="request_closed"):
    request_id: Id
    reason: Literal["accepted", "declined", "withdrawn", "blocked"]


class Accepted(Row, tag="connection_accepted"):
    request_id: Id | None
    user_id: int
    user_name: str


class Removed(Row, tag="connection_removed"):
    request_id: Id | None
    user_id: int
    user_name: str


class Blocked(Row, tag="block_changed"):
    user_id: int
    user_name: str
    blocked: bool


ROWS = Asked | Sent | Closed | Accepted | Removed | Blocked
TYPES = {"connection_request", "request_sent", "request_closed"} | {
    "connection_accepted",
    "connection_removed",
    "block_changed",
}


def told(frames: Iterable[Frame]) -> list[Row]:
    """Those of the frames that are events of connections.

    Raises:
        msgspec.ValidationError: one does not fit its row.
    """
    return [msgspec.convert(frame, ROWS) for frame in frames if frame["type"] in TYPES]


@dataclass
class Ties:
    """What one user knows of others."""

    received: dict[int, tuple[int, str]] = field(default_factory=dict)  # request → who asks
    sent: dict[int, tuple[int, str]] = field(default_factory=dict)  # request → who is asked
    connected: dict[int, tuple[int | None, str]] = field(default_factory=dict)  # user → request, name
    blocked: dict[int, str] = field(default_factory=dict)  # user → name
    cursor: str = field(default="", compare=False)

    @classmethod
    def read(cls, get: Callable[[str], Any]) -> Ties:
        """As the lists tell it; ``get`` answers a path with JSON."""
        ties = cls()
        for row in _pages(get, "/api/connections/requests/?direction=received&limit=2"):
            ties.received[row["request_id"]] = row["from_user_id"], row["from_user_name"]
        for row in _pages(get, "/api/connections/requests/?direction=sent&limit=2"):
            assert row["status"] == "pending"
            ties.sent[row["request_id"]] = row["to_user_id"], row["to_user_name"]
        for row in _pages(get, "/api/connections/?limit=2"):
            ties.connected[row["user_id"]] = row["request_id"], row["user_name"]
        for row in _pages(get, "/api/blocks/?limit=2"):
            ties.blocked[row["user_id"]] = row["user_name"]
        ties.cursor = get("/api/connections/")["cursor"]
        return ties

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """What these frames change, in their order; other frames than events are passed over."""
        for row in told(frames):
            match row:
                case Asked():
                    self.received[row.request_id] = row.from_user_id, row.from_user_name
                case Sent():
                    self.sent[row.request_id] = row.to_user_id, row.to_user_name
                case Closed():
                    self.received.pop(row.request_id, None)
                    self.sent.pop(row.request_id, None)
                case Accepted():
                    self.connected[row.user_id] = row.request_id, row.user_name
                case Removed():
                    self.connected.pop(row.user_id, None)
                case Blocked(blocked=True):
                    self.blocked[row.user_id] = row.user_name
                case Blocked():
                    self.blocked.pop(row.user_id, None)


def _pages(get: Callable[[str], Any], url: str | None) -> Iterable[dict[str, Any]]:
    while url:
        page = get(url)
        yield from page["results"]
        url = page["next"]
