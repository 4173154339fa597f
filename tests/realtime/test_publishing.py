"""An event is told when its change commits, and never when it does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from chat.models import Chat, Message
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime import local
from tests.realtime.talking import said, say


class Place:
    """Where the socket is: in a server, whose hub finds the change in the log, or in the process that
    makes the change, whose hub is handed it and has no time to look into the log."""

    def __init__(self, database: Database, site: Site | None) -> None:
        self.run = database.run
        self._site = site

    @contextlib.asynccontextmanager
    async def open(self, channel: str, user: Any) -> AsyncIterator[Client]:
        if self._site is not None:
            async with self._site.open(channel, user) as client:
                yield client
        else:
            async with local.hub(), local.opened(channel, user) as client:
                yield client


@pytest.fixture(params=["site", "postgres_site", "sqlite_database", "postgres_database"])
def place(request: pytest.FixtureRequest, settings: Any) -> Place:
    found = request.getfixturevalue(request.param)
    settings.KITH_POLL_S = 30.0
    return Place(found.database, found) if isinstance(found, Site) else Place(found, None)


async def told(place: Place, people: People, work: Callable[[Chat, Any], None], *expected: str) -> None:
    """An open socket hears exactly this of ``work``, done in a chat; the log agrees."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with place.open(f"messages/{chat.pk}", bob) as client:
        await asyncio.to_thread(place.run, work, chat, alice)
        for content in expected:  # by itself: what follows would make the hub look for what is missing
            assert (await client.until("new_message"))["content"] == content
        await asyncio.to_thread(place.run, say, chat, alice, "the end")
        assert (await client.until("new_message"))["content"] == "the end"
        assert await client.barrier() == []
    assert place.run(said, chat) == [*expected, "the end"]


async def test_an_event_of_a_rolled_back_transaction_is_never_sent(place: Place, people: People) -> None:
    def work(chat: Chat, alice: Any) -> None:
        with transaction.atomic():
            say(chat, alice, "never", "never this either")
            transaction.set_rollback(True)

    await told(place, people, work)


async def test_an_event_of_a_failed_change_is_never_sent(place: Place, people: People) -> None:
    def work(chat: Chat, alice: Any) -> None:
        def fail() -> None:
            with transaction.atomic():
                say(chat, alice, "never")
                Message.objects.create(chat=chat, sender=alice, content="")  # a constraint says no

        with pytest.raises(Exception, match="tombstone"):
            fail()

    await told(place, people, work)


async def test_an_event_of_a_rolled_back_savepoint_is_never_sent_and_the_rest_is(
    place: Place, people: People
) -> None:
    def work(chat: Chat, alice: Any) -> None:
        with transaction.atomic():
            say(chat, alice, "before")
            with transaction.atomic():
                say(chat, alice, "never")
                transaction.set_rollback(True)
            say(chat, alice, "after")

    await told(place, people, work, "before", "after")


@pytest.mark.parametrize(
    ("kept", "expected"),
    [("first", ["first"]), ("last", ["last"]), ("inner", ["first", "inner"]), ("none", [])],
)
async def test_the_events_of_whatever_savepoints_are_kept_are_sent(
    place: Place, people: People, kept: str, expected: list[str]
) -> None:
    def work(chat: Chat, alice: Any) -> None:
        with transaction.atomic():
            with transaction.atomic():
                say(chat, alice, "first")
                with transaction.atomic():
                    say(chat, alice, "inner")
                    transaction.set_rollback(kept != "inner")
                transaction.set_rollback(kept in ("last", "none"))
            with transaction.atomic():
                say(chat, alice, "last")
                transaction.set_rollback(kept != "last")

    await told(place, people, work, *expected)


async def test_a_connection_that_rolled_back_tells_its_next_transactions(
    place: Place, people: People
) -> None:
    def work(chat: Chat, alice: Any) -> None:
        for number in range(3):
            with transaction.atomic():
                say(chat, alice, "never")
                transaction.set_rollback(True)
            say(chat, alice, str(number))

    await told(place, people, work, "0", "1", "2")


async def test_nothing_is_told_before_the_commit(place: Place, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    loop = asyncio.get_running_loop()
    async with place.open(f"messages/{chat.pk}", bob) as client:

        def work() -> list[Any]:
            with transaction.atomic():
                say(chat, alice, "held")
                return asyncio.run_coroutine_threadsafe(client.barrier(), loop).result(10)

        assert await asyncio.to_thread(place.run, work) == []
        await client.until("new_message", content="held")


def test_a_connection_lost_between_commit_and_telling_is_no_failure_of_the_change(
    postgres_database: Database, people: People
) -> None:
    """It has committed. The numbers that telling needs cannot be read, so the tail tells it."""
    alice = people.user("alice")
    chat = people.chat(alice)
    reached: list[str] = []

    def lose_the_connection() -> None:
        with connection.cursor() as cursor, contextlib.suppress(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def work() -> None:
        with transaction.atomic():
            transaction.on_commit(lose_the_connection)
            say(chat, alice, "committed")
            transaction.on_commit(lambda: reached.append("what comes after"))

    postgres_database.run(work)
    assert reached == ["what comes after"]
    assert postgres_database.run(said, chat) == ["committed"]
