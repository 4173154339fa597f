from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Chat, Message
from chat.services import member_add, message_delete, message_edit, message_send
from connections.services import block_add
from notifications.models import Notification
from notifications.selectors import MENTIONS, mentioned
from notifications.services import mentions_notify, mentions_update
from realtime.testing import captured_events
from tests.harness.databases import in_thread
from tests.harness.people import People
from tests.notifications.conftest import Trio, unread


def person(username: str, **fields: Any) -> Any:
    return in_thread(get_user_model().objects.create, username=username, **fields)


def named(text: str, actor: Any, *audience: Any) -> list[str]:
    keys = {user.pk for user in (actor, *audience)}
    return [user.username for user in mentioned(actor=actor, text=text, audience=keys)]


@pytest.mark.parametrize(
    "text",
    [
        "@bob",
        "hello @bob",
        "hello @bob, how are you?",
        "(@bob)",
        "“@bob”",
        "@bob's idea",
        "hey,@bob",
        "dots ...@bob",
        "Ask @bob.",
        "Is it @bob...",
        "@bob-",
        "@Bob",
        "@BOB!",
        "line\n@bob\nline",
        "@bob\tand others",
        "\uff20bob",
        "@bob\uff1a你好",
        "你好\uff0c@bob\uff0c你好",
    ],
)
def test_a_name_after_an_at_sign_is_a_mention(trio: Trio, text: str) -> None:
    assert named(text, trio.alice, person("bob")) == ["bob"]


@pytest.mark.parametrize(
    "text",
    [
        "bob",
        "@",
        "@@bob",
        "@ bob",
        "write to alice@bob",
        "write to éa@bob",
        "write to alice+x@bob",
        "https://example.org/@bob",
        "@bobby",
        "@bobé",
        "@bob_",
        "@bob.smith",
        "@bob@example.org",
        "",
    ],
)
def test_parts_of_words_addresses_and_paths_are_none(trio: Trio, text: str) -> None:
    assert named(text, trio.alice, person("bob")) == []


@pytest.mark.parametrize(
    ("username", "text"),
    [
        ("Éloïse", "merci @E\u0301loi\u0308se !"),
        ("bob.smith", "ask @bob.smith."),
        ("bob.", "ask @bob."),
        ("иван", "привет @Иван"),
        ("a@b.org", "ask @a@b.org, please"),
        ("x+y-z_1", "@x+y-z_1"),
    ],
)
def test_any_username_can_be_mentioned(trio: Trio, username: str, text: str) -> None:
    assert named(text, trio.alice, person(username), person("bob")) == [username]


def test_the_name_as_it_is_written_counts_first(trio: Trio) -> None:
    both = person("bob"), person("Bob")
    assert named("@Bob", trio.alice, *both) == ["Bob"]
    assert named("@bob @BOB @Bob @bob", trio.alice, *both) == ["bob", "Bob"]


def test_only_the_audience_is_mentioned_and_nobody_by_themself(trio: Trio) -> None:
    inactive = person("gone", is_active=False)
    text = " ".join(f"@{user.username}" for user in (*trio, inactive))
    assert named(text, trio.alice, trio.bob, inactive) == [trio.bob.username]
    block_add(user=trio.bob, user_id=trio.alice.pk)
    assert named(text, trio.alice, trio.bob, trio.carol) == [trio.carol.username]


def test_who_shouts_at_everybody_reaches_the_first(trio: Trio) -> None:
    crowd = [person(f"u{number}") for number in range(MENTIONS + 5)]
    text = " ".join(f"@{user.username} @{user.username}" for user in crowd)
    assert named(text, trio.alice, *crowd) == [user.username for user in crowd[:MENTIONS]]


@pytest.mark.parametrize("text", ["@" * 10_000, "@a" * 5_000, "@" + "a" * 10_000, "@a" + "." * 10_000])
def test_long_nonsense_is_looked_through_at_once(trio: Trio, text: str) -> None:
    with CaptureQueriesContext(connection) as caught:
        assert named(text, trio.alice, trio.bob) == []
    assert len(caught) <= 1


def test_a_text_without_names_asks_nothing_of_the_database(trio: Trio) -> None:
    with CaptureQueriesContext(connection) as caught:
        assert named("nobody here, mail a@b.org", trio.alice) == []
    assert not caught


# ── telling ─────────────────────────────────────────────────────────────────────────────────


