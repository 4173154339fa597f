"""Chat in this process. Each module says on which database: `database` is both in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rest_framework.test import APIClient

from chat.models import Chat, Message
from chat.services import message_send
from tests.harness.people import People

Say = Callable[..., Message]
Api = Callable[[Any], APIClient]


class Group(NamedTuple):
    """Alice owns it, Bob is a member, Carol a stranger."""

    chat: Chat
    alice: Any
    bob: Any
    carol: Any


@pytest.fixture
def group(people: People) -> Group:
    alice, bob, carol = people.users("alice", "bob", "carol")
    return Group(people.chat(alice, bob, title="Plans"), alice, bob, carol)


@pytest.fixture
def say() -> Say:
    """``say(chat, sender, "text")``: a sent message."""

    def say(chat: Chat, sender: Any, content: str = "hello", **options: Any) -> Message:
        message_id, _ = message_send(chat=chat, sender=sender, content=content, **options)
        return Message.objects.get(pk=message_id)

    return say


@pytest.fixture
def api() -> Api:
    """``api(user)``: REST as this user."""

    def api(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return api
