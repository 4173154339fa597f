"""Opening and resuming while others write: nothing is missed, nothing is told twice, and a transaction that
commits late is not skipped by a cursor that was told before."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from chat.models import Chat
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import assert_in_order, left_open, said, say

OPENINGS = 30


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_S": "0.05"}


# ── while others write ──────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def hammered(site: Site, chats: list[Chat], writers: list[Any]) -> AsyncIterator[None]:
    """Each writer counts aloud without pause: through a socket, so that the server's hub is handed what
    it commits, and from this process, so that the hub finds it in the log."""
    end = asyncio.Event()

    async def by_socket(chat: Chat, writer: Any) -> None:
        async with site.open(f"messages/{chat.pk}", writer) as client:
            for number in itertools.count():
                await client.command({"type": "message", "content": f"s{writer.pk}:{number}"})
                if end.is_set():
                    return

    async def from_here(chat: Chat, writer: Any) -> None:
        for number in itertools.count():
            await asyncio.to_thread(site.run, say, chat, writer, f"h{writer.pk}:{number}")
            if end.is_set():
                return

    async with asyncio.TaskGroup() as tasks:
        for chat, writer in zip(chats, writers, strict=True):
            tasks.create_task(by_socket(chat, writer))
            tasks.create_task(from_here(chat, writer))
        try:
            yield
        finally:
            end.set()


def told(frames: Iterable[Frame], *channels: str) -> list[str]:
    """What was said, on these channels or on all."""
    new = [frame for frame in frames if frame["type"] == "new_message"]
    return [frame["content"] for frame in new if not channels or frame["channel"] in channels]


async def some(client: Client) -> list[Frame]:
    """What came up to the next two live messages."""
    frames: list[Frame] = []
    while len(told(frames)) < 2:
        frames.append(await client.recv())
    return frames


@pytest.fixture(params=["site", "postgres_site"])
def any_site(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


async def test_opening_again_and_again_while_others_write_misses_nothing_and_doubles_nothing(
    any_site: Site, people: People
) -> None:
    site = any_site
    bob, *writers = people.users("bob", "alice", "carol")
    chat = people.chat(bob, *writers)
    channel, heard = f"messages/{chat.pk}", [{"type": "opening", "id": 0}]
    async with hammered(site, [chat, chat], writers):
        for _ in range(OPENINGS):
            async with site.open(channel, bob, since=heard[-1]["id"]) as client:
                heard += [frame for frame in [*client.opening, *await some(client)] if "id" in frame]
    async with site.open(channel, bob, since=heard[-1]["id"]) as client:
        heard += [frame for frame in client.opening if "id" in frame]
    assert told(heard) == site.run(said, chat)
    site.run(assert_in_order, chat)


async def test_opening_several_topics_again_and_again_while_others_write_misses_nothing(
    postgres_site: Site, people: People
) -> None:
    bob, *writers = people.users("bob", "alice", "carol")
    chats = [people.chat(writer, bob) for writer in writers]
    known: dict[int, Frame] = {}

    def hear(frames: list[Frame]) -> None:
        ids = [frame["id"] for frame in frames if "id" in frame]
        assert len(ids) == len(set(ids)), "told twice on one socket"
        known.update({frame["id"]: frame for frame in frames if "id" in frame})

    cursor: Any = 0
    async with hammered(postgres_site, chats, writers):
        for _ in range(OPENINGS):
            async with postgres_site.open("messages", bob, since=cursor) as client:
                await some(client)
                hear(client.seen)
                cursor = client.cursor
    async with postgres_site.open("messages", bob, since=cursor) as client:
        hear(client.opening)
    frames = sorted(known.values(), key=lambda frame: frame["id"])
    for chat in chats:
        assert told(frames, f"messages/{chat.pk}") == postgres_site.run(said, chat)


async def test_one_socket_on_both_channels_gets_each_frame_once(postgres_site: Site, people: People) -> None:
    bob, *writers = people.users("bob", "alice", "carol")
    chats = [people.chat(writer, bob) for writer in writers]
    one = f"messages/{chats[0].pk}"
    link = postgres_site.connect(token=postgres_site.token(bob))
    async with hammered(postgres_site, chats, writers), link as client:
        for _ in range(OPENINGS):
            for channel in (one, "messages"):
                await client.send({"type": "subscribe", "channel": channel})
                await client.opened(channel=channel)
            for channel in (one, "messages"):
                await client.send({"type": "unsubscribe", "channel": channel})
                await client.until("unsubscribed", channel=channel)
        ids = [frame["id"] for frame in client.seen if "id" in frame]
    assert len(ids) == len(set(ids))
    assert ids


# ── late commits ────────────────────────────────────────────────────────────────────────────


class Scene:
    """bob listens to all his chats; alice speaks in both, carol's transaction in the first stays open."""

    def __init__(self, site: Site, people: People) -> None:
        self.site = site
        self.alice, self.bob, self.carol = people.users("alice", "bob", "carol")
        self.late, self.other = [people.chat(self.alice, self.bob, self.carol) for _ in range(2)]

    async def speak(self, *contents: str) -> None:
        await asyncio.to_thread(self.site.run, say, self.other, self.alice, *contents)
        await asyncio.to_thread(self.site.run, say, self.late, self.alice, *contents)

    def open_transaction(self) -> Any:
        return left_open(lambda: say(self.late, self.carol, "late"))


