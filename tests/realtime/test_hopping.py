"""A client that changes between WebSocket, stream and poll, with its last cursors: it misses nothing,
whenever it breaks and whoever writes meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from typing import Any

import httpx
import pytest

from chat.models import Chat
from realtime.channels import find
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import said, say, say_together

TALKS = 4  # who write at the same time
SENTENCES = 30  # of each
WITHIN_S = 60.0


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


class Wanderer:
    """A client's memory, whichever way its frames come."""

    def __init__(self, site: Site, user: Any, *channels: str) -> None:
        self.site = site
        self.token = site.token(user)
        self.channels = channels
        self.cursors = dict.fromkeys(channels, "0")
        self.known: set[int] = set()
        self.heard: dict[str, list[str]] = {}
        self.legs: dict[str, int] = {}
        self.choice = random.Random(7)

    @property
    def combined(self) -> str:
        return ",".join(self.cursors.values())

    def take(self, frame: Frame) -> None:
        """A new event counts once, in the order of its first coming."""
        assert frame.get("recovered", True), frame
        assert frame["type"] != "error", frame
        if frame.get("id", 0) not in self.known and frame["type"] == "new_message":
            self.heard.setdefault(frame["channel"], []).append(frame["content"])
        self.known.add(frame.get("id", 0))

    def go_on(self, combined: str) -> None:
        self.cursors = dict(zip(self.channels, combined.split(","), strict=True))

    # ── the three ways ──────────────────────────────────────────────────────────────────────

    async def by_socket(self) -> None:
        async with self.site.connect(token=self.token) as client:
            await self._take_some(client, self._take_from_socket, client.send)
            client.abort()

    async def by_stream(self) -> None:
        async with self.site.stream(*self.channels, token=self.token, since=self.combined) as stream:
            await self._take_some(stream, self.take)
            if stream.id is not None:
                self.go_on(stream.id)

    async def by_poll(self) -> None:
        for _ in range(self.choice.randint(1, 3)):
            poll = self.site.poll(*self.channels, token=self.token, since=self.combined, wait=0.3)
            polling = asyncio.create_task(poll)
            if self.choice.random() < 0.3:  # given up: what it would have said is not heard
                await asyncio.sleep(self.choice.random() * 0.1)
                polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                answer = await polling
                for frame in answer.frames:
                    self.take(frame)
                self.go_on(answer.cursor)

    async def _take_some(self, client: Client, take: Any, send: Any = None) -> None:
        """Frames for a moment, perhaps too short for all channels to open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.choice.choice([0.02, 0.1, 0.4])):
                for channel in self.channels if send is not None else ():
                    await send({"type": "subscribe", "channel": channel, "since": self.cursors[channel]})
                while True:
                    take(await client.recv(within=WITHIN_S))

    def _take_from_socket(self, frame: Frame) -> None:
        self.take(frame)
        channel = frame.get("channel", "")
        if channel not in self.cursors:
            return
        if "cursor" in frame:
            self.cursors[channel] = frame["cursor"]
        elif "id" in frame and not find(channel)[0].several_topics:
            self.cursors[channel] = str(frame["id"])

    async def hop(self) -> None:
        way = self.choice.choice([self.by_socket, self.by_stream, self.by_poll])
        self.legs[way.__name__] = self.legs.get(way.__name__, 0) + 1
        with contextlib.suppress(httpx.TransportError):  # broken off while it was being asked
            await way()


async def talk(site: Site, user: Any, chats: list[Chat], number: int) -> set[str]:
    """Say things by POST, by a socket and in another process; what was acknowledged."""
    done = set()
    choice = random.Random(number)
    async with site.http(user) as http, site.open(name(chats[0]), user) as client:
        for sentence in range(SENTENCES):
            content, chat = f"{number} {sentence}", choice.choice(chats)
            frame = {"type": "message", "content": content, "ref": uuid.uuid4().hex}
            way = choice.randrange(4)
            if way == 0:
                assert (await client.command(frame))["type"] == "ack"
            elif way == 1:
                await asyncio.to_thread(site.run, say, chat, user, content)
            elif way == 2:
                await asyncio.to_thread(site.run, say_together, chat, user, content, f"{content} too")
                done.add(f"{content} too")
            else:
                answer = await http.post("/api/commands/", json={**frame, "channel": name(chat)})
                assert answer.status_code == 201, answer.text
            done.add(content)
    return done


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_OPEN_SOCKETS_PER_USER": "0"}


@pytest.fixture(params=["site", "postgres_site"])
def either(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue(request.param)
    return site


async def test_whoever_hops_between_transports_misses_nothing(either: Site, people: People) -> None:
    site = either
    listener, *writers = people.users("listener", *["writer"] * TALKS)
    chats = [people.chat(listener, *writers, history="all") for _ in range(3)]
    wanderer = Wanderer(site, listener, "messages", name(chats[0]), "notifications", name(chats[1]))
    talking = asyncio.gather(*(talk(site, user, chats, at) for at, user in enumerate(writers)))
    while not talking.done():
        await wanderer.hop()
    acknowledged = set().union(*talking.result())
    async with asyncio.timeout(WITHIN_S):
        while sum(map(len, wanderer.heard.values())) < len(acknowledged):
            await wanderer.hop()
    assert {content for heard in wanderer.heard.values() for content in heard} == acknowledged
    for chat in chats:
        assert wanderer.heard[name(chat)] == site.run(said, chat)
    assert set(wanderer.legs) == {"by_socket", "by_stream", "by_poll"}
