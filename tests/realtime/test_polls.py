"""Long polls: what a stream tells, one answer at a time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from chat.models import Chat
from chat.services import member_remove
from feed.events import AudienceAdded
from realtime import broadcast
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.harness.stream import Answer
from tests.harness.waiting import eventually
from tests.realtime.talking import logged, say, say_together

GATHER_S = 0.25
LONG_S = 30.0  # a poll that waits for so long is not meant to end by itself
SHORT_S = 0.6


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_GATHER_S": str(GATHER_S)}


class Poller:
    """A user who polls these channels, each time with the last cursor."""

    def __init__(self, site: Site, user: Any, *channels: str) -> None:
        self.site = site
        self.user = user
        self.token = site.token(user)
        self.channels = channels
        self.cursor: str | None = None
        self.frames: list[Frame] = []

    async def poll(self, wait: float | None = None) -> Answer:
        answer = await self.site.poll(*self.channels, token=self.token, since=self.cursor, wait=wait)
        self.cursor = answer.cursor
        self.frames += answer.frames
        return answer

    async def waiting(self) -> asyncio.Task[Answer]:
        """A poll under way, all of whose channels are open."""
        if self.cursor is None:
            await self.poll()
        before = await self._sockets()
        task = asyncio.create_task(self.poll(LONG_S))

        async def open_() -> bool:
            return await self._sockets() > before

        await eventually(open_, within=10)
        await asyncio.sleep(0.1)  # no law depends on it: what comes earlier is merely replayed
        return task

    async def _sockets(self) -> int:
        return int((await asyncio.to_thread(self.site.health))["total_sockets"])


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


def contents(frames: list[Frame]) -> list[str]:
    return [frame["content"] for frame in frames if frame["type"] == "new_message"]


# ── when it answers ─────────────────────────────────────────────────────────────────────────


async def test_without_a_cursor_it_answers_what_opening_tells(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    started = time.monotonic()
    answer = await site.poll(name(chat), "feed", user=alice, wait=LONG_S)
    assert time.monotonic() - started < LONG_S / 2
    assert answer.types == ["connected", "subscribed", "chat_state", "caught_up", "subscribed", "caught_up"]
    assert answer.cursor == ",".join(
        frame["cursor"] for frame in answer.frames if frame["type"] == "caught_up"
    )
    assert answer.close is None


async def test_one_channel_without_a_cursor_is_enough(site: Site, people: People) -> None:
    alice = people.user("alice")
    cursor = (await site.poll("feed", user=alice)).cursor
    started = time.monotonic()
    answer = await site.poll("feed", "messages", user=alice, since=f"{cursor},", wait=LONG_S)
    assert time.monotonic() - started < LONG_S / 2
    assert answer.types.count("caught_up") == 2


async def test_what_was_missed_is_told_at_once(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    poller = Poller(site, alice, name(people.chat(alice, bob)), "messages")
    chat = people.chat(alice, bob)
    await poller.poll()
    site.run(say, chat, bob, "one", "two")
    started = time.monotonic()
    answer = await poller.poll(LONG_S)
    assert time.monotonic() - started < LONG_S / 2
    assert contents(answer.frames) == ["one", "two"]


async def test_opening_alone_does_not_end_the_wait(site: Site, people: People) -> None:
    alice = people.user("alice")
    poller = Poller(site, alice, name(people.chat(alice)), "notifications", "online", "feed")
    before = (await poller.poll()).cursor
    started = time.monotonic()
    answer = await poller.poll(SHORT_S)
    assert time.monotonic() - started >= SHORT_S
    assert set(answer.types) == {
        *("connected", "subscribed", "caught_up"),
        *("chat_state", "notifications_state", "presence_state"),
    }
    assert answer.cursor.split(",")[0] == before.split(",")[0]
    assert answer.close is None


async def test_no_wait_at_all(site: Site, people: People) -> None:
    poller = Poller(site, people.user("alice"), "feed")
    await poller.poll()
    assert (await poller.poll(0)).types == ["connected", "subscribed", "caught_up"]


async def test_a_durable_event_ends_the_wait(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    poller = Poller(site, alice, name(chat))
    waiting = await poller.waiting()
    site.run(say, chat, bob, "hi")
    answer = await waiting
    assert contents(answer.frames) == ["hi"]
    assert answer.cursor.endswith(f"-{answer.frames[-1]['id']}")


async def test_a_latest_and_an_ephemeral_event_end_the_wait(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    [message_id] = site.run(say, chat, bob, "hi")
    poller = Poller(site, alice, name(chat))
    async with site.open(name(chat), bob) as client:
        for command, kind in (
            ({"type": "read", "message_id": message_id}, "read"),
            ({"type": "typing", "is_typing": True}, "typing"),
        ):
            waiting = await poller.waiting()
            assert (await client.command(command))["type"] == "ack"
            assert kind in (await waiting).types


async def test_a_state_that_is_told_again_ends_the_wait(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    poller = Poller(site, alice, "online")
    waiting = await poller.waiting()
    people.connect(alice, bob)
    answer = await waiting
    assert answer.types.count("presence_state") > 1


async def test_a_busy_chat_does_not_cost_a_request_per_message(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    texts = [str(number) for number in range(60)]
    poller = Poller(site, alice, name(chat), "messages")
    await poller.poll()
    started = time.monotonic()

    async def talk() -> None:
        async with site.open(name(chat), bob) as client:
            for text in texts:
                assert (await client.command({"type": "message", "content": text}))["type"] == "ack"

    talking, polls = asyncio.create_task(talk()), 0
    while len(set(contents(poller.frames))) < len(texts):
        await poller.poll(LONG_S)
        polls += 1
    await talking
    assert polls <= (time.monotonic() - started) / GATHER_S + 1
    once = {frame["id"]: frame for frame in poller.frames if "id" in frame}
    assert contents([once[key] for key in sorted(once)]) == texts


async def test_what_was_told_is_not_told_again(sites: Sites, people: People) -> None:
    """On several topics only a horizon is a cursor, and here the log is not tailed unless somebody asks."""
    site = sites.start("sqlite", settings={"KITH_POLL_S": "60"})
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    poller = Poller(site, alice, "messages", "feed")
    waiting = await poller.waiting()
    async with site.open(name(chat), bob) as client:
        assert (await client.command({"type": "message", "content": "hi"}))["type"] == "ack"
    assert contents((await waiting).frames) == ["hi"]
    assert contents((await poller.poll(SHORT_S)).frames) == []


async def test_a_broadcast_reaches_who_polls(site: Site, people: People) -> None:
    alice = people.user("alice")
    waiting = await Poller(site, alice, "feed").waiting()
    site.run(broadcast, "feed", AudienceAdded(reader_id=alice.pk, user_id=alice.pk))
    assert "audience_added" in (await waiting).types


# ── refusals and ends ───────────────────────────────────────────────────────────────────────


async def test_a_refused_channel_ends_the_wait_and_keeps_its_cursor(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    foreign = people.chat(alice)
    cursor = (await site.poll("feed", user=eve)).cursor
    answer = await site.poll(name(foreign), "feed", user=eve, since=f"17,{cursor}", wait=LONG_S)
    error = answer.frames[1]
    assert (error["type"], error["code"], error["channel"]) == ("error", "forbidden", name(foreign))
    assert answer.types[2:] == ["subscribed", "caught_up"]
    assert answer.cursor.startswith("17,")


async def test_a_cursor_that_cannot_be_served_ends_the_wait(site: Site, people: People) -> None:
    answer = await site.poll("feed", user=people.user("alice"), since="00000000~99999", wait=LONG_S)
    assert answer.frames[1]["recovered"] is False
    assert answer.cursor == answer.frames[1]["cursor"]


async def test_who_loses_a_chat_is_told(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    poller = Poller(site, bob, name(chat))
    waiting = await poller.waiting()
    site.run(member_remove, chat=chat, actor=alice, user_id=bob.pk)
    answer = await waiting
    assert answer.types[-2:] == ["member_left", "unsubscribed"]
    answer = await poller.poll(LONG_S)
    assert [frame.get("code") for frame in answer.frames] == [None, "forbidden"]


async def test_the_end_of_the_sign_in_closes(site: Site, people: People) -> None:
    alice = people.user("alice")
    poller = Poller(site, alice, "feed")
    waiting = await poller.waiting()
    site.api(poller.token).post("/api/logout/", json={}).raise_for_status()
    answer = await waiting
    assert (answer.types[-1], answer.frames[-1]["code"], answer.close) == (
        "auth_error",
        "token_revoked",
        4401,
    )
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await poller.poll()
    assert (refused.value.response.status_code, refused.value.response.json()["code"]) == (
        401,
        "token_revoked",
    )


async def test_the_end_of_the_token_closes(site: Site, people: People) -> None:
    alice = people.user("alice")
    poller = Poller(site, alice, "feed")
    await poller.poll()
    poller.token = site.token(alice, exp=int(time.time()) + 2)
    answer = await poller.poll(LONG_S)
    assert answer.types[-2:] == ["token_expiring", "auth_error"]
    assert answer.close == 4401


@pytest.mark.parametrize("wait", ["x", "", "-1", "61", "nan", "inf", "1e9"])
async def test_a_bad_wait_is_refused(site: Site, people: People, wait: str) -> None:
    async with site.http(people.user("alice")) as http:
        answer = await http.get("/api/events/", params={"channel": "feed", "wait": wait})
    assert answer.status_code == 400
    assert answer.json() | {"message": ""} == {
        "type": "error",
        "code": "invalid_message",
        "message": "",
        "field": "wait",
    }


async def test_an_answer_may_be_long(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    texts = [f"{number} {'y' * 10_000}" for number in range(300)]
    site.run(say_together, chat, bob, *texts)
    answer = await site.poll("messages", user=alice, since="0")
    assert contents(answer.frames) == texts
    assert "caught_up" in answer.types
    assert site.run(logged, chat)[-1]["id"] == [frame for frame in answer.frames if "id" in frame][-1]["id"]