@pytest.fixture
def scene(postgres_site: Site, people: People) -> Scene:
    return Scene(postgres_site, people)


async def test_a_late_commit_reaches_one_who_stayed(scene: Scene) -> None:
    async with scene.site.open("messages", scene.bob) as client:
        with scene.open_transaction():
            await scene.speak("meanwhile")
            for chat in (scene.late, scene.other):
                await client.until("new_message", content="meanwhile", channel=f"messages/{chat.pk}")
        await client.until("new_message", content="late")


async def test_a_cursor_that_was_told_live_does_not_skip_a_late_commit(scene: Scene) -> None:
    async with scene.site.open("messages", scene.bob) as client:
        with scene.open_transaction():
            await scene.speak("meanwhile")
            await client.until("new_message", content="meanwhile", channel=f"messages/{scene.late.pk}")
            await client.until("cursor")
            await client.barrier()
            cursor = client.cursor
            await client.close()
    async with scene.site.open("messages", scene.bob, since=cursor) as client:
        assert "late" in told(client.opening)


async def test_a_cursor_that_was_told_at_the_opening_does_not_skip_a_late_commit(scene: Scene) -> None:
    with scene.open_transaction():
        await scene.speak("meanwhile")
        async with scene.site.open("messages", scene.bob) as client:
            cursor = client.cursor
    async with scene.site.open("messages", scene.bob, since=cursor) as client:
        assert "late" in told(client.opening)
        cursor = client.cursor
    async with scene.site.open("messages", scene.bob, since=cursor) as client:
        assert told(client.opening) == []


async def test_the_cursor_of_a_list_does_not_skip_what_the_list_does_not_show(scene: Scene) -> None:
    api = scene.site.api(scene.bob)
    with scene.open_transaction():
        await scene.speak("meanwhile")
        page = (await asyncio.to_thread(api.get, "/api/chats/")).json()
    async with scene.site.open("messages", scene.bob, since=page["cursor"]) as client:
        assert "late" in told(client.opening)
    one = (await asyncio.to_thread(api.get, f"/api/chats/{scene.late.pk}/messages/")).json()
    assert "late" in [row["content"] for row in one["results"]]
    async with scene.site.open(f"messages/{scene.late.pk}", scene.bob, since=one["cursor"]) as client:
        assert told(client.opening) == []


async def test_cursors_go_on_once_the_late_one_committed(scene: Scene) -> None:
    """Else a client would be sent more and more again."""
    async with scene.site.open("messages", scene.bob) as client:
        with scene.open_transaction():
            await scene.speak("meanwhile")
        await client.until("new_message", content="late")
        await scene.speak("the end")
        await client.until("new_message", content="the end", channel=f"messages/{scene.late.pk}")
        await client.until("cursor")
        await scene.speak("a word")
        await client.until("new_message", content="a word", channel=f"messages/{scene.late.pk}")
        await client.until("cursor")
        cursor = client.cursor
    async with scene.site.open("messages", scene.bob, since=cursor) as client:
        assert "late" not in told(client.opening)
