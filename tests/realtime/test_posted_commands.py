"""Commands by POST: what a socket's commands do, with HTTP's answers (PROTOCOL §1, §5, §6)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from django.db import connection

from chat.models import Chat, Message
from chat.services import member_remove
from realtime.models import LoggedEvent, Ref
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.bad_frames import FRAMES, HARD_LIMIT, Bad

# Of the others none could be told which channel they are for.
HERE = {name: bad for name, bad in FRAMES.items() if bad.text.startswith("{")}
STATUS = {
    "invalid_json": 400,
    "invalid_message": 400,
    "unknown_type": 400,
    "not_found": 404,
    "too_large": 413,
}


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


def post(site: Site, user: Any, body: dict[str, Any] | str | bytes) -> httpx.Response:
    content = json.dumps(body) if isinstance(body, dict) else body
    return site.api(user).post("/api/commands/", content=content)


def told(response: httpx.Response) -> dict[str, Any]:
    """The error's keys besides its type and text."""
    body: dict[str, Any] = response.json()
    assert body.pop("type") == "error"
    assert body.pop("message")
    return body


# ── acks ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_command_is_acknowledged_when_it_is_committed(site: Site, people: People, slash: str) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with site.open(name(chat), bob) as listener:
        body = {"type": "message", "channel": name(chat), "content": "hi", "ref": "r1"}
        answer = site.api(alice).post(f"/api/commands{slash}", json=body)
        message = site.run(Message.objects.get, chat=chat)
        assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
        assert answer.json() == {
            "type": "ack",
            "ref": "r1",
            "channel": name(chat),
            "message_id": message.pk,
            "duplicate": False,
        }
        event = await listener.until("new_message")
        assert (event["message_id"], event["ref"]) == (message.pk, "r1")


