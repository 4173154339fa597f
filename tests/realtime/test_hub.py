"""The hub puts right whatever the fast path does to packets. Its tail is off unless a test turns it on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from django.db import OperationalError

from chat.models import Chat
from chat.services import member_add
from realtime import fanout, log
from realtime.channels import Channel, find
from realtime.hub import Hub
from realtime.packets import Packet
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.waiting import eventually
from tests.realtime import local
from tests.realtime.talking import say, say_together

pytestmark = pytest.mark.usefixtures("database")

SOON_S = 10.0  # what only the tail could bring comes after 30 s
ROUNDS = 20


@pytest.fixture(autouse=True)
def _slow_tail(settings: Any) -> None:
    settings.KITH_POLL_S = 30.0


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[Packet]:
    """What was committed since this fixture, handed to nobody."""
    packets: list[Packet] = []
    monkeypatch.setattr(fanout, "send", packets.extend)
    return packets


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, int]]:
    """The places of each reading of the log."""
    reads: list[Mapping[str, int]] = []
    read = log.after_seq

    def after_seq(positions: Mapping[str, int], *, limit: int) -> list[Packet]:
        reads.append(positions)
        return read(positions, limit=limit)

    monkeypatch.setattr(log, "after_seq", after_seq)
    return reads


@pytest.fixture
def chat(people: People) -> Chat:
    """Of two: alice, who owns it, and bob."""
    return people.chat(*people.users("alice", "bob"))


def members(chat: Chat) -> list[Any]:
    return [member.user for member in chat.memberships.select_related("user").order_by("pk")]


@contextlib.asynccontextmanager
async def listening(chat: Chat) -> AsyncIterator[tuple[Hub, Client, Callable[..., Any]]]:
    """The hub, bob's open socket, and alice's voice."""
    alice, bob = await asyncio.to_thread(members, chat)

    async def speak(*contents: str) -> None:
        await asyncio.to_thread(say_together, chat, alice, *contents)

    async with local.hub() as hub, local.opened(f"messages/{chat.pk}", bob) as client:
        yield hub, client, speak


async def heard(client: Client, *contents: str) -> None:
    """Exactly these were said, in this order, and nothing else comes."""
    for content in contents:
        frame = await client.until("new_message", within=SOON_S)
        assert frame["content"] == content
    assert await client.barrier() == []


# ── order, doubles, holes ───────────────────────────────────────────────────────────────────


async def test_packets_in_any_order_and_doubled_are_delivered_once_and_in_order(
    chat: Chat, packets: list[Packet]
) -> None:
    async with listening(chat) as (hub, client, speak):
        for number in range(ROUNDS):
            contents = [f"{number}:{count}" for count in range(10)]
            await speak(*contents)
            mixed = [*packets, *random.Random(number).choices(packets, k=5)]
            random.Random(number).shuffle(mixed)
            for packet in mixed:
                hub.receive(packet)
            await heard(client, *contents)
            packets.clear()


async def test_what_is_lost_on_the_way_is_read_from_the_log_as_soon_as_something_follows(
    chat: Chat, packets: list[Packet]
) -> None:
    async with listening(chat) as (hub, client, speak):
        for number in range(ROUNDS):
            contents = [f"{number}:{count}" for count in range(10)]
            await speak(*contents)
            *rest, last = packets
            for packet in random.Random(number).sample(rest, number % len(rest)):
                hub.receive(packet)
            hub.receive(last)
            await heard(client, *contents)
            packets.clear()


async def test_a_hole_is_given_a_moment_before_the_log_is_asked(
    chat: Chat, packets: list[Packet], reads: list[Mapping[str, int]]
) -> None:
    async with listening(chat) as (hub, client, speak):
        reads.clear()
        await speak("one", "two")
        for packet in reversed(packets):
            hub.receive(packet)
        await heard(client, "one", "two")
        await speak("three", "four")
        hub.receive(packets[-1])
        await heard(client, "three", "four")
        assert len(reads) == 1


async def test_holes_of_many_topics_are_filled_by_one_read(
    people: People, packets: list[Packet], reads: list[Mapping[str, int]]
) -> None:
    alice = people.user("alice")
    chats = [people.chat(alice) for _ in range(5)]
    async with local.hub() as hub, local.opened("messages", alice) as client:
        reads.clear()
        for chat in chats:
            await asyncio.to_thread(say_together, chat, alice, "lost", "came")
        for packet in packets[1::2]:
            hub.receive(packet)
        for _ in range(2 * len(chats)):
            await client.until("new_message", within=SOON_S)
        assert [len(positions) for positions in reads] == [len(chats)]


async def test_the_last_packet_lost_is_found_by_the_tail(
    chat: Chat, packets: list[Packet], settings: Any
) -> None:
    settings.KITH_POLL_S = 0.05
    async with listening(chat) as (_hub, client, speak):
        await speak("one", "two")
        await heard(client, "one", "two")


async def test_packets_of_topics_that_nobody_hears_are_dropped(chat: Chat, packets: list[Packet]) -> None:
    async with listening(chat) as (hub, client, speak):
        hub.receive(Packet("chat.0", b"{}", "new_message", seq=7, event_id=7))
        assert "chat.0" not in hub.streams
        await speak("one")
        hub.receive(packets[0])
        await heard(client, "one")


# ── opening at that very moment ─────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def opened_while(
    work: Callable[[], Any], channel: str, user: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """A socket whose opening has read the database before ``work`` is done and hears of it after."""
    read, go_on = threading.Event(), threading.Event()
    declared, _params = find(channel)
    state_frame = declared.state_frame

    def slow_state_frame(self: Channel) -> dict[str, Any] | None:  # the last thing read in the snapshot
        found = state_frame(self)
        read.set()
        assert go_on.wait(10)
        return found

    monkeypatch.setattr(declared, "state_frame", slow_state_frame)
    async with local.connect(channel, user) as client:
        assert await asyncio.to_thread(read.wait, 10)
        await asyncio.to_thread(work)
        go_on.set()
        await client.opened()
        yield client


@pytest.mark.parametrize("channel", ["messages/{chat}", "messages"])
async def test_what_is_said_while_a_channel_opens_is_told_at_once(
    chat: Chat, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await asyncio.to_thread(members, chat)
    name = channel.format(chat=chat.pk)
    async with local.hub(), opened_while(lambda: say(chat, alice, "one"), name, bob, monkeypatch) as client:
        await heard(client, "one")


async def test_a_chat_that_one_is_added_to_while_the_channel_opens_is_heard(
    chat: Chat, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    [alice, _bob], carol = await asyncio.to_thread(members, chat), people.user("carol")

    def add() -> None:
        member_add(chat=chat, actor=alice, user_id=carol.pk)
        say(chat, alice, "hello carol")

    async with local.hub(), opened_while(add, "messages", carol, monkeypatch) as client:
        await client.until("chat_added", within=SOON_S)
        await client.until("new_message", content="hello carol", within=SOON_S)


# ── letting go, and starting anew ───────────────────────────────────────────────────────────


async def test_sockets_that_left_leave_nothing_behind(chat: Chat) -> None:
    alice, bob = await asyncio.to_thread(members, chat)
    async with local.hub() as hub:
        async with local.opened(f"messages/{chat.pk}", alice), local.opened("messages", bob):
            assert len(hub.sockets) == len(hub.users) == 2
        assert (hub.streams, hub.sockets, hub.users) == ({}, {}, {})


async def test_the_hub_goes_on_when_the_log_could_not_be_read(
    chat: Chat, packets: list[Packet], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KITH_POLL_S = 0.05
    failures: list[int] = []
    tail = log.tail

    def failing(horizon: int) -> log.Tail:
        failures.append(horizon)
        if len(failures) < 3:
            raise OperationalError("away")
        return tail(horizon)

    async with listening(chat) as (_hub, client, speak):
        monkeypatch.setattr(log, "tail", failing)
        await speak("one")

        async def failed() -> bool:
            return len(failures) > 2

        await eventually(failed)
        await heard(client, "one")
