"""A client that only speaks the shapes marked ◆ in PROTOCOL works unmodified."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.chat.conftest import Group
from tests.chat.test_messages import upload
from tests.harness.site import Site


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


class ExistingClient:
    """Written before Kith: no ``ref``, no cursor, no `authenticate`; it does not wait for `connected`.

    It takes what it knows from each frame, passes over types and keys that it does not know, and breaks
    on a known type that lacks a key.
    """

    KEYS = {
        "new_message": (
            *("message_id", "sender_id", "sender_name"),
            *("content", "attachment", "timestamp"),
        ),
        "typing": ("user_id", "user_name", "is_typing"),
        "pong": ("timestamp",),
        "error": ("code", "message"),
    }

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}))

    async def next(self) -> dict[str, Any]:
        """What it takes from the next frame that it knows."""
        while True:
            frame = json.loads(await self._socket.recv())
            if frame["type"] in self.KEYS:
                return {name: frame[name] for name in ("type", *self.KEYS[frame["type"]])}


@asynccontextmanager
async def existing(site: Site, path: str, user: Any) -> AsyncIterator[ExistingClient]:
    async with connect(site.ws_url(path, token=site.token(user)), proxy=None) as socket:
        yield ExistingClient(socket)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_existing_clients_talk(site: Site, group: Group, slash: str) -> None:
    path, attachment = f"messages/{group.chat.pk}{slash}", site.run(upload, group.bob)
    async with existing(site, path, group.alice) as alice, existing(site, path, group.bob) as bob:
        await alice.send("ping", timestamp=1)
        assert await alice.next() == {"type": "pong", "timestamp": 1}  # open, before Bob says anything
        await bob.send("typing", is_typing=True)
        await bob.send("message", content="hi")
        await bob.send("message", content="no file", attachment=None)
        await bob.send("message", content="a file", attachment=attachment)
        who = {"user_id": group.bob.pk, "user_name": group.bob.username}
        assert await alice.next() == {"type": "typing", **who, "is_typing": True}
        for content, file in (("hi", None), ("no file", None), ("a file", attachment)):
            said = await alice.next()
            assert said == await bob.next()  # its own, too
            assert said.pop("message_id") > 0
            assert said.pop("timestamp").endswith("Z")
            assert said == {
                "type": "new_message",
                "sender_id": group.bob.pk,
                "sender_name": group.bob.username,
                "content": content,
                "attachment": file,
            }


async def test_existing_client_reads_errors_and_pongs_and_goes_on(site: Site, group: Group) -> None:
    async with existing(site, f"messages/{group.chat.pk}", group.bob) as bob:
        for wrong, code in (
            ({"kind": "shout", "content": "hi"}, "unknown_type"),
            ({"kind": "message", "content": " "}, "invalid_message"),
            ({"kind": "message", "content": "x" * 10_241}, "too_large"),
            ({"kind": "typing"}, "invalid_message"),
        ):
            await bob.send(**wrong)
            error = await bob.next()
            assert (error["type"], error["code"], error["message"] != "") == ("error", code, True)
        for stamp in ("2026-01-01T00:00:00Z", 1767225600000, {"any": "thing"}):
            await bob.send("ping", timestamp=stamp)
            assert await bob.next() == {"type": "pong", "timestamp": stamp}
        await bob.send("ping")
        assert (await bob.next())["timestamp"].endswith("Z")
        await bob.send("message", content="still here")
        assert (await bob.next())["content"] == "still here"
