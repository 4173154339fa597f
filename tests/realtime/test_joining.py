"""Statements whose answer nobody reads go with the next one, whatever that is."""

from __future__ import annotations

import pytest
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat.models import Chat
from realtime import rows
from tests.harness.databases import Database
from tests.harness.people import People

RENAME = "UPDATE kith_chat_chat SET title = title || %s"


@pytest.fixture
def chats(database: Database, people: People) -> list[int]:
    return [people.chat(people.user("alice"), title=title).pk for title in ("a", "b")]


def titles() -> list[str]:
    return list(Chat.objects.order_by("pk").values_list("title", flat=True))


def postpone(letter: str) -> None:
    rows.postpone(connection, RENAME, [letter])


def test_what_is_postponed_goes_with_the_next_statement_in_its_order(chats: list[int]) -> None:
    with transaction.atomic(), rows.joining(connection), CaptureQueriesContext(connection) as captured:
        postpone("1")
        postpone("2")
        assert titles() == ["a12", "b12"]
        postpone("3")
        assert Chat.objects.filter(title__endswith="3").update(kind="group") == 2  # rows, not of the first
        postpone("4")
        with connection.cursor() as cursor:
            cursor.execute("SELECT title FROM kith_chat_chat WHERE title LIKE 'a%'")  # no parameters
            assert cursor.fetchall() == [("a1234",)]
        postpone("5")
        with connection.cursor() as cursor:
            cursor.executemany(RENAME, [["6"], ["7"]])
        assert titles() == ["a1234567", "b1234567"]
        postpone("8")
        with connection.cursor() as cursor:
            cursor.execute("SELECT title FROM kith_chat_chat WHERE title = %(title)s", {"title": "a12345678"})
            assert cursor.fetchall() == [("a12345678",)]
    if connection.vendor == "postgresql":
        assert len(captured) == 8  # before executemany, and before named parameters, it goes by itself
    else:
        assert len(captured) == 12


def test_what_is_left_is_executed_before_the_commit(chats: list[int]) -> None:
    with transaction.atomic(), rows.joining(connection):
        postpone("1")
        postpone("2")
    assert titles() == ["a12", "b12"]


def test_an_error_of_what_was_postponed_is_raised_by_the_next_and_undoes_all(chats: list[int]) -> None:
    def fail() -> None:
        with transaction.atomic(), rows.joining(connection):
            postpone("1")
            rows.postpone(connection, "UPDATE kith_chat_chat SET nothing = 1")
            titles()

    with pytest.raises(DatabaseError):
        fail()
    assert titles() == ["a", "b"]


def test_outside_it_is_executed_at_once(chats: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured:
        postpone("1")
    assert len(captured) == 1
    assert titles() == ["a1", "b1"]
