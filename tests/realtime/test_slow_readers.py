"""A client that does not read: what waits for it is bounded, nobody else is delayed, nothing durable is lost.

A local socket with ``room=1`` lets one unread frame through, as a full network does some time later. The
hub's tail is off unless a test turns it on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import psutil
import pytest

from chat.models import Chat
from chat.services import member_add, member_remove
from realtime import log, publish
from realtime.hub import Hub
from realtime.outgoing import QueuedSocket
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import eventually
from tests.realtime import local
from tests.realtime.narrow import narrow
from tests.realtime.noted import Noted, Passed, Standing
from tests.realtime.talking import say_together

BUDGET = 20_000  # bytes
LONG = "x" * 1_000
MUCH = [f"{number} {LONG}" for number in range(100)]  # five times the budget
LETTERS = [f"{number} {'y' * 10_000}" for number in range(1_000)]
GROWTH = 12 * 2**20  # bytes; unbounded, a server would grow by over 20 MB for the 8 MB that a client leaves


@pytest.fixture(autouse=True)
def _short(settings: Any) -> None:
    settings.KITH_POLL_S = 30.0
    settings.KITH_SOCKET_BACKLOG_BYTES = BUDGET


class Scene:
    """alice speaks in a chat; bob's socket is slow, carol's is not."""

    def __init__(self, hub: Hub, people: People) -> None:
        self.hub = hub
        self.alice, self.bob, self.carol = people.users("alice", "bob", "carol")
        self.chat = people.chat(self.alice, self.bob, self.carol)
        self.channel = f"messages/{self.chat.pk}"

    async def run(self, work: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        await asyncio.to_thread(work, *args, **kwargs)

    async def speak(self, *contents: str, chat: Chat | None = None) -> None:
        await self.run(say_together, chat or self.chat, self.alice, *contents)

    async def publish(self, kind: type[Noted], *texts: str, about: str = "") -> None:
        def tell() -> None:
            for text in texts:
                publish(kind(text=text, chat=self.chat.pk, about=about))

        await self.run(tell)

    @contextlib.asynccontextmanager
    async def slow(self, channel: str | None = None, *, since: object = None) -> AsyncIterator[Client]:
        async with local.opened(channel or self.channel, self.bob, since=since, room=1) as client:
            yield client

    async def tailed(self) -> None:
        """Wait until the hub has looked into the log after all that was said so far."""
        horizon = (await asyncio.to_thread(log.standing)).horizon

        async def looked() -> bool:
            return self.hub.reader.horizon >= horizon

        await eventually(looked)

    def waiting(self) -> int:
        """Characters that wait for all sockets."""
        queues = [cast(QueuedSocket, socket)._outgoing for socket in self.hub.sockets.values()]
        return sum(len(item) for queue in queues for item in queue if isinstance(item, str))


@pytest.fixture
def quick_tail(_short: None, settings: Any) -> None:
    settings.KITH_POLL_S = 0.02


@pytest.fixture
async def scene(sqlite_database: Database, people: People) -> AsyncIterator[Scene]:
    async with local.hub() as hub:
        yield Scene(hub, people)


async def said(client: Client, contents: list[str]) -> None:
    """Exactly these come next, in this order."""
    for content in contents:
        frame = await client.until("new_message")
        assert frame["content"] == content


async def test_a_slow_reader_gets_everything_in_order_and_nobody_waits_for_it(scene: Scene) -> None:
    async with scene.slow() as slow, local.opened(scene.channel, scene.carol) as quick:
        for part in range(0, 100, 10):
            await scene.speak(*MUCH[part : part + 10])
            await said(quick, MUCH[part : part + 10])
            assert scene.waiting() <= BUDGET + 2 * len(MUCH[-1])
        await said(slow, MUCH[:30])  # it catches up, and stops reading again
        assert scene.waiting() <= BUDGET + 2 * len(MUCH[-1])
        await said(slow, MUCH[30:])
        assert await slow.barrier() == []
        await scene.speak("live again")
        await said(slow, ["live again"])


async def test_one_that_never_reads_is_let_go(scene: Scene) -> None:
    async with scene.slow():
        await scene.speak(*MUCH)
    assert (scene.hub.sockets, scene.hub.streams) == ({}, {})


async def test_a_slow_reader_of_several_topics_gets_each_in_order(scene: Scene, people: People) -> None:
    other = people.chat(scene.alice, scene.bob)
    async with scene.slow("messages") as slow:
        for content in MUCH:
            await scene.speak(content)
            await scene.speak(content, chat=other)
        heard: dict[str, list[str]] = {}
        for _ in range(2 * len(MUCH)):
            frame = await slow.until("new_message")
            heard.setdefault(frame["channel"], []).append(frame["content"])
        assert heard == {scene.channel: MUCH, f"messages/{other.pk}": MUCH}
        assert await slow.barrier() == []


async def test_a_slow_replay_is_bounded_too_and_goes_over_into_live(scene: Scene) -> None:
    await scene.speak(*MUCH)
    async with local.connect(scene.channel, scene.bob, since=0, room=1) as slow:

        async def full() -> bool:
            return scene.waiting() > BUDGET - 2 * len(MUCH[-1])

        await eventually(full)
        await scene.speak(*MUCH)
        assert scene.waiting() <= BUDGET + 2 * len(MUCH[-1])
        await said(slow, MUCH + MUCH)
        assert slow.types.count("caught_up") == 1


# ── what may be lost, and what is conflated ─────────────────────────────────────────────────


async def test_ephemeral_events_do_not_pile_up(scene: Scene) -> None:
    async with scene.slow() as slow:
        for _ in range(5):
            await scene.publish(Passed, *MUCH)
            assert scene.waiting() <= BUDGET + 2 * len(MUCH[-1])
        await scene.speak("durable")
        await said(slow, ["durable"])
        assert 0 < slow.types.count("passed") < len(MUCH)
        await slow.barrier()
        await scene.publish(Passed, "heard again")
        await slow.until("passed", text="heard again")


async def test_of_latest_events_the_newest_of_each_key_remains(scene: Scene) -> None:
    async with scene.slow() as slow:
        await scene.speak(*MUCH)
        for about in ("a", "b"):
            await scene.publish(Standing, *[f"{about}{number}" for number in range(100)], about=about)
        await scene.speak("the end")
        await said(slow, [*MUCH, "the end"])
        await slow.until("standing", text="b99")
        await slow.barrier()
        assert [frame["text"] for frame in slow.seen if frame["type"] == "standing"] == ["a99", "b99"]


# ── rights that change meanwhile ────────────────────────────────────────────────────────────


async def test_one_who_is_removed_while_behind_gets_what_was_said_before_and_no_more(scene: Scene) -> None:
    async with scene.slow() as slow:
        await scene.speak(*MUCH)
        await scene.run(member_remove, chat=scene.chat, actor=scene.alice, user_id=scene.bob.pk)
        await scene.speak("not for bob")
        await said(slow, MUCH)
        await slow.until("member_left", user_id=scene.bob.pk)
        assert (await slow.recv())["code"] == "forbidden"
        assert await slow.closed() == 4403
        assert "not for bob" not in str(slow.seen)


@pytest.mark.usefixtures("quick_tail")
async def test_one_who_is_added_while_behind_hears_the_new_chat(scene: Scene, people: People) -> None:
    other = people.chat(scene.alice)
    async with scene.slow("messages") as slow:
        await scene.speak(*MUCH)
        await scene.run(member_add, chat=other, actor=scene.alice, user_id=scene.bob.pk)
        await scene.speak("hello bob", chat=other)
        await scene.tailed()
        await said(slow, MUCH)
        await slow.until("chat_added", chat_id=other.pk)
        await slow.until("new_message", content="hello bob")


@pytest.mark.usefixtures("quick_tail")
async def test_a_cursor_never_runs_ahead_of_a_slow_reader(
    scene: Scene, people: People, settings: Any
) -> None:
    """Also when one of its topics, where little was said, is level already."""
    settings.KITH_SOCKET_BACKLOG_BYTES = (
        10 * BUDGET
    )  # more than one page of the log: reading stops between two
    quiet = people.chat(scene.alice, scene.bob)
    cursors: dict[str, int] = {}  # with how much was heard before each
    async with scene.slow("messages") as slow:
        await scene.speak(*MUCH, *MUCH, *MUCH, *MUCH)
        heard = 0
        while heard < 4 * len(MUCH):
            frame = await slow.recv()
            heard += frame.get("channel") == scene.channel and frame["type"] == "new_message"
            if frame["type"] == "cursor":
                cursors[frame["cursor"]] = heard
            if heard > 170 and heard % 20 == 1:  # of the log, one page was read by now
                await scene.speak("a word", chat=quiet)
                await scene.tailed()
    for cursor, before in cursors.items():
        async with local.opened("messages", scene.bob, since=cursor) as again:
            replayed = [frame for frame in again.opening if frame.get("channel") == scene.channel]
            assert before + sum(frame["type"] == "new_message" for frame in replayed) >= heard


# ── for too long ────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("quick_tail")
async def test_one_that_takes_nothing_for_too_long_is_closed_1013(scene: Scene, settings: Any) -> None:
    settings.KITH_SLOW_SOCKET_S = 0.1
    async with scene.slow() as slow:
        await scene.speak(*MUCH)

        async def given_up() -> bool:
            return all(socket.closing for socket in scene.hub.sockets.values())

        await eventually(given_up)
        assert await slow.closed() == 1013
        assert slow.types.count("new_message") < len(MUCH)


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_S": "0.02"}


async def test_a_real_server_stays_small_for_clients_that_do_not_read(site: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.chat(alice, bob, carol)
    channel, token = f"messages/{chat.pk}", site.token(bob)

    async def speak(contents: list[str], listener: Client) -> None:
        for part in range(0, len(contents), 50):
            await asyncio.to_thread(site.run, say_together, chat, alice, *contents[part : part + 50])
            await said(listener, contents[part : part + 50])

    def grown() -> int:
        return psutil.Process(site.pid).memory_info().rss - before

    with narrow(site.port) as link, narrow(site.port) as other:
        async with (
            site.open(channel, carol) as quick,
            site.open(channel, bob, max_queue=1, sock=link) as slow,
        ):
            await speak(LETTERS[:200], quick)  # what reading and writing costs in any case
            before = psutil.Process(site.pid).memory_info().rss
            await speak(LETTERS[200:], quick)
            assert grown() < GROWTH
            await said(slow, LETTERS[:300])
            slow.abort()
        options: dict[str, Any] = {"max_queue": 1, "sock": other}
        async with site.connect(channel, token=token, since=0, **options) as replayed:
            await said(replayed, LETTERS[:1])
            assert grown() < GROWTH
            await said(replayed, LETTERS[1:300])
            replayed.abort()
