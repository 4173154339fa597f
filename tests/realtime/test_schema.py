"""What `manage.py export_schema` writes: that it is checked in, that it is true, that others can read it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from jsonschema import Draft202012Validator

from realtime import channels, events, schema
from realtime.events import Event
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site

ROOT = Path(__file__).parents[2]
CHECKED_IN = ROOT / "client" / "schema"
WITHIN_S = 20.0


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CHECKED_IN / name).read_text())
    return document


WIRE = read("kith.schema.json")
KITH = WIRE["x-kith"]


# ── the files ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, in a process of its own: the registries of this one hold the tests' events."""
    out = tmp_path_factory.mktemp("schema")
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "export_schema", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60, capture_output=True)
    return out


def test_the_checked_in_schema_is_what_the_code_says(exported: Path) -> None:
    written = {path.name: path.read_text() for path in exported.iterdir()}
    checked_in = {path.name: path.read_text() for path in CHECKED_IN.iterdir()}
    assert checked_in == written, "client/schema is stale: run `make schema`"


def test_it_is_json_schema_and_tells_nothing_of_this_machine() -> None:
    Draft202012Validator.check_schema(WIRE)
    for path in CHECKED_IN.iterdir():
        text = path.read_text()
        assert text.endswith("}\n")
        assert str(ROOT) not in text
        assert str(Path.home()) not in text


def test_all_that_clients_are_told_is_in_it_and_nothing_else() -> None:
    mine = {
        kind: event for kind, event in events.registry.items() if not event.__module__.startswith("tests.")
    }
    told = {kind: event for kind, event in mine.items() if not event.silent and kind != "control_changed"}
    assert KITH["delivery"] == {kind: event.delivery.value for kind, event in told.items()}
    assert KITH["definitions"]["events"].keys() == told.keys()
    in_channels = {kind for channel in KITH["channels"].values() for kind in channel["events"]}
    assert in_channels == told.keys()
    assert {"control_changed", "reader_lost", "notification_rewritten"} & in_channels == set()
    assert KITH["channels"].keys() == channels.registry.keys()


def test_hidden_fields_are_not_in_it() -> None:
    for kind, name in KITH["definitions"]["events"].items():
        assert not set(events.registry[kind].hidden) & WIRE["$defs"][name]["properties"].keys()


