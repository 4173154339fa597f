"""Whatever a client sends: the error that PROTOCOL names, nothing stored, nobody else notices (§5, §6)."""

from __future__ import annotations

import contextlib
import json
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

HARD_LIMIT = 64 * 1024  # KITH_FRAME_BYTES
CONTENT_LIMIT = 10 * 1024  # KITH_CONTENT_BYTES


class Bad(NamedTuple):
    """A frame as it is sent, and the error that answers it."""

    text: str
    code: str
    field: str | None = None
    ref: str | None = None


def command(code: str, field: str | None, **fields: object) -> Bad:
    """A frame that is JSON and has a good ref."""
    return Bad(json.dumps({"ref": "r1", **fields}), code, field, ref="r1")


def message(content: object, code: str = "invalid_message") -> Bad:
    return command(code, "content", type="message", content=content)


NOT_JSON = [
    *("nope", "", " ", "{", '{"type":"ping",}', "{'type':'ping'}", '{"type":"ping"} more', "\ufeff{}"),
    *('{"type":"ping","timestamp":NaN}', "Infinity", '{"type":"message","content":"\t"}'),
    *(
        '{"content":' + "[" * 30_000,
        '{"a":' * 10_000,
        '{"type":"message","content":"\\x41"}',
        '"\\ud83d',
        "\x00",
    ),
]
NO_OBJECT = ["[1]", "5", '"ping"', "null", "true", "1e400", '"\\ud800"', "[]"]

FRAMES = {
    **{f"not JSON {number}": Bad(text, "invalid_json") for number, text in enumerate(NOT_JSON)},
    **{f"no object {number}": Bad(text, "invalid_message") for number, text in enumerate(NO_OBJECT)},
    # ── the type
    "empty": command("invalid_message", "type"),
    "type 5": command("invalid_message", "type", type=5),
    "type null": command("invalid_message", "type", type=None),
    "type of half a character": command("invalid_message", "type", type="\ud800"),
    "unknown": command("unknown_type", None, type="dance"),
    "of another case": command("unknown_type", None, type="Message", content="x"),
    "empty type": command("unknown_type", None, type=""),
    "an attribute": command("unknown_type", None, type="authorize"),
    "of /ws": command("unknown_type", None, type="subscribe"),
    "of another channel": command("unknown_type", None, type="accept", request_id=1),
    # ── the ref
    "ref too long": Bad(json.dumps({"type": "ping", "ref": "r" * 65}), "invalid_message", "ref"),
    "ref empty": Bad('{"type":"ping","ref":""}', "invalid_message", "ref"),
    "ref 5": Bad('{"type":"message","content":"x","ref":5}', "invalid_message", "ref"),
    "ref half": Bad(r'{"type":"message","content":"x","ref":"\ud800"}', "invalid_message", "ref"),
    "ref NUL": Bad(r'{"type":"message","content":"x","ref":"\u0000"}', "invalid_message", "ref", ref="\x00"),
    # ── missing and wrong-typed fields
    "no content": command("invalid_message", "content", type="message"),
    **{f"content {value!r}": message(value) for value in (5, None, True, ["x"], {"text": "x"}, 1.5)},
    "attachment 5": command("invalid_message", "attachment", type="message", content="x", attachment=5),
    "no such upload": command(
        "invalid_message", "attachment", type="message", content="x", attachment="/upload/files/no.png"
    ),
    "no is_typing": command("invalid_message", "is_typing", type="typing"),
    "is_typing 1": command("invalid_message", "is_typing", type="typing", is_typing=1),
    "no message_id": command("invalid_message", "message_id", type="delete"),
    **{
        f"message_id {str(value)[:20]}": command(
            "invalid_message", "message_id", type="delete", message_id=value
        )
        for value in ("1", 0, -1, 1.5, True, None, [1], 2**63, 2**64, 10**30, -(10**30), 10**4000)
    },
    "message_id 1e400": Bad(
        '{"ref":"r1","type":"read","message_id":1e400}', "invalid_message", "message_id", ref="r1"
    ),
    "no such message": command("not_found", "message_id", type="delete", message_id=2**63 - 1),
    "reply to nothing": command(
        "invalid_message", "reply_to", type="message", content="x", reply_to=2**63 - 1
    ),
    # ── text
    "blank": message(" \n\t "),
    "control characters only": message("\x01\x7f\x1b"),
    "NUL": message("a\x00b"),
    "half a character": message("a\ud800b"),
    "the other half": message("\udc00"),
    "11 KB": message("x" * 11 * 1024, "too_large"),
    "one byte too many": message("é" * (CONTENT_LIMIT // 2) + "x", "too_large"),
    "just below the hard limit": message("x" * (HARD_LIMIT - 100), "too_large"),
}


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
