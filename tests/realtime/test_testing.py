"""`realtime.testing`, as the tests of a project on Kith use it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from chat.models import Chat, Message
from chat.services import chat_create, message_send
from realtime import hub
from realtime.testing import SocketClient, captured_events
from tests.harness.databases import Database
from tests.harness.people import People
from tests.realtime.talking import say

# ── captured events ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def chat(db: None, django_user_model: Any) -> Chat:
    alice = django_user_model.objects.create_user("alice")
    chat_id, _ = chat_create(creator=alice)
    return Chat.objects.get(pk=chat_id)


def test_what_is_published_is_captured_in_order(chat: Chat) -> None:
    alice = chat.memberships.get().user
    with captured_events() as events:
        message_send(chat=chat, sender=alice, content="hi")
        Message.objects.all().delete()
    message_send(chat=chat, sender=alice, content="not captured")
    assert [event.type for event in events] == ["new_message", "message_deleted"]


def test_what_is_rolled_back_is_captured_too_and_nothing_is_sent(
    chat: Chat, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    alice = chat.memberships.get().user

    def change() -> None:
        with transaction.atomic():
            say(chat, alice, "never")
            transaction.set_rollback(True)

    with captured_events() as events, django_capture_on_commit_callbacks() as callbacks:
        change()
    assert [event.type for event in events] == ["new_message"]
    assert callbacks == []


def test_blocks_nest_and_end_with_an_error(chat: Chat) -> None:
    alice = chat.memberships.get().user
    with captured_events() as outer:
        with pytest.raises(ZeroDivisionError), captured_events():
            raise ZeroDivisionError
        with captured_events() as inner:
            say(chat, alice, "both")
        say(chat, alice, "outer")
    assert (len(outer), len(inner)) == (2, 1)


# ── the socket client ───────────────────────────────────────────────────────────────────────


async def test_a_socket_client_opens_sends_and_receives(sqlite_database: Database, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with SocketClient(f"messages/{chat.pk}", user=bob) as client:
        assert [frame["type"] for frame in client.opening] == ["connected", "chat_state", "caught_up"]
        await client.send({"type": "message", "content": "from bob", "ref": "r1"})
        assert (await client.until("ack"))["ref"] == "r1"
        await asyncio.to_thread(say, chat, alice, "from alice")
        while (await client.until("new_message"))["content"] != "from alice":
            pass
    assert hub.current() is None


async def test_it_resumes_and_it_is_refused(sqlite_database: Database, people: People) -> None:
    alice, bob, eve = people.users("alice", "bob", "eve")
    chat = people.chat(alice, bob)
    async with SocketClient(f"messages/{chat.pk}", user=bob) as client:
        cursor = client.opening[-1]["cursor"]
    await asyncio.to_thread(say, chat, alice, "missed")
    async with SocketClient(f"messages/{chat.pk}", user=bob, since=cursor) as client:
        assert [frame["content"] for frame in client.opening if "content" in frame] == ["missed"]
    async with SocketClient(f"messages/{chat.pk}", user=eve) as client:
        assert client.opening[-1]["code"] == "forbidden"


async def test_clients_share_a_hub_until_the_last_one_leaves(
    sqlite_database: Database, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with SocketClient(f"messages/{chat.pk}", user=alice) as outer:
        async with SocketClient(f"messages/{chat.pk}", user=bob) as inner:
            await asyncio.to_thread(say, chat, alice, "to both")
            for client in (outer, inner):
                assert (await client.until("new_message"))["content"] == "to both"
        await asyncio.to_thread(say, chat, alice, "to one")
        assert (await outer.until("new_message"))["content"] == "to one"
    assert hub.current() is None


async def test_what_does_not_come_is_a_timeout_and_the_socket_lives_on(
    sqlite_database: Database, people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with SocketClient(f"messages/{chat.pk}", user=alice) as client:
        with pytest.raises(TimeoutError):
            await client.receive(within=0.05)
        await asyncio.to_thread(say, chat, alice, "then")
        assert (await client.until("new_message"))["content"] == "then"
