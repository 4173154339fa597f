"""Whoever saves or deletes a watched row, its event is logged with it: always, and once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.db.models.signals import post_save

from chat.models import Chat, Membership, Message
from realtime.events import Event
from realtime.testing import captured_events
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.realtime.talking import logged, said, say

ROOT = Path(__file__).parents[2]
ROUNDS = 30


@pytest.fixture
def message(sqlite_database: Database, people: People) -> Message:
    """One that says "old"."""
    alice = people.user("alice")
    return Message.objects.create(chat=people.chat(alice), sender=alice, content="old")


@pytest.fixture
def events(message: Message) -> Iterator[list[Event]]:
    """What was published since the message was there."""
    with captured_events() as events:
        yield events


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def save(message: Message, content: str, **options: Any) -> None:
    message.content = content
    message.save(**options)


# ── a row and its event ─────────────────────────────────────────────────────────────────────


def test_a_row_never_lacks_its_event_wherever_its_writer_is_killed(
    database: Database, people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    command = [sys.executable, "-m", "tests.realtime.killed_writer", str(chat.pk), str(alice.pk), str(ROUNDS)]
    subprocess.run(command, env=database.environment, cwd=ROOT, check=True, timeout=60)
    told = [frame["message_id"] for frame in logged(chat) if frame["type"] == "new_message"]
    assert len(told) >= ROUNDS
    assert sorted(told) == list(Message.objects.order_by("pk").values_list("pk", flat=True))


def test_a_failing_receiver_takes_the_row_and_its_event_with_it_in_autocommit_too(
    database: Database, people: People
) -> None:
    """Django itself sends `post_save` after the row's own transaction."""

    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    alice = people.user("alice")
    chat = people.chat(alice)
    post_save.connect(fail, sender=Message)
    try:
        with pytest.raises(ZeroDivisionError):
            say(chat, alice, "never")
    finally:
        post_save.disconnect(fail, sender=Message)
    assert not Message.objects.exists()
    assert said(chat) == []
    assert not connection.in_atomic_block


def test_a_row_whose_event_cannot_be_logged_is_not_saved(
    database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    monkeypatch.setattr("realtime.appending.append", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        say(chat, alice, "never")
    assert not Message.objects.exists()


# ── which saves tell what ───────────────────────────────────────────────────────────────────


def test_saving_anew_changing_and_deleting_are_told(message: Message, events: list[Event]) -> None:
    say(message.chat, message.sender, "another")
    save(message, "new")
    message.delete()
    assert types(events) == ["new_message", "message_edited", "message_deleted"]
    assert [frame["type"] for frame in logged(message.chat)][-3:] == types(events)


def test_a_save_that_changes_no_watched_field_tells_nothing(message: Message, events: list[Event]) -> None:
    message.save()
    save(message, "old")
    message.reply_to = message
    message.save()
    assert events == []


def test_only_fields_that_are_saved_count(message: Message, events: list[Event]) -> None:
    save(message, "new", update_fields=["edited_at"])
    assert events == []
    message.save(update_fields=["content"])
    assert types(events) == ["message_edited"]


def test_a_field_that_was_not_loaded_counts_as_changed(message: Message, events: list[Event]) -> None:
    deferred = Message.objects.defer("content").get(pk=message.pk)
    save(deferred, "new")
    assert types(events) == ["message_edited"]


def test_an_unwatched_field_of_a_partly_loaded_row_tells_nothing(
    message: Message, events: list[Event]
) -> None:
    partly = Message.objects.only("reply_to").get(pk=message.pk)
    partly.reply_to = message
    partly.save()
    assert events == []


def test_each_change_of_one_instance_is_told(message: Message, events: list[Event]) -> None:
    for content in ("1", "2", "2", "1"):
        save(message, content)
    assert [event.content for event in events] == ["1", "2", "1"]  # type: ignore[attr-defined]  # all edits


def test_every_row_of_a_deleted_queryset_is_told_and_what_goes_with_it(
    message: Message, events: list[Event]
) -> None:
    say(message.chat, message.sender, "two", "three")
    del events[:]
    Message.objects.all().delete()
    assert types(events) == ["message_deleted"] * 3


def test_what_a_cascade_deletes_is_told(message: Message, events: list[Event]) -> None:
    Chat.objects.all().delete()
    assert sorted(types(events)) == ["chat_removed", "member_left", "message_deleted"]
    assert not Membership.objects.exists()


def test_loaded_fixtures_tell_nothing(message: Message, events: list[Event]) -> None:
    copy = serializers.serialize("json", [message]).replace("old", "loaded")
    for loaded in serializers.deserialize("json", copy):
        loaded.save()
    message.refresh_from_db()
    assert message.content == "loaded"
    assert events == []


def test_bulk_writes_tell_nothing_of_themselves(message: Message, events: list[Event]) -> None:
    Message.objects.bulk_create([Message(chat=message.chat, sender=message.sender, content="many")])
    Message.objects.update(content="all")
    assert events == []


# ── instances that do not know what the database holds ──────────────────────────────────────


def test_a_change_saved_again_after_a_rollback_is_told(message: Message, events: list[Event]) -> None:
    with transaction.atomic():
        save(message, "new")
        transaction.set_rollback(True)
    del events[:]
    message.save()
    assert types(events) == ["message_edited"]


def test_a_change_saved_again_after_its_save_failed_is_told(message: Message, events: list[Event]) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    post_save.connect(fail, sender=Message)
    try:
        with pytest.raises(ZeroDivisionError):
            save(message, "new")
    finally:
        post_save.disconnect(fail, sender=Message)
    del events[:]
    message.save()
    assert types(events) == ["message_edited"]


def test_a_change_back_to_what_a_refreshed_row_was_before_is_told(
    message: Message, events: list[Event]
) -> None:
    Message.objects.update(content="meanwhile")
    message.refresh_from_db()
    save(message, "old")
    assert types(events) == ["message_edited"]


def test_a_stale_instance_that_overwrites_a_change_is_told(message: Message, events: list[Event]) -> None:
    stale = Message.objects.get(pk=message.pk)
    save(message, "new")
    stale.save()
    assert [event.content for event in events] == ["new", "old"]  # type: ignore[attr-defined]  # both edits


def test_a_field_set_by_the_database_is_told_as_it_is(message: Message, events: list[Event]) -> None:
    message.content = Concat(F("content"), Value("er"))
    message.save()
    assert in_thread(said, message.chat) == ["older"]


def test_a_copy_is_a_new_row(message: Message, events: list[Event]) -> None:
    message.pk = None
    message._state.adding = True
    message.save()
    assert types(events) == ["new_message"]


Delete = Callable[[Message], object]


@pytest.mark.parametrize("delete", [Message.delete, lambda row: Message.objects.filter(pk=row.pk).delete()])
def test_a_deletion_that_is_rolled_back_is_not_logged(message: Message, delete: Delete) -> None:
    before = logged(message.chat)
    with transaction.atomic():
        delete(message)
        transaction.set_rollback(True)
    assert logged(message.chat) == before
