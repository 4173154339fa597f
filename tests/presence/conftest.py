"""Presence: friends, and what a watcher makes of the frames of ``online``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connections.services import connection_make
from tests.harness.client import Client, Frame
from tests.harness.databases import in_thread

Befriend = Callable[..., None]

# A lease that a busy process does not lose; those of a process alone end with it.
FAST = {"KITH_PRESENCE_GRACE_S": "0.4", "KITH_PRESENCE_LEASE_S": "20"}


@pytest.fixture
def befriend() -> Befriend:
    """``befriend(alice, bob, carol)``: Alice is connected with each of the others."""

    def befriend(one: Any, *others: Any) -> None:
        for other in others:
            in_thread(connection_make, one_id=one.pk, other_id=other.pk)

    return befriend


def seen_by(client: Client) -> dict[int, str]:
    """Who is online with what status, by all frames that this client has read."""
    return seen_in(client.seen)


def seen_in(frames: list[Frame]) -> dict[int, str]:
    """The statuses that the last state frame and the events after it tell of."""
    seen: dict[int, str] = {}
    for frame in frames:
        match frame["type"]:
            case "presence_state":
                seen = {user["user_id"]: user["status"] for user in frame["users"]}
            case "user_online":
                seen[frame["user_id"]] = frame["status"]
            case "user_offline":
                seen.pop(frame["user_id"], None)
    return seen


def told_of(frames: list[Frame], user: Any) -> list[str]:
    """What these frames tell of one user: statuses, and ``offline``."""
    kinds = {"user_online", "user_offline"}
    mine = [frame for frame in frames if frame["type"] in kinds and frame["user_id"] == user.pk]
    return [frame.get("status", "offline") for frame in mine]