# ── events that say too little, or the wrong thing ──────────────────────────────────────────


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test declares is forgotten after it."""
    monkeypatch.setattr(events, "registry", dict(events.registry))


def test_an_event_of_a_channel_that_no_app_declares_is_refused(registry: None) -> None:
    class Whispered(Event):
        """Somebody whispered."""

        type = "whispered"
        channel = "whispers"

    with pytest.raises(ImproperlyConfigured, match="whispers"):
        schema.json_schema()


def test_an_event_that_names_no_channel_may_come_on_any(registry: None) -> None:
    class Announced(Event):
        """Said to everybody, wherever they are."""

        type = "announced"
        text: str

    found = schema.json_schema()
    assert found["$defs"]["AnnouncedEvent"]["properties"]["channel"] == {"type": "string"}
    assert "announced" in found["x-kith"]["delivery"]


# ── AsyncAPI ────────────────────────────────────────────────────────────────────────────────


def references(node: Any) -> Iterator[str]:
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "$ref":
            yield inner
        elif isinstance(inner, dict | list):
            yield from references(inner)


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    for step in reference[2:].split("/"):
        document = document[step]
    return document


def test_asyncapi_is_whole() -> None:
    """What AsyncAPI 3.0.0 asks for; its own JSON Schema comes in an npm package alone, of ten megabytes."""
    document = read("asyncapi.json")
    assert document["asyncapi"] == "3.0.0"
    assert document["info"].keys() >= {"title", "version"}
    for reference in references(document):
        assert isinstance(resolve(document, reference), dict), reference
    for kind in ("channels", "operations", "servers"):
        assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", key) for key in document[kind])
    for server in document["servers"].values():
        assert server.keys() >= {"host", "protocol"}
        named = {each["$ref"].rpartition("/")[2] for each in server["security"]}
        assert named == document["components"]["securitySchemes"].keys()
    for channel in document["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", ()))
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        place = operation["channel"]["$ref"]
        said = [*operation["messages"], *operation.get("reply", {}).get("messages", ())]
        assert all(each["$ref"].startswith(f"{place}/messages/") for each in said)


def test_asyncapi_says_on_which_address_which_frames_go_which_way() -> None:
    document = read("asyncapi.json")
    operations = {
        (operation["action"], resolve(document, operation["channel"]["$ref"])["address"]): {
            each["$ref"].rpartition("/")[2] for each in operation["messages"]
        }
        for operation in document["operations"].values()
    }
    for pattern, told in KITH["channels"].items():
        address = f"/ws/{pattern.replace('<', '{').replace('>', '}')}"
        events_of = {KITH["definitions"]["events"][kind] for kind in told["events"]}
        commands_of = set(KITH["definitions"]["commands"][pattern].values())
        assert events_of < operations["send", address]
        assert operations["receive", address] == commands_of | {"AuthenticateCommand", "PingCommand"}
        assert events_of < operations["send", "/ws"]
        assert commands_of < operations["receive", "/ws"]
    assert {"SubscribeCommand", "UnsubscribeCommand"} < operations["receive", "/ws"]
    messages = document["components"]["messages"]
    assert messages["NewMessageEvent"]["x-delivery"] == "durable"
    assert messages["NewMessageEvent"]["description"].startswith("Something was said.")


# ── what real sockets deliver ───────────────────────────────────────────────────────────────


class Talk:
    """Two people on sockets of every channel. What they hear is held against the schema by the harness,
    what they say by this."""

    def __init__(self, site: Site, stack: contextlib.AsyncExitStack) -> None:
        self.site = site
        self.stack = stack
        self.sockets: dict[tuple[int, str], Client] = {}
        self.commands: set[str] = set()
        self._sent = {
            (pattern, name): Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": WIRE["$defs"]})
            for pattern, commands in KITH["definitions"]["commands"].items()
            for name, definition in commands.items()
        }

    async def open(self, user: Any, *names: str) -> None:
        for name in names:
            opened = await self.stack.enter_async_context(self.site.open(name, user))
            self.sockets[user.pk, name] = opened

    async def say(self, user: Any, channel: str, kind: str, **fields: Any) -> dict[str, Any]:
        """A command on its channel's socket; its ack."""
        frame = {"type": kind, "channel": channel, "ref": uuid.uuid4().hex, **fields}
        pattern = channels.find(channel)[0].channel
        self._sent[pattern, kind].validate(frame)
        self.commands.add(f"{pattern} {kind}")
        answer = await self.sockets[user.pk, channel].command(frame)
        assert answer["type"] == "ack", answer
        return answer

    async def heard(self, user: Any, channel: str, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.sockets[user.pk, channel].until(kind, within=WITHIN_S, **fields)

    def types(self, pattern: str) -> set[str]:
        return {
            kind
            for (_, name), client in self.sockets.items()
            if channels.find(name)[0].channel == pattern
            for kind in client.types
        }


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return dict(answer.json()) if answer.content else {}


async def connections(talk: Talk, alice: Any, bob: Any) -> None:
    await talk.say(alice, "connections", "request", user_id=bob.pk)
    await talk.heard(alice, "connections", "request_sent")
    await talk.say(alice, "connections", "withdraw", user_id=bob.pk)
    await talk.say(alice, "connections", "request", user_id=bob.pk)
    await talk.say(bob, "connections", "decline", user_id=alice.pk)
    await talk.say(bob, "connections", "request", user_id=alice.pk)
    await talk.heard(alice, "connections", "connection_accepted")
    await talk.say(alice, "connections", "remove", user_id=bob.pk)
    await talk.heard(bob, "connections", "connection_removed")
    await talk.say(alice, "connections", "request", user_id=bob.pk)
    await talk.say(bob, "connections", "accept", user_id=alice.pk)


async def feed(talk: Talk, alice: Any, bob: Any) -> None:
    api, other = talk.site.api(alice), talk.site.api(bob)
    await talk.heard(bob, "feed", "audience_added", user_id=alice.pk)
    post = ok(api.post("/api/posts/", json={"content": "a post"}))["id"]
    ok(api.patch(f"/api/posts/{post}/", json={"content": "the post"}))
    comment = ok(other.post(f"/api/posts/{post}/comments/", json={"content": "a comment"}))["id"]
    ok(other.post(f"/api/posts/{post}/reactions/", json={"kind": "like"}))
    told = await talk.heard(alice, "notifications", "notification")
    await talk.say(alice, "notifications", "read", ids=[told["notification"]["id"]])
    await talk.say(alice, "notifications", "read", all=True)
    ok(api.put("/api/notifications/preferences/", json={"preferences": {"mention": False}}))
    ok(other.delete(f"/api/posts/{post}/reactions/"))
    ok(other.delete(f"/api/comments/{comment}/"))
    await talk.heard(alice, "notifications", "notifications_removed")
    await talk.heard(alice, "notifications", "preferences_changed")
    ok(api.delete(f"/api/posts/{post}/"))
    await talk.heard(bob, "feed", "post_deleted")


async def chat(talk: Talk, alice: Any, bob: Any) -> None:
    api = talk.site.api(alice)
    number = ok(api.post("/api/chats/", json={"member_ids": [], "title": "a chat"}))["id"]
    channel = f"messages/{number}"
    await talk.open(alice, channel)
    ok(api.post(f"/api/chats/{number}/members/", json={"user_id": bob.pk}))
    await talk.heard(bob, "messages", "chat_added")
    await talk.open(bob, channel)
    ok(api.patch(f"/api/chats/{number}/", json={"title": "the chat"}))
    said = (await talk.say(alice, channel, "message", content="hi"))["message_id"]
    await talk.say(bob, channel, "message", content="hi you", reply_to=said)
    await talk.say(alice, channel, "edit", message_id=said, content="hello")
    await talk.say(bob, channel, "react", message_id=said, emoji="👍", added=True)
    await talk.say(bob, channel, "read", message_id=said)
    await talk.say(bob, channel, "typing", is_typing=True)
    await talk.heard(alice, channel, "typing")
    await talk.say(alice, channel, "delete", message_id=said)
    ok(api.patch(f"/api/chats/{number}/members/{bob.pk}/", json={"role": "owner"}))
    ok(api.delete(f"/api/chats/{number}/members/{bob.pk}/"))
    for name in (channel, "messages"):
        await talk.heard(alice, name, "member_left")
    await talk.heard(bob, "messages", "chat_removed")
    assert await talk.sockets[bob.pk, channel].closed() == 4403


async def test_sockets_deliver_what_the_schema_declares_and_nothing_else(site: Site, people: People) -> None:
    """All of it, each on the channel that says so."""
    alice, bob = people.users("alice", "bob")
    async with contextlib.AsyncExitStack() as stack:
        talk = Talk(site, stack)
        everywhere = [pattern for pattern in KITH["channels"] if "<" not in pattern]
        for user in (alice, bob):
            await talk.open(user, *everywhere)
        await connections(talk, alice, bob)
        await feed(talk, alice, bob)
        await chat(talk, alice, bob)
        await talk.say(bob, "online", "status", status="busy")
        await talk.heard(alice, "online", "user_online", status="busy")
        await talk.say(bob, "online", "status", status="invisible")
        await talk.heard(alice, "online", "user_offline")
        await talk.say(bob, "connections", "block", user_id=alice.pk)
        await talk.say(bob, "connections", "unblock", user_id=alice.pk)
        await talk.heard(bob, "connections", "block_changed", blocked=False)
        await talk.heard(bob, "feed", "audience_removed")
        for client in talk.sockets.values():
            if client.socket.close_code is None:
                await client.barrier()
        frames = KITH["definitions"]["frames"].keys()
        for pattern, declared in KITH["channels"].items():
            assert talk.types(pattern) - frames == set(declared["events"]), pattern
    taken = KITH["channels"].items()
    assert talk.commands == {f"{pattern} {name}" for pattern, each in taken for name in each["commands"]}
