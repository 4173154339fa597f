"""Saying something, over real sockets: `message` and `new_message` (PROTOCOL §4, §5)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from chat.models import Message
from chat.services import member_add
from tests.chat.conftest import Group, Say
from tests.chat.rows import events, told
from tests.chat.test_messages import upload
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site

LONGEST = 10_240  # bytes


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


def channel(group: Group) -> str:
    return f"messages/{group.chat.pk}"


# ── what is told ────────────────────────────────────────────────────────────────────────────


async def test_message_is_told_with_all_its_fields_to_every_socket_of_the_chat(
    site: Site, group: Group, say: Say
) -> None:
    first, attachment = site.run(say, group.chat, group.alice), site.run(upload, group.bob)
    said = {"content": "look", "attachment": attachment, "reply_to": first.pk, "ref": "r1"}
    async with (
        site.open(channel(group), group.bob) as bob,
        site.open(channel(group), group.alice) as alice,
        site.open("messages", group.alice) as all_of_alice,
        site.connect(token=site.token(group.alice)) as both,
    ):
        for name in ("messages", channel(group)):
            await both.send({"type": "subscribe", "channel": name})
            await both.opened(channel=name)
        ack = await bob.command({"type": "message", **said})
        frame = await bob.until("new_message")
        assert told(frame) == {
            "type": "new_message",
            "message_id": ack["message_id"],
            "sender_id": group.bob.pk,
            "sender_name": group.bob.username,
            **said,
        }
        assert frame["channel"] == channel(group)
        for client in (alice, all_of_alice, both):
            assert events(await client.barrier()) == [frame]


async def test_message_without_extras_has_the_same_keys(site: Site, group: Group) -> None:
    async with site.open(channel(group), group.bob) as bob:
        await bob.send({"type": "message", "content": "hi"})
        frame = told(await bob.until("new_message"))
        assert (frame["attachment"], frame["reply_to"], frame["ref"]) == (None, None, None)


async def test_sender_is_named_in_full(site: Site, people: People) -> None:
    ann = people.user("ann", first_name="Ann", last_name="Lee")
    async with site.open(f"messages/{people.chat(ann).pk}", ann) as client:
        await client.send({"type": "message", "content": "hi"})
        assert (await client.until("new_message"))["sender_name"] == "Ann Lee"
        assert [member["user_name"] for member in client.opening[1]["members"]] == ["Ann Lee"]


async def test_stranger_hears_nothing(site: Site, group: Group, people: People) -> None:
    people.chat(group.carol, group.alice)
    async with site.open("messages", group.carol) as carol, site.open(channel(group), group.bob) as bob:
        await bob.command({"type": "message", "content": "between us"})
        assert events(await carol.barrier()) == []


async def test_ids_and_timestamps_are_those_of_rest_and_grow(site: Site, group: Group) -> None:
    async with site.open(channel(group), group.bob) as bob:
        for content in ("one", "two"):
            await bob.command({"type": "message", "content": content})
        one, two = await bob.until("new_message"), await bob.until("new_message")
    rows = site.api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert [(row["id"], row["timestamp"]) for row in rows] == [
        (frame["message_id"], frame["timestamp"]) for frame in (two, one)
    ]
    assert one["id"] < two["id"]
    assert datetime.fromisoformat(one["timestamp"]) < datetime.fromisoformat(two["timestamp"])


# ── the answer ──────────────────────────────────────────────────────────────────────────────


async def test_ack_names_the_ref_and_what_was_made_and_comes_after_the_commit(
    site: Site, group: Group
) -> None:
    async with site.connect(token=site.token(group.bob)) as client:
        await client.send({"type": "subscribe", "channel": channel(group)})
        await client.opened(channel=channel(group))
        said = {"type": "message", "channel": channel(group), "content": "hi", "ref": "é" * 64}
        ack = await client.command(said)
        row = site.run(Message.objects.get, chat=group.chat)
    made = {"message_id": row.pk, "duplicate": False}
    assert ack == {"type": "ack", "ref": "é" * 64, "channel": channel(group), **made}
    async with site.open(channel(group), group.bob) as alone:
        assert await alone.command({"type": "message", "content": "hi", "ref": "é" * 64}) == {
            "type": "ack",
            "ref": "é" * 64,
            "message_id": row.pk,
            "duplicate": True,
        }


async def test_command_without_ref_gets_no_ack(site: Site, group: Group) -> None:
    async with site.open(channel(group), group.bob) as bob:
        await bob.send({"type": "message", "content": "hi"})
        await bob.send({"type": "typing", "is_typing": True})
        assert [frame["type"] for frame in await bob.barrier()] == ["new_message"]


# ── what may be said ────────────────────────────────────────────────────────────────────────

Send = Callable[[Site, Group, Any], Awaitable[Frame]]


async def by_socket(site: Site, group: Group, body: Any) -> Frame:
    """The answer to Bob's message."""
    async with site.open(channel(group), group.bob) as bob:
        await bob.send({"type": "message", "ref": uuid.uuid4().hex, **body})
        answers = [frame for frame in await bob.barrier() if frame["type"] in ("ack", "error")]
        assert len(answers) == 1
        return answers[0]


