"""Statements whose answer nobody reads go with the next one, whatever that is."""

from __future__ import annotations

import pytest
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat.models import Chat
from realtime import statements
from tests.harness.databases import Database
from tests.harness.people import People

RENAME = "UPDATE kith_chat_chat SET title = title || %s"


@pytest.fixture
def chats(database: Database, people: People) -> list[int]:
    return [people.chat(people.user("alice"), title=title).pk for title in ("a", "b")]


def titles() -> list[str]:
    return list(Chat.objects.order_by("pk").values_list("title", flat=True))


def postpone(letter: str) -> None:
    statements.postpone(connection, RENAME, [letter])


def test_what_is_postponed_goes_with_the_next_statement_in_its_order(chats: list[int]) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured, statements.joining(connection):
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
    with transaction.atomic(), statements.joining(connection):
        postpone("1")
        postpone("2")
    assert titles() == ["a12", "b12"]


def test_an_error_of_what_was_postponed_is_raised_by_the_next_and_undoes_all(chats: list[int]) -> None:
    def fail() -> None:
        with transaction.atomic(), statements.joining(connection):
            postpone("1")
            statements.postpone(connection, "UPDATE kith_chat_chat SET nothing = 1")
            titles()

    with pytest.raises(DatabaseError):
        fail()
    assert titles() == ["a", "b"]


def test_outside_it_is_executed_at_once(chats: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured:
        postpone("1")
    assert len(captured) == 1
    assert titles() == ["a1", "b1"]


def test_what_was_asked_goes_with_the_next_statement_or_when_it_is_wanted(chats: list[int]) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured, statements.joining(connection):
        postpone("1")
        first = statements.ask(connection, "SELECT title FROM kith_chat_chat WHERE title LIKE %s", ["a%"])
        postpone("2")
        assert titles() == ["a12", "b12"]
        assert first.rows() == [("a1",)]  # as it was at its place
        postpone("3")
        second = statements.ask(connection, "SELECT title FROM kith_chat_chat WHERE title LIKE %s", ["b%"])
        third = statements.ask(connection, "SELECT count(*) FROM kith_chat_chat")
        assert second.rows() == [("b123",)]
        assert third.rows() == [(2,)]
    assert len(captured) == (2 if connection.vendor == "postgresql" else 7)


def test_what_nobody_waits_for_is_asked_all_the_same(chats: list[int]) -> None:
    with transaction.atomic(), statements.joining(connection):
        asked = statements.ask(connection, "UPDATE kith_chat_chat SET title = 'c' RETURNING title")
    assert titles() == ["c", "c"]
    assert asked.rows() == [("c",), ("c",)]


def test_the_answer_of_a_transaction_that_failed_is_not_to_be_had(database: Database) -> None:
    asked: list[statements.Postponed] = []

    def fail() -> None:
        with transaction.atomic(), statements.joining(connection):
            asked.append(statements.ask(connection, "SELECT 1"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    if connection.vendor == "postgresql":
        with pytest.raises(RuntimeError):
            asked[0].rows()
    else:
        assert asked[0].rows() == [(1,)]
