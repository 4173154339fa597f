"""Totals told to those who hide some people: whichever way a frame comes, and whenever they begin to hide.

Alice is the one who is hidden from Eve. What her notes add is read from the log, as an app reads its tables.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, cast

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.consumers import AllMessagesConsumer, MessagesConsumer
from chat.models import Chat
from realtime import EPHEMERAL, Event, fanout, publish, topics
from realtime.hub import Hub
from realtime.models import LoggedEvent
from realtime.outgoing import QueuedSocket
from realtime.rights import rights_changed
from realtime.tallies import Tally
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.waiting import eventually
from tests.realtime import local
from tests.realtime.noted import Noted

BUDGET = 2_000  # bytes
PADDING = "x" * 300


class Counted(Noted):
    """Somebody wrote something, which is counted."""

    hidden = (*Noted.hidden, "adds")
    total: int = 0
    adds: int = 0

    def tally(self) -> Tally:
        return Tally("total", f"notes of {self.chat}", self.adds)


Counted.type = "counted"


class Scene:
    """A chat of alice, bob and eve. ``hides``: by channel, whether Eve hides Alice there."""

    hub: Hub

    def __init__(self, chat: Chat, alice: Any, bob: Any, eve: Any) -> None:
        self.chat, self.alice, self.bob, self.eve = chat, alice, bob, eve
        self.name, self.counter = f"messages/{chat.pk}", f"notes of {chat.pk}"
        self.hides = {"messages": True, "messages/<chat_id>": True}
        self.notes: Counter[int] = Counter()  # by their author

    def tallies(self) -> Iterator[tuple[Any, str, int]]:
        rows = LoggedEvent.objects.filter(topic=topics.chat(self.chat.pk).name, actor=str(self.alice.pk))
        tallies = rows.values_list("tally", flat=True)
        yield self.alice.pk, self.counter, sum(json.loads(tally)[2] for tally in tallies if tally)

    def write(self, author: Any, *texts: str, adds: int = 1) -> None:
        for text in texts:
            self.notes[author.pk] += adds
            publish(Counted(text=text, chat=self.chat.pk, by=author.pk, total=self.notes.total(), adds=adds))

    async def said(self, author: Any, *texts: str, adds: int = 1) -> None:
        await asyncio.to_thread(self.write, author, *texts, adds=adds)

    async def hide(self, channel: str, hides: bool) -> None:
        """Eve begins or ends to hide Alice."""
        self.hides[channel] = hides
        await asyncio.to_thread(rights_changed, self.eve.pk)

    @property
    def visible(self) -> int:
        return self.notes.total() - self.notes[self.alice.pk]


@pytest.fixture
async def scene(
    database: Database, people: People, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    settings.KITH_POLL_S = 30.0
    settings.KITH_SOCKET_BACKLOG_BYTES = BUDGET
    alice, bob, eve = people.users("alice", "bob", "eve")
    scene = Scene(people.chat(alice, bob, eve), alice, bob, eve)

    def hides(channel: Any) -> list[Any]:
        return [alice.pk] if channel.user == eve and scene.hides[channel.channel] else []

    for declared in (MessagesConsumer, AllMessagesConsumer):
        monkeypatch.setattr(declared, "hides", hides)
        monkeypatch.setattr(declared, "tallies", lambda channel: scene.tallies())
    async with local.hub() as scene.hub:
        yield scene


def totals(client: Client) -> dict[str, int]:
    """By text: every total that ever came."""
    return {frame["text"]: frame["total"] for frame in client.seen if frame["type"] == "counted"}


async def test_live_totals_leave_out_what_the_hidden_add(scene: Scene) -> None:
    await scene.said(scene.alice, "a1", "a2")
    async with local.opened(scene.name, scene.eve) as eve, local.opened(scene.name, scene.bob) as bob:
        await scene.said(scene.bob, "b1")
        await scene.said(scene.alice, "a3")
        await scene.said(scene.bob, "b2")
        await scene.said(scene.alice, "a4", adds=-2)
        await scene.said(scene.bob, "b3")
        for client in (eve, bob):
            await client.until("counted", text="b3")
        assert totals(eve) == {"b1": 1, "b2": 2, "b3": 3}
        assert totals(bob) == {"b1": 3, "a3": 4, "b2": 5, "a4": 3, "b3": 4}


@pytest.mark.parametrize("channel", ["messages", "messages/<chat_id>"])
async def test_replay_and_a_slow_reader_tell_every_total_as_it_was(scene: Scene, channel: str) -> None:
    name = scene.name if "/" in channel else channel
    await scene.said(scene.alice, "before")
    expected = {}
    async with local.opened(name, scene.eve, room=1) as slow:
        since = slow.cursor
        for number in range(20):
            await scene.said(scene.alice, f"a{number} {PADDING}", adds=number % 3 - 1)
            await scene.said(scene.bob, f"b{number} {PADDING}")
            expected[f"b{number} {PADDING}"] = scene.visible
        await slow.until("counted", text=f"b19 {PADDING}")
        assert totals(slow) == expected
    for place in (since, "0"):
        async with local.opened(name, scene.eve, since=place) as replayed:
            assert totals(replayed) == expected


async def test_replay_of_several_pages_goes_on_live(scene: Scene) -> None:
    expected = {}
    for number in range(130):
        await scene.said(scene.alice if number % 2 else scene.bob, f"{number}")
        if not number % 2:
            expected[f"{number}"] = scene.visible
    async with local.opened(scene.name, scene.eve, since=0) as client:
        await scene.said(scene.alice, "now")
        await scene.said(scene.bob, "last")
        await client.until("counted", text="last")
        assert totals(client) == expected | {"last": scene.visible}


@pytest.mark.parametrize("hides", [True, False])
async def test_rights_that_change_in_the_middle_of_a_replay_leave_its_totals_right(
    scene: Scene, hides: bool
) -> None:
    """Whether Eve hid Alice before, or begins to: what follows in the replay is what she sees."""
    scene.hides["messages/<chat_id>"] = hides
    expected = {}
    for number in range(130):
        await scene.said(scene.alice, f"a{number} {PADDING}")
        await scene.said(scene.bob, f"b{number} {PADDING}")
        expected[f"b{number} {PADDING}"] = scene.visible
    async with local.connect(scene.name, scene.eve, since=0, room=1) as client:
        await client.until("counted")
        [socket] = scene.hub.sockets.values()
        subscription = socket.subscriptions[scene.name]
        before = subscription.unseen
        await scene.hide("messages/<chat_id>", True)

        async def changed() -> bool:
            return subscription.unseen is not before

        await eventually(changed)
        waiting = len(client.seen) + len(cast(QueuedSocket, socket)._outgoing) + 2
        await client.opened()
        assert "a129" not in str(client.seen)
        replayed = [frame for frame in client.seen[waiting:] if frame["type"] == "counted"]
        assert len(replayed) > 100
        for frame in replayed:
            assert frame["total"] == expected[frame["text"]]


async def test_hiding_begins_and_ends_while_totals_are_told(scene: Scene) -> None:
    """Between the frames of one who writes all the time. Each total is that of everyone, or that of those
    whom Eve sees; once it changed, it stays so."""
    scene.hides["messages/<chat_id>"] = False
    either: dict[str, tuple[int, int]] = {}

    async def write(number: int) -> None:
        await scene.said(scene.alice, f"a{number}")
        await scene.said(scene.bob, f"b{number}")
        either[f"b{number}"] = scene.notes.total(), scene.visible

    async with local.opened(scene.name, scene.eve) as client:
        for round_ in range(8):
            changing = asyncio.create_task(scene.hide("messages/<chat_id>", not round_ % 2))
            told: list[int] = []
            while not told or told[-1] != (not round_ % 2) or len(told) < 10:
                await write(number := len(either))
                frame = await client.until("counted", text=f"b{number}")
                told.append(either[f"b{number}"].index(frame["total"]))
                assert len(told) < 500
            await changing
            assert told == sorted(told, reverse=bool(round_ % 2))
        assert {frame["text"] for frame in client.seen if frame["type"] == "counted"} >= {*either}


@pytest.fixture
async def on_its_way(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[None]]:
    """Says what is in the log, and arrives only with what is said next."""

    async def say() -> None:
        with monkeypatch.context() as lost:
            lost.setattr(fanout, "send", lambda packets: None)
            for number in range(3):
                await scene.said(scene.alice, f"a{number}")
                await scene.said(scene.bob, f"b{number}")

    return say


LATE = {"b0": 1, "b1": 2, "b2": 3, "now": 4}  # the totals of all that


async def test_hiding_begins_while_what_was_said_is_still_on_its_way(
    scene: Scene, on_its_way: Callable[[], Awaitable[None]]
) -> None:
    scene.hides["messages/<chat_id>"] = False
    async with local.opened(scene.name, scene.eve) as client:
        await on_its_way()
        await scene.hide("messages/<chat_id>", True)
        [socket] = scene.hub.sockets.values()

        async def hides() -> bool:
            return bool(socket.subscriptions[scene.name].unseen.users)

        await eventually(hides)
        await scene.said(scene.bob, "now")
        await client.until("counted", text="now")
        assert totals(client) == LATE


async def test_a_second_channel_opens_while_what_was_said_is_still_on_its_way(
    scene: Scene, on_its_way: Callable[[], Awaitable[None]]
) -> None:
    async with local.connect("", scene.eve) as client:
        await client.send({"type": "subscribe", "channel": "messages"})
        await client.opened()
        await on_its_way()
        await client.send({"type": "subscribe", "channel": scene.name})
        await client.opened()
        await client.send({"type": "unsubscribe", "channel": "messages"})
        await client.until("unsubscribed")
        await scene.said(scene.bob, "now")
        await client.until("counted", text="now")
        assert totals(client) == LATE


async def test_a_topic_that_two_channels_cover_is_told_as_the_one_that_hides_less(scene: Scene) -> None:
    scene.hides["messages"] = False
    await scene.said(scene.alice, "a1")
    async with local.connect("", scene.eve) as client:
        for channel in ("messages", scene.name):
            await client.send({"type": "subscribe", "channel": channel})
            await client.opened(channel=channel)
        await scene.said(scene.alice, "a2")
        await scene.said(scene.bob, "b1")
        await client.until("counted", text="b1")
        await client.send({"type": "unsubscribe", "channel": "messages"})
        await client.until("unsubscribed")
        await scene.said(scene.alice, "a3")
        await scene.said(scene.bob, "b2")
        await client.until("counted", text="b2")
        assert totals(client) == {"a2": 2, "b1": 3, "b2": 2}


async def test_a_tally_of_a_field_that_is_not_there_is_refused(scene: Scene) -> None:
    class Wrong(Counted):
        """Counts into nothing."""

        def tally(self) -> Tally:
            return Tally("sum", "notes", 1)

    Wrong.type = "wrong"
    wrong = Wrong(text="x", chat=scene.chat.pk, by=scene.bob.pk, total=1, adds=1)
    with pytest.raises(ValueError, match="'sum', which is not its field"):
        await asyncio.to_thread(publish, wrong)


def test_only_a_durable_event_has_a_tally() -> None:
    with pytest.raises(ImproperlyConfigured, match="must be DURABLE"):

        class Fleeting(Event):
            """Counted, and forgotten."""

            type = "fleeting"
            delivery = EPHEMERAL
            total: int = 0

            def tally(self) -> Tally:
                return Tally("total", "notes", 1)
