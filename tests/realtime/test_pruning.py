"""Pruning: what is too old leaves the log, and no cursor is served a replay with a hole (PROTOCOL §3)."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from chat.models import Chat
from realtime import log, opening, pruning, topics
from realtime.cursors import Cursor
from realtime.log import Span
from realtime.models import EndedSession, LoggedEvent
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.harness.waiting import eventually
from tests.realtime.talking import left_open, logged, said, say

HOURS = 24.0


def age(chat: Chat, *, but: int = 0, hours: float = HOURS + 1) -> None:
    """Make all events of a chat old, but the newest few."""
    rows = LoggedEvent.objects.filter(topic=name(chat)).order_by("-seq").values_list("entry", flat=True)
    LoggedEvent.objects.filter(entry__in=list(rows[but:])).update(created=Now() - timedelta(hours=hours))


def name(chat: Chat) -> str:
    return topics.chat(chat.pk).name


def prune() -> int:
    return sum(pruning.prune(HOURS))


def test_what_is_old_goes_and_what_is_young_stays(database: Database, people: People) -> None:
    alice = people.user("alice")
    chat, other = people.chat(alice), people.chat(alice)
    database.run(say, chat, alice, "one", "two", "three")
    database.run(say, other, alice, "young")
    before = database.run(logged, chat)
    database.run(age, chat, but=1)
    assert database.run(prune) == len(before) - 1
    assert database.run(logged, chat) == before[-1:]
    assert database.run(said, other) == ["young"]
    head = database.run(log.heads, [name(chat)])[name(chat)]
    assert (head.seq, head.event_id, head.pruned_id) == (
        before[-1]["seq"],
        before[-1]["id"],
        before[-2]["id"],
    )
    assert database.run(prune) == 0


def test_numbers_go_on_where_everything_was_pruned(database: Database, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    [*_, last] = database.run(logged, chat)
    database.run(age, chat)
    database.run(prune)
    assert database.run(logged, chat) == []
    assert database.run(log.heads, [name(chat)])[name(chat)].event_id == last["id"]
    database.run(say, chat, alice, "and on")
    [frame] = database.run(logged, chat)
    assert frame["seq"] == last["seq"] + 1
    assert frame["id"] > last["id"]


def test_an_old_event_behind_a_young_one_stays(database: Database, people: People) -> None:
    """A transaction that was open for long is numbered late, and bears the time of its beginning."""
    alice = people.user("alice")
    chat = people.chat(alice)
    database.run(say, chat, alice, "one", "two")
    database.run(age, chat)
    frames = database.run(logged, chat)
    young = LoggedEvent.objects.filter(topic=name(chat), seq=frames[-1]["seq"] - 1)
    database.run(lambda: young.update(created=Now()))
    assert database.run(prune) == len(frames) - 2
    assert database.run(said, chat) == ["one", "two"]


def test_batches_leave_nothing_over(
    database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 3)
    alice = people.user("alice")
    chat = people.chat(alice)
    database.run(say, chat, alice, *map(str, range(10)))
    database.run(age, chat, but=1)
    assert [*database.run(lambda: list(pruning.prune(HOURS)))][:3] == [3, 3, 3]
    assert database.run(said, chat) == ["9"]


def test_an_open_transaction_is_waited_for_by_nobody(postgres_database: Database, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    postgres_database.run(say, chat, alice, "one")
    postgres_database.run(age, chat)
    with left_open(lambda: say(chat, alice, "late")):
        assert postgres_database.run(prune) > 0
    assert postgres_database.run(said, chat) == ["late"]


def test_two_runs_and_writers_side_by_side(postgres_database: Database, people: People) -> None:
    alice = people.user("alice")
    chats = [people.chat(alice) for _ in range(4)]
    for chat in chats:
        postgres_database.run(say, chat, alice, *map(str, range(30)))
        postgres_database.run(age, chat)
    done: list[int] = []

    def write() -> None:
        with transaction.atomic():
            for chat in reversed(chats):
                say(chat, alice, "young")

    work = [
        *(threading.Thread(target=lambda: done.append(prune())) for _ in range(2)),
        *(threading.Thread(target=write) for _ in range(6)),
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(30)
    assert len(done) == 2
    for chat in chats:
        assert postgres_database.run(said, chat) == ["young"] * 6
        seqs = [frame["seq"] for frame in postgres_database.run(logged, chat)]
        assert seqs == list(range(seqs[0], seqs[0] + 6))


def test_a_replay_that_pruning_overtakes_is_not_told_as_whole(database: Database, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    database.run(say, chat, alice, *map(str, range(opening.REPLAY_PAGE + 50)))
    first, *_ = frames = database.run(logged, chat)
    since = Cursor("id", first["id"])
    spans = database.run(log.missed, {name(chat): Span(0, frames[-1]["seq"])}, since)
    page = database.run(log.page, spans, limit=opening.REPLAY_PAGE)
    replay = opening.Replay(spans, since, page, recovered=True)
    database.run(age, chat, but=20)
    database.run(prune)
    with pytest.raises(log.Pruned):
        database.run(replay.turn_page)


def test_ended_sign_ins_are_forgotten_once_their_tokens_expired(database: Database) -> None:
    def sessions() -> list[str]:
        for sid, days in (("old", 8), ("new", 6)):
            EndedSession.objects.create(sid=sid)
            EndedSession.objects.filter(sid=sid).update(ended=timezone.now() - timedelta(days=days))
        pruning.forget_ended_sessions()
        return [row.sid for row in EndedSession.objects.all()]

    assert database.run(sessions) == ["new"]


# ── the command, and the server's own run ───────────────────────────────────────────────────


def test_the_command_says_what_it_did(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    count = len(site.run(logged, chat))
    site.run(age, chat)
    assert f"Removed {count} events older than 24 h" in site.manage("prune_events", "--hours", "24")
    assert site.run(logged, chat) == []


def test_the_command_keeps_everything_rather_than_nothing() -> None:
    with pytest.raises(CommandError, match="--hours"):
        call_command("prune_events", "--hours", "0")


async def test_a_server_prunes_by_itself_and_old_cursors_are_not_recovered(
    sites: Sites, people: People
) -> None:
    site = sites.start(
        "sqlite", settings={"KITH_PRUNE_EVERY_S": "0.2", "KITH_LOG_RETENTION_HOURS": str(HOURS)}
    )
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice) as client, site.open("messages", alice) as several:
        old, horizon = client.cursor, several.cursor
        site.run(say, chat, alice, "one", "two", "three")
        await client.until("new_message", content="three")
        [*_, _two, three] = [frame["id"] for frame in site.run(logged, chat)]
        site.run(age, chat, but=1)

        async def pruned() -> bool:
            return await asyncio.to_thread(site.run, lambda: said(chat) == ["three"])

        await eventually(pruned)
        site.run(say, chat, alice, "four")
        assert (await client.until("new_message", content="four"))["id"] > three
    for name_, cursor in ((channel, old), ("messages", horizon)):
        async with site.open(name_, alice, since=cursor) as client:
            assert client.opening[0]["recovered"] is False
            assert "new_message" not in client.types
    async with site.open(channel, alice, since=three) as client:
        assert client.opening[0]["recovered"] is True
        assert [frame["content"] for frame in client.seen if "content" in frame] == ["four"]


async def test_a_process_that_slept_longer_than_the_log_keeps_says_so(sites: Sites, people: People) -> None:
    """Its sockets missed events that no log has any more; none of them goes on as if nothing had been."""
    site = sites.start("postgres")
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice) as client:
        cursor = client.cursor
        site.pause()
        try:
            await asyncio.to_thread(site.run, say, chat, alice, "one", "two", "three")
            await asyncio.to_thread(site.run, age, chat, but=1)
            await asyncio.to_thread(site.run, prune)
        finally:
            site.resume()
        assert await client.closed() == 1012
        assert "new_message" not in client.types
    async with site.open(channel, alice, since=cursor) as client:
        assert client.opening[0]["recovered"] is False
        site.run(say, chat, alice, "and on")
        await client.until("new_message", content="and on")