def test_the_same_ref_again_makes_nothing_new_whatever_the_transport(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    body = {"type": "message", "channel": name(chat), "content": "hi", "ref": uuid.uuid4().hex}
    first = post(site, alice, body)
    again = post(site, alice, body)
    by_rest = site.api(alice).post(
        f"/api/chats/{chat.pk}/messages/", json={"content": "hi", "ref": body["ref"]}
    )
    assert (again.status_code, by_rest.status_code) == (200, 200)
    assert again.json() == first.json() | {"duplicate": True}
    other = post(site, alice, body | {"content": "something else"})
    assert (other.status_code, told(other)["code"]) == (409, "conflict")
    assert site.run(Message.objects.filter(chat=chat).count) == 1


def test_a_command_without_a_ref_is_answered_too(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    made = post(site, alice, {"type": "message", "channel": name(chat), "content": "hi"}).json()
    assert made.keys() == {"type", "channel", "message_id", "duplicate"}
    edit = {"type": "edit", "channel": name(chat), "message_id": made["message_id"], "content": "hello"}
    answer = post(site, alice, edit)
    assert (answer.status_code, answer.json()["type"]) == (200, "ack")
    assert site.run(Message.objects.get, chat=chat).content == "hello"


def test_every_channel_takes_its_commands(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    asked = post(site, alice, {"type": "request", "channel": "connections", "user_id": bob.pk})
    assert (asked.status_code, asked.json()["status"]) == (201, "pending")
    accepted = post(site, bob, {"type": "accept", "channel": "connections", "user_id": alice.pk})
    assert (accepted.status_code, accepted.json()["request_id"]) == (200, asked.json()["request_id"])
    read = post(site, bob, {"type": "read", "channel": "notifications", "all": True})
    assert (read.status_code, read.json()["unread_count"]) == (200, 0)


async def test_what_runs_on_the_event_loop_works_too(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    people.connect(alice, bob)
    chat = people.chat(alice, bob)
    async with (
        site.stream("feed", user=alice) as presence,
        site.open(name(chat), bob) as listener,
        site.open("online", bob) as watcher,
    ):
        await presence.opened()
        typing = post(site, alice, {"type": "typing", "channel": name(chat), "is_typing": True})
        assert typing.json() == {"type": "ack", "channel": name(chat)}
        assert (await listener.until("typing"))["user_id"] == alice.pk
        status = post(site, alice, {"type": "status", "channel": "online", "status": "busy"})
        assert (status.status_code, status.json()["status"]) == (200, "busy")
        await watcher.until("user_online", user_id=alice.pk, status="busy")


def test_a_ping_is_answered(site: Site, people: People) -> None:
    alice = people.user("alice")
    answer = post(site, alice, {"type": "ping", "timestamp": {"any": ["shape", None]}})
    assert answer.status_code == 200
    assert answer.json().keys() == {"type", "timestamp", "server_time"}
    assert (answer.json()["type"], answer.json()["timestamp"]) == ("pong", {"any": ["shape", None]})


# ── errors ──────────────────────────────────────────────────────────────────────────────────


def stored() -> list[int]:
    return [model.objects.count() for model in (Message, Ref, LoggedEvent)]


@pytest.mark.parametrize("bad", HERE.values(), ids=HERE)
def test_a_bad_command_gets_its_error_and_changes_nothing(site: Site, people: People, bad: Bad) -> None:
    alice = people.user("alice")
    channel = name(people.chat(alice))
    before = site.run(stored)
    rest = bad.text[1:]
    text = f'{{"channel":"{channel}"{"" if rest == "}" else ","}{rest}'
    answer = post(site, alice, text.encode())
    error = told(answer)
    assert answer.status_code == STATUS[error["code"]]
    assert (error["code"], error.get("field"), error.get("ref")) == (bad.code, bad.field, bad.ref)
    assert site.run(stored) == before


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", "invalid_json", None),
        (b"nope", "invalid_json", None),
        (b"\xff", "invalid_json", None),
        (b"[1]", "invalid_message", None),
        (b"{}", "invalid_message", "type"),
        (b'{"type":"message","content":"x"}', "invalid_message", "channel"),
        (b'{"type":"message","content":"x","channel":null}', "invalid_message", "channel"),
        (b'{"type":"message","content":"x","channel":5}', "invalid_message", "channel"),
        (b'{"type":"subscribe","channel":"feed"}', "unknown_type", None),
        (b'{"type":"unsubscribe","channel":"feed"}', "unknown_type", None),
        (b'{"type":"authenticate","token":"x"}', "unknown_type", None),
    ],
)
def test_what_is_no_command_is_refused(
    site: Site, people: People, body: bytes, code: str, field: str | None
) -> None:
    answer = post(site, people.user("alice"), body)
    error = told(answer)
    assert (answer.status_code, error["code"], error.get("field")) == (400, code, field)


def test_a_command_over_the_hard_limit_is_refused_unread(site: Site, people: People) -> None:
    alice = people.user("alice")
    answer = post(site, alice, b" " * (HARD_LIMIT + 1))
    assert (answer.status_code, told(answer)) == (413, {"code": "too_large"})
    answer = post(site, alice, b'{"type":"ping"}'.rjust(HARD_LIMIT))
    assert answer.status_code == 200
    chunks = site.api(alice).post("/api/commands/", content=(b" " * 1000 for _ in range(100)))
    assert (chunks.status_code, told(chunks)) == (413, {"code": "too_large"})


def test_no_right_no_such_chat_and_a_malformed_id_answer_alike(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    foreign = people.chat(alice)
    for number in (foreign.pk, foreign.pk + 1_000_000, "abc", "0", "05", 10**30):
        channel = f"messages/{number}"
        answer = post(site, eve, {"type": "message", "channel": channel, "content": "x", "ref": "r"})
        assert answer.status_code == 404
        assert told(answer) == {"code": "forbidden", "channel": channel, "ref": "r"}
    answer = post(site, eve, {"type": "message", "channel": "nothing", "content": "x"})
    assert (answer.status_code, told(answer)) == (404, {"code": "unknown_channel", "channel": "nothing"})


def test_a_right_that_was_lost_is_lost_at_once(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    hello = {"type": "message", "channel": name(chat), "content": "x"}
    assert post(site, bob, hello).status_code == 201
    site.run(member_remove, chat=chat, actor=alice, user_id=bob.pk)
    assert post(site, bob, hello).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods_are_refused(site: Site, people: People, method: str) -> None:
    answer = site.api(people.user("alice")).request(method, "/api/commands/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    answer = site.api(people.user("alice")).request("POST", "/api/events/?channel=feed", json={})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def rename(table: str, to: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")


@pytest.mark.parametrize("table", ["kith_realtime_endedsession", "kith_chat_message"])
def test_while_the_database_fails_it_says_so(fresh_site: Site, people: People, table: str) -> None:
    """Whether it fails while the user is judged or while the command runs."""
    site, alice = fresh_site, people.user("alice")
    channel, token = name(people.chat(alice)), site.token(alice)
    body = {"type": "message", "channel": channel, "content": "x", "ref": "r"}
    site.run(rename, table, "away")
    answer = post(site, token, body)
    assert (answer.status_code, told(answer)["code"]) == (503, "unavailable")
    if table == "kith_realtime_endedsession":
        for path in ("/api/events/", "/api/events/stream/"):
            answer = site.api(token).get(path, params={"channel": channel})
            assert (answer.status_code, told(answer)["code"]) == (503, "unavailable")
    else:
        poll = site.api(token).get("/api/events/", params={"channel": channel, "since": "0"}).json()
        assert (poll["frames"][-1]["code"], poll["cursor"], poll["close"]) == ("unavailable", "0", 1013)
    site.run(rename, "away", table)
    assert post(site, token, body).status_code == 201
