"""Numbers are given at COMMIT: `seq` without a hole and ids grow in commit order, and nobody waits for a
transaction that stays open."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

from django.db import connection, transaction

from chat.models import Chat
from chat.services import message_send
from realtime import cursors, log, topics
from realtime.models import LoggedEvent
from tests.harness.client import Frame
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import assert_in_order, left_open, said, say, say_together

WRITERS = 8
BULK_S = 10.0  # 2,000 messages in one transaction take about one second; busy machines take longer


# ── many writers ────────────────────────────────────────────────────────────────────────────


async def test_eight_writers_leave_no_hole_and_readers_see_the_order_of_the_log(
    postgres_site: Site, people: People
) -> None:
    owner, reader, *writers = people.users("owner", "reader", *["writer"] * WRITERS)
    chat, each = people.chat(owner, reader, *writers), 300
    async with postgres_site.open(f"messages/{chat.pk}", reader) as client:
        await asyncio.to_thread(_write_together, chat, writers, each)
        frames = [await client.until("new_message", within=30) for _ in range(WRITERS * each)]
        assert await client.barrier() == []
    postgres_site.run(assert_in_order, chat)
    assert [frame["content"] for frame in frames] == postgres_site.run(said, chat)
    assert [frame["id"] for frame in frames] == sorted({frame["id"] for frame in frames})
    _assert_each_writer_in_order(frames, each)


def _write_together(chat: Chat, writers: list[Any], each: int) -> None:
    barrier = Barrier(len(writers))

    def write(number: int) -> None:
        barrier.wait()
        for count in range(each):
            content = f"{number}:{count}"
            if count % 3:
                say(chat, writers[number], content)
            else:
                message_send(chat=chat, sender=writers[number], content=content, ref=f"r{count}")

    with ThreadPoolExecutor(len(writers)) as threads:
        list(threads.map(write, range(len(writers))))


def _assert_each_writer_in_order(frames: list[Frame], each: int) -> None:
    for number in range(WRITERS):
        mine = [frame["content"] for frame in frames if frame["content"].startswith(f"{number}:")]
        assert mine == [f"{number}:{count}" for count in range(each)]


def test_opposite_orders_of_the_same_topics_both_commit(postgres_database: Database, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    one, other = people.chat(alice, bob), people.chat(alice, bob)
    rounds, barrier = 40, Barrier(2)

    def write(first: Chat, second: Chat, sender: Any) -> None:
        for number in range(rounds):
            with transaction.atomic():
                say(first, sender, f"{sender.pk}:{number}")
                barrier.wait(10)  # each has written into its first and not yet into its second
                say(second, sender, f"{sender.pk}:{number}")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, [one, other], [other, one], [alice, bob]))
    for chat in (one, other):
        assert len(said(chat)) == 2 * rounds
        assert_in_order(chat)


# ── transactions that stay open ─────────────────────────────────────────────────────────────


def test_an_open_transaction_holds_up_no_other_writer_of_its_chat(
    postgres_database: Database, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    with left_open(lambda: say(chat, alice, "slow")):
        for number in range(3):
            say(chat, bob, f"quick {number}")
        message_send(chat=chat, sender=bob, content="by the service", ref="r1")
        assert said(chat) == ["quick 0", "quick 1", "quick 2", "by the service"]
    assert said(chat)[-1] == "slow"
    assert_in_order(chat)


def test_numbers_go_by_the_order_of_commits_not_of_writes(
    postgres_database: Database, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    with left_open(lambda: say(chat, alice, "third")):
        with left_open(lambda: say(chat, bob, "second")):
            say(chat, alice, "first")
        assert said(chat) == ["first", "second"]
    assert said(chat) == ["first", "second", "third"]
    assert_in_order(chat)


def test_what_a_horizon_tells_again_ends_with_the_newest_of_its_topic(
    postgres_database: Database, people: People
) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat, elsewhere = people.chat(alice, bob), people.chat(carol)
    with ExitStack() as longer:
        with left_open(lambda: say(chat, alice, "newest, of the oldest transaction")):
            longer.enter_context(left_open(lambda: say(elsewhere, carol, "not committed yet")))
            say(chat, bob, "of a transaction above the horizon")
        cursor = cursors.parse(log.horizon_cursor())
        assert cursor is not None
        spans = log.missed({topics.chat(chat.pk).name: log.Span(0)}, cursor)
        told = [json.loads(packet.body)["content"] for packet in log.page(spans, limit=10)]
        assert told == said(chat)
        assert len(told) == 2


def test_constraints_checked_early_number_early_and_the_rest_at_commit(
    postgres_database: Database, people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    with transaction.atomic():
        say(chat, alice, "before")
        connection.check_constraints()  # SET CONSTRAINTS ALL IMMEDIATE: Django's own test cases do it
        say(chat, alice, "after", "last")
    assert said(chat) == ["before", "after", "last"]
    assert_in_order(chat)


# ── much at once ────────────────────────────────────────────────────────────────────────────


def test_two_thousand_messages_of_one_transaction_are_numbered_in_order_and_soon(
    database: Database, people: People
) -> None:
    alice = people.user("alice")
    chats = [people.chat(alice), people.chat(alice)]
    contents = [str(number) for number in range(1000)]
    started = time.monotonic()
    with transaction.atomic():
        for content in contents:
            for chat in chats:
                say(chat, alice, content)
        if connection.vendor == "postgresql":
            assert LoggedEvent.objects.filter(seq=None).count() == 2000
    assert time.monotonic() - started < BULK_S
    for chat in chats:
        assert said(chat) == contents
        assert_in_order(chat)


async def test_a_reader_gets_a_long_transaction_whole_and_in_order(
    postgres_site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    contents = [str(number) for number in range(2000)]
    async with postgres_site.open(f"messages/{chat.pk}", bob) as client:
        await asyncio.to_thread(postgres_site.run, say_together, chat, alice, *contents)
        frames = [await client.until("new_message", within=30) for _ in contents]
        assert [frame["content"] for frame in frames] == contents
        assert await client.barrier() == []


def test_writers_of_sqlite_take_turns_and_leave_no_hole(sqlite_database: Database, people: People) -> None:
    writers = people.users(*["writer"] * 4)
    chat = people.chat(*writers)
    _write_together(chat, writers, 30)
    assert len(said(chat)) == 4 * 30
    assert_in_order(chat)
