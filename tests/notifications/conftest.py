"""Notifications in this process, on both databases; over real servers in test_sockets.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rest_framework.test import APIClient

from notifications.models import Notification
from notifications.services import notify
from tests.harness.databases import Database
from tests.harness.people import People

Api = Callable[[Any], APIClient]
Like = Callable[..., Notification | None]


class Trio(NamedTuple):
    """Alice is told of what Bob and Carol do."""

    alice: Any
    bob: Any
    carol: Any


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    """Every test here runs on SQLite and on PostgreSQL."""
    return database


@pytest.fixture
def trio(people: People) -> Trio:
    return Trio(*people.users("alice", "bob", "carol"))


@pytest.fixture
def api() -> Api:
    """``api(user)``: REST as this user."""

    def api(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return api


def like(recipient: Any, actor: Any, post_id: int = 1) -> Notification | None:
    """A reaction on a post of the recipient's."""
    return notify(recipient=recipient, type="reaction_on_post", actor=actor, post_id=post_id)


def comment(recipient: Any, actor: Any, comment_id: int, text: str = "", post_id: int = 1) -> Any:
    """A comment on a post of the recipient's."""
    return notify(
        recipient=recipient,
        type="comment_on_post",
        actor=actor,
        text=text,
        post_id=post_id,
        comment_id=comment_id,
    )


def achieve(recipient: Any, text: str = "") -> Any:
    """A notification of an app's own type, by nobody."""
    return notify(recipient=recipient, type="achievement", text=text)


def unread(user: Any) -> int:
    """Counted here, in all of the table."""
    return sum(not row.read for row in Notification.objects.filter(recipient=user))
