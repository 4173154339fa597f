"""Events that some who hear a topic are not told: withheld by the event, hidden by the channel, or silent.
Whichever way they would come: live, from the log to one who was behind, or by replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat.consumers import AllMessagesConsumer, MessagesConsumer
from chat.models import Chat
from realtime import events, publish
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.realtime import local
from tests.realtime.noted import Noted, Passed, Standing

BUDGET = 2_000  # bytes


class Whispered(Noted):
    """It takes its place and is told to nobody."""

    silent = True


Whispered.type = "whispered"


@pytest.fixture
async def chat(sqlite_database: Database, people: People, settings: Any) -> AsyncIterator[Chat]:
    """Of alice, bob and eve, with the hub that tells of it."""
    settings.KITH_POLL_S = 30.0
    settings.KITH_SOCKET_BACKLOG_BYTES = BUDGET
    async with local.hub():
        yield people.chat(*people.users("alice", "bob", "eve"))


async def users(chat: Chat) -> list[Any]:
    rows = chat.memberships.select_related("user").order_by("pk")
    return [row.user for row in await asyncio.to_thread(list, rows)]


async def tell(kind: type[Noted], chat: Chat, *texts: str, **told: Any) -> None:
    def work() -> None:
        for text in texts:
            publish(kind(text=text, chat=chat.pk, **told))

    await asyncio.to_thread(work)


def heard(client: Client) -> list[str]:
    """Every text that ever came."""
    return [frame["text"] for frame in client.seen if "text" in frame]


@pytest.mark.parametrize("kind", [Noted, Passed, Standing])
async def test_an_event_is_withheld_from_those_it_names_and_from_nobody_else(
    chat: Chat, kind: type[Noted]
) -> None:
    _alice, bob, eve = await users(chat)
    channel = f"messages/{chat.pk}"
    async with local.opened(channel, bob) as told, local.opened(channel, eve) as untold:
        await tell(kind, chat, "not for eve", keep_from=(eve.pk,))
        await tell(kind, chat, "for all")
        for client in (told, untold):
            await client.until(kind.type, text="for all")
        assert (heard(told), heard(untold)) == (["not for eve", "for all"], ["for all"])


@pytest.mark.parametrize("hiding", [False, True])
@pytest.mark.parametrize("channel", ["messages/{chat}", "messages"])
async def test_neither_replay_nor_a_slow_reader_gets_what_is_kept_from_it(
    chat: Chat, channel: str, hiding: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _bob, eve = await users(chat)
    kept = {"by": alice.pk} if hiding else {"keep_from": (eve.pk,)}
    if hiding:
        for declared in (MessagesConsumer, AllMessagesConsumer):
            monkeypatch.setattr(declared, "hides", lambda self: [alice.pk] if self.user == eve else [])
    name = channel.format(chat=chat.pk)
    async with local.opened(name, eve, room=1) as slow:
        for number in range(20):
            await tell(Noted, chat, f"kept {number} {'x' * 300}", **kept)
            await tell(Noted, chat, f"told {number} {'x' * 300}")
        await tell(Noted, chat, "the end")
        await slow.until("noted", text="the end")
        assert len(heard(slow)) == 21
        assert "kept" not in str(slow.seen)
    async with local.opened(name, eve, since=0) as replayed:
        assert heard(replayed) == heard(slow)


async def test_a_silent_event_takes_its_place_and_is_told_to_nobody(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(events.registry, "whispered", Whispered)
    _alice, bob, _eve = await users(chat)
    async with local.opened(f"messages/{chat.pk}", bob) as client:
        await tell(Whispered, chat, "hush")
        await tell(Noted, chat, "aloud")
        await client.until("noted", text="aloud")
        assert heard(client) == ["aloud"]
    async with local.opened(f"messages/{chat.pk}", bob, since=0) as client:
        assert heard(client) == ["aloud"]
