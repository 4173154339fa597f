"""Statements whose answer nobody reads go with the next one, whatever that is."""

from __future__ import annotations

import contextlib

import pytest
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from psycopg import IsolationLevel

from chat.models import Chat
from realtime import statements
from tests.harness.databases import Database, in_thread
from tests.harness.people import People

RENAME = "UPDATE kith_chat_chat SET title = title || %s"


@pytest.fixture
def chats(database: Database, people: People) -> list[int]:
    return [people.chat(people.user("alice"), title=title).pk for title in ("a", "b")]


def titles() -> list[str]:
    return list(Chat.objects.order_by("pk").values_list("title", flat=True))


def between(captured: CaptureQueriesContext) -> list[str]:
    """What was executed in the transaction, with what went along."""
    return [query["sql"] for query in captured if query["sql"] not in {"BEGIN", "BEGIN IMMEDIATE", "COMMIT"}]


def postpone(letter: str) -> None:
    statements.postpone(connection, RENAME, [letter])


def test_what_is_postponed_goes_with_the_next_statement_in_its_order(chats: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured, statements.joining(connection):
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
        assert (
            len(between(captured)) == 8
        )  # before executemany, and before named parameters, it goes by itself
    else:
        assert len(between(captured)) == 12


def test_what_is_left_is_executed_before_the_commit(chats: list[int]) -> None:
    with statements.joining(connection):
        postpone("1")
        postpone("2")
    assert titles() == ["a12", "b12"]


def test_an_error_of_what_was_postponed_is_raised_by_the_next_and_undoes_all(chats: list[int]) -> None:
    def fail() -> None:
        with statements.joining(connection):
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
    with CaptureQueriesContext(connection) as captured, statements.joining(connection):
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
    assert len(between(captured)) == (2 if connection.vendor == "postgresql" else 7)


def test_what_nobody_waits_for_is_asked_all_the_same(chats: list[int]) -> None:
    with statements.joining(connection):
        asked = statements.ask(connection, "UPDATE kith_chat_chat SET title = 'c' RETURNING title")
    assert titles() == ["c", "c"]
    assert asked.rows() == [("c",), ("c",)]


def test_the_answer_of_a_transaction_that_failed_is_not_to_be_had(database: Database) -> None:
    asked: list[statements.Postponed] = []

    def fail() -> None:
        with statements.joining(connection):
            asked.append(statements.ask(connection, "SELECT 1"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    if connection.vendor == "postgresql":
        with pytest.raises(RuntimeError):
            asked[0].rows()
    else:
        assert asked[0].rows() == [(1,)]


# ── BEGIN and COMMIT ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_begin_goes_with_the_first_statement_and_commit_with_the_last(chats: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured, statements.joining(connection):
        assert titles() == ["a", "b"]
        postpone("1")
        assert in_thread(titles) == ["a", "b"]
    first, last = between(captured)
    assert first.startswith("BEGIN; SELECT")
    assert last.endswith("; COMMIT")
    assert connection.get_autocommit()
    assert titles() == ["a1", "b1"]


def test_what_was_executed_is_undone_with_the_rest(chats: list[int]) -> None:
    def fail() -> None:
        with statements.joining(connection):
            postpone("1")
            assert titles() == ["a1", "b1"]
            postpone("2")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert titles() == ["a", "b"]
    postpone("3")
    assert in_thread(titles) == ["a3", "b3"]  # committed at once again


def test_a_transaction_that_is_to_be_rolled_back_is(chats: list[int]) -> None:
    with statements.joining(connection):
        postpone("1")
        assert titles() == ["a1", "b1"]
        postpone("2")
        transaction.set_rollback(True)
    assert titles() == ["a", "b"]


def test_where_nothing_is_executed_nothing_is_left_open(chats: list[int]) -> None:
    with statements.joining(connection):
        pass
    postpone("1")
    assert in_thread(titles) == ["a1", "b1"]


def test_it_is_a_transaction_of_its_own(chats: list[int]) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError), statements.joining(connection):
        postpone("1")
    assert titles() == ["a", "b"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_transaction_of_another_kind_begins_as_the_driver_does_it(chats: list[int]) -> None:
    connection.ensure_connection()
    connection.connection.isolation_level = IsolationLevel.SERIALIZABLE
    with statements.joining(connection):
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchall() == [("serializable",)]
        postpone("1")
    connection.connection.isolation_level = None
    assert titles() == ["a1", "b1"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_what_could_not_be_sent_is_not_followed_by_anything(chats: list[int]) -> None:
    """Not even where its error is caught: BEGIN was to go with it."""
    with statements.joining(connection):
        postpone("1")
        with contextlib.suppress(ValueError, DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT %s", ["\x00"])  # which the driver refuses
        with pytest.raises(TransactionManagementError):
            titles()
    assert titles() == ["a", "b"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_transaction_that_has_failed_is_not_taken_for_a_committed_one(chats: list[int]) -> None:
    def fail() -> None:
        with statements.joining(connection):
            postpone("1")
            assert titles() == ["a1", "b1"]
            with contextlib.suppress(Exception):
                connection.connection.execute("SELECT nothing")  # past Django, and caught

    with pytest.raises(IntegrityError):
        fail()
    assert titles() == ["a", "b"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_cursor_of_the_server_goes_by_itself(chats: list[int]) -> None:
    with statements.joining(connection):
        postpone("1")
        assert [chat.title for chat in Chat.objects.order_by("pk").iterator()] == ["a1", "b1"]
    assert titles() == ["a1", "b1"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_what_is_refused_at_commit_undoes_all(chats: list[int], people: People) -> None:
    def fail() -> None:
        with statements.joining(connection):
            postpone("1")
            missing = "INSERT INTO kith_chat_message (chat_id, sender_id, content, attachment, timestamp) "
            statements.postpone(connection, f"{missing} VALUES (0, 0, 'a', '', now())")  # a deferred key

    with pytest.raises(IntegrityError):
        fail()
    assert titles() == ["a", "b"]