def test_everyone_mentioned_is_told_where_and_by_whom_once(trio: Trio) -> None:
    text = f"@{trio.bob.username} @{trio.carol.username} @{trio.bob.username}"
    keys = {user.pk for user in trio}
    told = mentions_notify(actor=trio.alice, text=text, audience=keys, post_id=1, comment_id=2)
    assert {row.recipient for row in told} == {trio.bob, trio.carol}
    assert {(row.type, row.actor, row.post_id, row.comment_id, row.text) for row in told} == {
        ("mention", trio.alice, 1, 2, "")
    }
    assert unread(trio.bob) == unread(trio.carol) == 1


def test_after_an_edit_only_newcomers_are_told_and_who_is_named_no_more_loses_it(trio: Trio) -> None:
    dave = person("dave")
    place: dict[str, Any] = {
        "actor": trio.alice,
        "audience": {*(user.pk for user in trio), dave.pk},
        "post_id": 1,
    }
    mentions_notify(text=f"@{trio.bob.username} @{trio.carol.username}", **place)
    mentions_notify(text=f"@{trio.bob.username}", **{**place, "post_id": 2})
    with captured_events() as events:
        mentions_update(text=f"@dave @{trio.carol.username}", **place)
    told = {(event.type, event.topic().name.split(".")[1]) for event in events}
    assert told == {("notification", str(dave.pk)), ("notifications_removed", str(trio.bob.pk))}
    assert [row.post_id for row in Notification.objects.filter(recipient=trio.bob)] == [2]


# ── in chats ────────────────────────────────────────────────────────────────────────────────


def mentions(user: Any) -> list[dict[str, Any]]:
    rows = Notification.objects.filter(recipient=user, type="mention")
    return [{"chat_id": row.chat_id, **row.data} for row in rows]


@pytest.fixture
def chat(people: People, trio: Trio) -> Chat:
    return people.chat(trio.alice, trio.bob)


def test_members_hear_that_a_message_mentions_them_and_strangers_do_not(chat: Chat, trio: Trio) -> None:
    text = f"@{trio.bob.username} and @{trio.carol.username}"
    key, _ = message_send(chat=chat, sender=trio.alice, content=text, ref="r")
    message_send(chat=chat, sender=trio.alice, content=text, ref="r")
    assert mentions(trio.bob) == [{"chat_id": chat.pk, "message_id": key}]
    assert mentions(trio.carol) == mentions(trio.alice) == []


def test_mentions_follow_edits_and_go_with_the_message(chat: Chat, trio: Trio) -> None:
    key, _ = message_send(chat=chat, sender=trio.alice, content="hello")
    message = Message.objects.get(pk=key)
    message_edit(message=message, user=trio.alice, content=f"hello @{trio.bob.username}")
    assert mentions(trio.bob) == [{"chat_id": chat.pk, "message_id": key}]
    message_edit(message=message, user=trio.alice, content="hello again")
    assert mentions(trio.bob) == []
    message_edit(message=message, user=trio.alice, content=f"hello @{trio.bob.username}")
    message_delete(message=message, user=trio.alice)
    assert mentions(trio.bob) == []


def test_who_does_not_see_a_message_is_not_mentioned_in_it(chat: Chat, trio: Trio) -> None:
    key, _ = message_send(chat=chat, sender=trio.alice, content="before carol came")
    member_add(chat=chat, actor=trio.alice, user_id=trio.carol.pk)
    content = f"@{trio.bob.username} @{trio.carol.username}"
    message_edit(message=Message.objects.get(pk=key), user=trio.alice, content=content)
    assert len(mentions(trio.bob)) == 1
    assert mentions(trio.carol) == []
    message_send(chat=chat, sender=trio.alice, content=content)
    assert len(mentions(trio.carol)) == 1


def test_in_a_shared_group_nobody_is_mentioned_by_whom_they_block(chat: Chat, trio: Trio) -> None:
    block_add(user=trio.bob, user_id=trio.alice.pk)
    message_send(chat=chat, sender=trio.alice, content=f"@{trio.bob.username}")
    assert mentions(trio.bob) == []


def test_a_message_that_names_nobody_costs_no_query_more(chat: Chat, trio: Trio) -> None:
    def queries(content: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            message_send(chat=chat, sender=trio.alice, content=content)
        return len(caught)

    assert queries("hello a@b.org") == queries("hello")
