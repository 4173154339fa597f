"""What was deleted or edited away is nowhere in the log, nor what a deleted account said and was called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

from chat.models import Chat, Message
from chat.services import message_delete, message_edit, message_send, reaction_set
from realtime.models import LoggedEvent
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import assert_in_order, logged, said, say

SECRET = "what nobody shall read again"  # also as part of a longer text

Change = Callable[[Message], object]


def told_anywhere(text: str) -> bool:
    return LoggedEvent.objects.filter(body__contains=text).exists()


def edit(message: Message) -> None:
    message_edit(message=message, user=message.sender, content="harmless")


def delete(message: Message) -> None:
    message_delete(message=message, user=message.sender)


def edit_by_hand(message: Message) -> None:
    message.content = "harmless"
    message.save()


CHANGES: list[Change] = [
    edit,
    delete,
    edit_by_hand,
    Message.delete,
    lambda row: Message.objects.all().delete(),
]


@pytest.fixture
def message(database: Database, people: People) -> Message:
    """One that holds the secret; the log tells of it."""
    alice = people.user("alice")
    chat = people.chat(alice, people.user("bob"))
    message = Message.objects.get(pk=say(chat, alice, f"so: {SECRET}!")[0])
    assert told_anywhere(SECRET)
    return message


@pytest.mark.parametrize("change", CHANGES, ids=["edit", "delete", "save", "row", "rows"])
def test_what_was_changed_is_nowhere_in_the_log(message: Message, change: Change) -> None:
    change(message)
    assert not told_anywhere(SECRET)


def test_what_was_said_in_between_is_nowhere_either(message: Message) -> None:
    for number in range(3):
        message_edit(message=message, user=message.sender, content=f"{number} {SECRET}")
    assert told_anywhere(f"2 {SECRET}")
    assert not told_anywhere(f"1 {SECRET}")
    delete(message)
    assert not told_anywhere(SECRET)


def test_frames_keep_their_place_and_say_what_is_true_now(message: Message) -> None:
    before = logged(message.chat)
    edit(message)
    *frames, last = logged(message.chat)
    assert frames == [
        frame | {"content": "harmless"} if frame["type"] == "new_message" else frame for frame in before
    ]
    assert (last["type"], last["content"]) == ("message_edited", "harmless")
    delete(message)
    [new] = [frame for frame in logged(message.chat) if frame["type"] == "new_message"]
    assert (new["content"], new["attachment"], new["message_id"]) == ("", None, message.pk)
    assert_in_order(message.chat)


def test_nothing_else_is_touched(message: Message, people: People) -> None:
    other = people.chat(message.sender)
    say(message.chat, message.sender, "another")
    say(other, message.sender, "elsewhere")
    delete(message)
    assert said(message.chat) == ["", "another"]
    assert said(other) == ["elsewhere"]


def test_a_deletion_that_is_rolled_back_erases_nothing(message: Message) -> None:
    before = logged(message.chat)
    with transaction.atomic():
        delete(message)
        transaction.set_rollback(True)
    assert logged(message.chat) == before


def test_the_log_tells_what_the_row_says_when_two_edit_at_once(
    postgres_database: Database, people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    [pk] = say(chat, alice, SECRET)
    barrier = Barrier(2)

    def write(name: str) -> None:
        for number in range(20):
            barrier.wait(10)
            message_edit(message=Message(pk=pk), user=alice, content=f"{name}{number}")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, "ab"))
    now = Message.objects.get(pk=pk).content
    contents = [frame["content"] for frame in logged(chat) if frame["type"] != "member_joined"]
    assert contents == [now] * 41
    assert now in ("a19", "b19")


# ── accounts ────────────────────────────────────────────────────────────────────────────────


def busy_account(people: People) -> tuple[Any, Chat]:
    """Someone with a name like no other, who did everything one can do, and the chat where."""
    alice, eve = people.user("alice"), people.user("eve", first_name="Evangeline", last_name="Vandermeer")
    chat = people.chat(eve, alice)
    joined = people.chat(alice, eve)
    [reply_to] = say(chat, alice, "alice stays")
    for number in range(3):
        message_send(chat=chat, sender=eve, content=f"{SECRET} {number}", reply_to=reply_to, ref=f"r{number}")
    edited = Message.objects.filter(sender=eve).earliest("pk")
    message_edit(message=edited, user=eve, content=f"{SECRET}, once more")
    reaction_set(message=Message(pk=reply_to), user=eve, emoji="👋", added=True)
    say(joined, eve, SECRET)
    return eve, chat


def test_a_deleted_account_leaves_neither_words_nor_name_in_the_log(
    database: Database, people: People
) -> None:
    eve, chat = busy_account(people)
    username = eve.username
    assert told_anywhere("Vandermeer")
    eve.delete()
    for text in (SECRET, "Evangeline", "Vandermeer", username):
        assert not told_anywhere(text), text
    assert [content for content in said(chat) if content] == ["alice stays"]
    assert_in_order(chat)


def test_the_account_of_somebody_else_changes_nothing(database: Database, people: People) -> None:
    _eve, chat = busy_account(people)
    before = logged(chat)
    people.user("mallory").delete()
    assert logged(chat) == before


# ── replay ──────────────────────────────────────────────────────────────────────────────────


async def test_replay_shows_nothing_that_was_deleted_or_edited_away(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)

    def talk() -> None:
        for change in (edit, delete):
            [pk] = say(chat, alice, SECRET)
            change(Message.objects.get(pk=pk))
        say(chat, alice, "kept")

    channel = f"messages/{chat.pk}"
    async with site.open(channel, bob) as client:
        cursor = client.cursor
    await asyncio.to_thread(site.run, talk)
    for name, since in ((channel, cursor), (channel, 0), ("messages", 0)):
        async with site.open(name, bob, since=since) as client:
            told = [frame["content"] for frame in client.opening if frame["type"] == "new_message"]
            assert told == ["harmless", "", "kept"]
            assert SECRET not in str(client.seen)


async def test_replay_shows_nothing_of_a_deleted_account(site: Site, people: People) -> None:
    eve, chat = site.run(busy_account, people)
    [alice] = site.run(
        lambda: [member.user for member in chat.memberships.exclude(user=eve).select_related("user")]
    )
    await asyncio.to_thread(site.run, eve.delete)
    async with site.open("messages", alice, since=0) as client:
        assert len(client.opening) > 10
        for text in (SECRET, "Evangeline", "Vandermeer", eve.username):
            assert text not in str(client.seen), text
