"""A database that was put back to an older copy ends all cursors, and every client is told so.

The hub's tail is off unless a test, or what it tests, asks for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from realtime import fanout, history, log, publish
from realtime.hub import Hub
from realtime.models import LoggedEvent
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import eventually
from tests.realtime import local
from tests.realtime.noted import Passed
from tests.realtime.older_copy import put_back
from tests.realtime.talking import say


@pytest.fixture(autouse=True)
def _slow_tail(settings: Any) -> None:
    settings.KITH_POLL_S = 30.0


class Scene:
    """alice speaks in a chat of this process, which bob hears."""

    def __init__(self, hub: Hub, people: People) -> None:
        self.hub = hub
        self.alice, self.bob = people.users("alice", "bob")
        self.chat = people.chat(self.alice, self.bob)
        self.other = people.chat(self.alice)
        self.channel = f"messages/{self.chat.pk}"

    async def speak(self, *contents: str) -> None:
        await asyncio.to_thread(say, self.chat, self.alice, *contents)

    def open(self, since: object = None) -> contextlib.AbstractAsyncContextManager[Client]:
        return local.opened(self.channel, self.bob, since=since)

    async def renew(self) -> None:
        """As another process does."""
        await asyncio.to_thread(history.renew, self.hub.reader.epoch)

    async def anew(self) -> None:
        """Wait until this process knows of it."""

        async def known() -> bool:
            return self.hub.reader.epoch == (await asyncio.to_thread(log.standing)).epoch

        await eventually(known)

    async def is_void(self, *cursors: object) -> None:
        for since in cursors:
            async with self.open(since) as client:
                assert client.opening[0]["recovered"] is False

    async def is_served(self, cursor: object, *contents: str) -> None:
        async with self.open(cursor) as client:
            assert client.opening[0]["recovered"] is True
            told = [frame["content"] for frame in client.opening if frame["type"] == "new_message"]
            assert told == list(contents)

    async def sent_back(self, client: Client) -> None:
        """Without having been told any more."""
        frame = await client.recv()
        assert frame["type"] == "reconnect"
        assert await client.closed() == 1012


@pytest.fixture
async def scene(database: Database, people: People) -> AsyncIterator[Scene]:
    async with local.hub() as hub:
        yield Scene(hub, people)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """What is committed inside is handed to nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fanout, "send", lambda packets: None)
        yield


async def heard(client: Client, *contents: str) -> int:
    """The id of the last."""
    for content in contents:
        frame = await client.until("new_message")
        assert frame["content"] == content
    return int(frame["id"])


async def test_a_copy_that_has_grown_beyond_what_was_told_is_noticed(scene: Scene) -> None:
    async with scene.open() as client:
        await scene.speak("one", "lost", "lost, too")
        last = await heard(client, "one", "lost", "lost, too")
        cursor = client.cursor
        kept = await asyncio.to_thread(LoggedEvent.objects.filter(event_id__lt=last - 1).count)
        await asyncio.to_thread(put_back, kept)
        with unheard():
            await scene.speak("two", "three", "four", "five")
        scene.hub.reader.now()
        await scene.sent_back(client)
        await scene.is_void(cursor, last)
        async with scene.open() as again:  # what the old socket heard last is nothing to the new one
            since = again.cursor
            await scene.speak("six")
            last = await heard(again, "six")
    await scene.is_served(since, "six")
    await scene.is_served(last)


async def test_ids_that_are_given_again_are_not_told_and_make_the_process_look(scene: Scene) -> None:
    """The copy lacks events of other topics, too; so here numbers go on, with lower ids."""
    async with scene.open() as client:
        await scene.speak("one")
        await asyncio.to_thread(say, scene.other, scene.alice, *"lost")
        await scene.speak("two")
        await heard(client, "one", "two")
        kept = await asyncio.to_thread(LoggedEvent.objects.count)
        await asyncio.to_thread(put_back, kept - 5)
        await scene.speak("other two")  # nobody can tell it from the packet of "two", told again
        await scene.speak("three")
        await scene.sent_back(client)


async def test_who_comes_back_is_live_at_once_whatever_the_old_socket_heard(scene: Scene) -> None:
    """Streams begin anew: else nothing would be live before the copy has grown as long as the lost log."""
    async with scene.open() as client:
        await scene.speak("one", "lost")
        last = await heard(client, "one", "lost")
        kept = await asyncio.to_thread(LoggedEvent.objects.filter(event_id__lt=last).count)
        await asyncio.to_thread(put_back, kept)
        scene.hub.reader.now()
        await scene.sent_back(client)
        async with scene.open() as again:
            await asyncio.to_thread(publish, Passed(text="now", chat=scene.chat.pk))
            await again.until("passed")


async def test_what_another_process_renewed_ends_the_cursors_here_before_anything_new_is_told(
    scene: Scene,
) -> None:
    """Else a client would go on from the new id, which is no void cursor."""
    async with scene.open() as client:
        await scene.speak("one")
        last = await heard(client, "one")
        await scene.renew()
        await scene.speak("two")
        await scene.sent_back(client)
    await scene.is_void(client.cursor, last)


async def test_nothing_new_is_told_by_a_replay_either(scene: Scene) -> None:
    """Who comes from a process that knows of the new log is sent back until this one does, too."""
    async with scene.open():
        await scene.renew()
        since = await asyncio.to_thread(log.cursor_of, f"chat.{scene.chat.pk}")
        with unheard():
            await scene.speak("two")
        async with local.connect(scene.channel, scene.bob, since=since) as client:
            assert await client.closed() == 1012
            assert client.types == ["connected", "reconnect"]
        await scene.anew()
    await scene.is_served(since, "two")


async def test_nor_to_those_who_are_behind(scene: Scene, settings: Any) -> None:
    settings.KITH_SOCKET_BACKLOG_BYTES = 20_000
    long = [f"{number} {'x' * 1_000}" for number in range(50)]
    async with local.opened(scene.channel, scene.bob, room=1) as slow:
        await scene.speak(*long)
        await scene.renew()
        with unheard():
            await scene.speak("new")
        await heard(slow, *long)
        await scene.sent_back(slow)


async def test_an_operator_ends_all_cursors_when_no_server_saw_it(fresh_site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    channel = f"messages/{chat.pk}"
    async with fresh_site.open(channel, alice) as client:
        fresh_site.run(say, chat, alice, "one")
        last = await heard(client, "one")
        before = client.cursor
        assert "void" in fresh_site.manage("void_cursors")
        await client.until("reconnect")
        assert await client.closed() == 1012
    for since in (before, last):
        async with fresh_site.open(channel, alice, since=since) as client:
            assert client.opening[0]["recovered"] is False
