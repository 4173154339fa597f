"""Whatever a client sends: the error that PROTOCOL names, nothing stored, nobody else notices (§5, §6)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed

from chat.models import Chat, Message
from realtime.models import LoggedEvent, Ref
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.bad_frames import CONTENT_LIMIT, FRAMES, HARD_LIMIT, Bad


class Room(NamedTuple):
    """A chat with somebody who listens."""

    chat: Chat
    client: Client
    listener: Client


@asynccontextmanager
async def room(site: Site, people: People) -> AsyncIterator[Room]:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice) as client, site.open(channel, bob) as listener:
        yield Room(chat, client, listener)


def stored() -> list[int]:
    return [model.objects.count() for model in (Message, Ref, LoggedEvent)]


async def lives_on(room: Room) -> None:
    """The socket works, and what it says is the first that anybody else heard of it."""
    ack = await room.client.command({"type": "message", "content": "still here"})
    assert ack["type"] == "ack"
    heard = await room.listener.recv()
    assert (heard["type"], heard["content"]) == ("new_message", "still here")


def assert_answers(error: Frame, bad: Bad) -> None:
    assert error["message"]
    assert {**error, "message": ""} == {
        "type": "error",
        "code": bad.code,
        "message": "",
        **({"field": bad.field} if bad.field else {}),
        **({"ref": bad.ref} if bad.ref else {}),
    }


@pytest.mark.parametrize("bad", FRAMES.values(), ids=FRAMES)
async def test_a_bad_frame_gets_its_error_and_changes_nothing(site: Site, people: People, bad: Bad) -> None:
    async with room(site, people) as here:
        before = site.run(stored)
        await here.client.send_raw(bad.text)
        assert_answers(await here.client.recv(), bad)
        assert site.run(stored) == before
        await lives_on(here)


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b'{"type":"message","content":"x"}'])
async def test_a_binary_frame_is_not_understood(site: Site, people: People, data: bytes) -> None:
    async with room(site, people) as here:
        await here.client.send_raw(data)
        assert_answers(await here.client.recv(), Bad("", "invalid_message"))
        await lives_on(here)


async def test_the_longest_content_is_taken_and_comes_as_it_was_sent(site: Site, people: People) -> None:
    text = "é" * (CONTENT_LIMIT // 2)
    async with room(site, people) as here:
        await here.client.send({"type": "message", "content": f"  {text}\n"})
        assert (await here.listener.until("new_message"))["content"] == text


async def test_numbers_and_text_that_json_may_hold_come_back_in_a_pong(site: Site, people: People) -> None:
    async with room(site, people) as here:
        for stamp in (10**30, 2**64, -1.5e300, "🔑\n", "a\x00b", True, {"a": [None]}):
            await here.client.send({"type": "ping", "timestamp": stamp})
            assert (await here.client.until("pong"))["timestamp"] == stamp


@pytest.mark.parametrize(
    "data",
    ["x" * (HARD_LIMIT + 1), ["x" * HARD_LIMIT, "x", "x" * 1000], b"x" * (HARD_LIMIT + 1)],
    ids=["at once", "in fragments", "binary"],
)
async def test_a_frame_over_the_hard_limit_closes_1009(site: Site, people: People, data: Any) -> None:
    async with room(site, people) as here:
        with contextlib.suppress(ConnectionClosed):  # already, while the rest was being sent
            await here.client.socket.send(data)
        assert await here.client.closed() == 1009
        assert await here.listener.barrier() == []


@pytest.mark.parametrize("data", [b"\xff", b'{"type":"ping","timestamp":"\xed\xa0\x80"}', b"\xc3"])
async def test_a_text_frame_that_is_not_utf8_closes_1007(site: Site, people: People, data: bytes) -> None:
    async with room(site, people) as here:
        await here.client.send_raw(data, text=True)
        assert await here.client.closed() == 1007
        assert await here.listener.barrier() == []


ON_WS = [
    Bad('{"type":"subscribe","channel":5,"ref":"r1"}', "invalid_message", "channel", ref="r1"),
    Bad('{"type":"subscribe","channel":null,"ref":"r1"}', "invalid_message", "channel", ref="r1"),
    Bad(
        '{"type":"message","channel":["x"],"content":"x","ref":"r1"}', "invalid_message", "channel", ref="r1"
    ),
    Bad('{"type":"subscribe","channel":"\\ud800"}', "invalid_message", "channel"),
    Bad('{"type":"unsubscribe","ref":"r1"}', "invalid_message", "channel", ref="r1"),
]


@pytest.mark.parametrize("bad", [*ON_WS, *(FRAMES[name] for name in ("not JSON 0", "no object 0", "empty"))])
async def test_a_bad_frame_on_ws_gets_its_error(site: Site, people: People, bad: Bad) -> None:
    async with site.connect(token=site.token(people.user("alice"))) as client:
        await client.until("connected")
        await client.send_raw(bad.text)
        assert_answers(await client.recv(), bad)
        assert await client.barrier() == []


@pytest.mark.parametrize("since", ["true", "1.5", "[]", "{}"])
async def test_a_since_that_is_neither_text_nor_number_names_itself(
    site: Site, people: People, since: str
) -> None:
    alice = people.user("alice")
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        channel = f"messages/{people.chat(alice).pk}"
        await client.send_raw(f'{{"type":"subscribe","channel":"{channel}","since":{since}}}')
        error = await client.until("error")
        assert (error["code"], error["field"], error["channel"]) == ("invalid_message", "since", channel)


async def test_bad_frames_before_signing_in_are_answered_too(site: Site, people: People) -> None:
    async with site.connect() as client:
        for text, code in (("nope", "invalid_json"), ("[]", "invalid_message"), ("{}", "invalid_message")):
            await client.send_raw(text)
            assert (await client.recv())["code"] == code
        await client.send({"type": "authenticate", "token": site.token(people.user())})
        await client.until("connected")
