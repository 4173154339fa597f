"""Connections of threads that write batches: kept while there is something to write, and then let go of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from chat.models import Chat
from realtime import threads
from tests.harness.databases import Database
from tests.harness.waiting import wait_until


@pytest.fixture(autouse=True)
def pools() -> Iterator[None]:
    yield
    threads.close()


def write(title: str) -> None:
    threads.batch(lambda: Chat.objects.create(title=title)).result(10)


def log_of(database: Database) -> Path:
    """The write-ahead log, which goes with the last connection that closes."""
    return Path(f"{database.url.removeprefix('sqlite:///')}-wal")


def lending() -> dict[str, int]:
    """What PostgreSQL's pool of connections says of itself."""
    wrapper: Any = connection
    stats: dict[str, int] = wrapper.pool.get_stats()
    return stats


def test_sqlites_is_closed_when_nothing_was_written_for_a_while(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "KEPT_S", 60)
    write("one")
    assert log_of(sqlite_database).exists()
    monkeypatch.setattr(threads, "KEPT_S", 0.01)
    for title in ("two", "three"):
        write(title)
        wait_until(lambda: not log_of(sqlite_database).exists(), what="the connection to be closed")
    assert [chat.title for chat in Chat.objects.order_by("pk")] == ["one", "two", "three"]


def test_sqlites_ends_with_its_thread(sqlite_database: Database) -> None:
    write("one")
    threads.close()
    assert not log_of(sqlite_database).exists()
    write("two")
    assert [chat.title for chat in Chat.objects.order_by("pk")] == ["one", "two"]


def test_postgresqls_goes_back_to_the_pool_when_nothing_was_written_for_a_while(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "BATCH_THREADS", 1)
    monkeypatch.setattr(threads, "KEPT_S", 60)
    write("one")
    lent = lending()["requests_num"]
    write("two")
    monkeypatch.setattr(threads, "KEPT_S", 0.01)
    write("three")
    assert lending()["requests_num"] == lent
    wait_until(
        lambda: (now := lending())["pool_available"] == now["pool_size"], what="the connection to be back"
    )
    write("four")
    assert lending()["requests_num"] == lent + 1


def test_postgresqls_goes_back_to_the_pool_with_its_thread(postgres_database: Database) -> None:
    write("one")
    threads.close()
    now = lending()
    assert now["pool_available"] == now["pool_size"] > 0


def test_what_fails_is_told_to_who_waits_and_the_thread_goes_on(database: Database) -> None:
    def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        threads.batch(fail).result(10)
    write("one")
    assert Chat.objects.get().title == "one"


def test_who_comes_too_late_is_told() -> None:
    ended = threads.Keeping(1, "test")
    ended.shutdown()
    with pytest.raises(RuntimeError):
        ended.submit(print)