async def by_rest(site: Site, group: Group, body: Any) -> Frame:
    text = json.dumps({"ref": uuid.uuid4().hex, **body})
    answer = site.api(group.bob).post(
        f"/api/chats/{group.chat.pk}/messages/", content=text, headers={"Content-Type": "application/json"}
    )
    return answer.json()


WAYS = pytest.mark.parametrize("send", [by_socket, by_rest])

KEPT = {
    "  hi \r\n": "hi",
    "a\tb\nc\r\nd": "a\tb\nc\nd",
    "be\x07ll\x1b[0m\x7f\x85\x01": "bell[0m",
    "<script>alert(1)</script> &amp; \\u0041": "<script>alert(1)</script> &amp; \\u0041",
    "👩‍👩‍👧‍👦 مرحبا \u202e": "👩‍👩‍👧‍👦 مرحبا \u202e",
    "x" * LONGEST: "x" * LONGEST,
    "é" * (LONGEST // 2): "é" * (LONGEST // 2),
    "\n" * 99 + "x" * LONGEST + " " * 99: "x" * LONGEST,
}


@WAYS
async def test_content_is_trimmed_and_otherwise_sent_as_given(site: Site, group: Group, send: Send) -> None:
    async with site.open(channel(group), group.alice) as alice:
        for given, kept in KEPT.items():
            assert "message_id" in await send(site, group, {"content": given})
            assert (await alice.until("new_message"))["content"] == kept
    rows = site.api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert [row["content"] for row in reversed(rows)] == list(KEPT.values())


# The error names the field, which is each body's only one. The others are as they should be.
INVALID: list[dict[str, Any]] = [
    *({"content": text} for text in ("", " \r\n\t\u3000\u00a0", "\x07\x1b", "a\x00b", "a\ud83d")),
    *({"content": other} for other in (None, 5, True, ["hi"], {"text": "hi"})),
    {"attachment": 5},
    {"attachment": "/upload/files/\x00"},
    {"attachment": f"/upload/files/{'0' * 32}.png"},
    {"attachment": "/upload/files/../../manage.py"},
    {"attachment": "https://example.org/a.png"},
    *({"reply_to": number} for number in (0, -1, 1.5, 2**63 - 1, 2**63, 10**30, "x", [1], False)),
    *({"ref": ref} for ref in ("", "x" * 65, "a\x00", ["r"], {"r": 1})),
]
TOO_LARGE = [{"content": "x" * (LONGEST + 1)}, {"content": "é" * (LONGEST // 2) + "x"}]


@WAYS
async def test_unfit_messages_name_the_field_and_are_neither_stored_nor_told(
    site: Site, group: Group, send: Send
) -> None:
    expected: list[tuple[Any, ...]] = [(body, "invalid_message", *body) for body in INVALID]
    expected += [(body, "too_large", *body) for body in TOO_LARGE]
    async with site.open(channel(group), group.alice) as alice:
        found = []
        for body, *_ in expected:
            answer = await send(site, group, {"content": "hi", **body})
            found.append((body, answer.get("code"), answer.get("field")))
        assert [row for row in found if row not in expected] == []
        missing = await send(site, group, {})
        assert (missing["code"], missing["field"]) == ("invalid_message", "content")
        assert events(await alice.barrier()) == []
        assert not site.run(Message.objects.filter(chat=group.chat).exists)
        await send(site, group, {"content": "still here"})
        await alice.until("new_message", content="still here")


@WAYS
async def test_attachment_is_an_upload_of_ones_own(site: Site, group: Group, send: Send) -> None:
    mine, of_alice = site.run(upload, group.bob), site.run(upload, group.alice)
    refused = await send(site, group, {"content": "look", "attachment": of_alice})
    assert (refused["code"], refused["field"]) == ("invalid_message", "attachment")
    assert "message_id" in await send(site, group, {"content": "look", "attachment": mine})


@WAYS
async def test_reply_is_to_what_one_sees_in_the_same_chat(
    site: Site, group: Group, people: People, say: Say, send: Send
) -> None:
    before = site.run(say, group.chat, group.alice)
    elsewhere = site.run(say, people.chat(group.carol), group.carol)
    site.run(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    as_carol = group._replace(bob=group.carol)
    for target in (before, elsewhere):
        refused = await send(site, as_carol, {"content": "yes", "reply_to": target.pk})
        assert (refused["code"], refused["field"]) == ("invalid_message", "reply_to")
    seen = site.run(say, group.chat, group.alice)
    assert "message_id" in await send(site, as_carol, {"content": "yes", "reply_to": seen.pk})
