"""The connection of the thread that writes to SQLite: kept while something is written, and then closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.models import Chat
from realtime import threads
from tests.harness.databases import Database
from tests.harness.waiting import wait_until


@pytest.fixture(autouse=True)
def pools() -> Iterator[None]:
    yield
    threads.close()


def write(title: str) -> None:
    threads.batch(lambda: Chat.objects.create(title=title), lambda: False).result(10)


def log_of(database: Database) -> Path:
    """The write-ahead log, which goes with the last connection that closes."""
    return Path(f"{database.url.removeprefix('sqlite:///')}-wal")


def test_it_is_closed_when_nothing_was_written_for_a_while(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "KEPT_S", 0.3)
    for title in ("one", "two"):
        write(title)
        assert log_of(sqlite_database).exists()
        wait_until(lambda: not log_of(sqlite_database).exists(), what="the connection to be closed")
    assert [chat.title for chat in Chat.objects.order_by("pk")] == ["one", "two"]


def test_it_ends_with_the_pool(sqlite_database: Database) -> None:
    write("one")
    threads.close()
    assert not log_of(sqlite_database).exists()
    write("two")
    assert log_of(sqlite_database).exists()
