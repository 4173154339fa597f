"""What commits together is told together: one write to each socket, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from chat.models import Chat
from project.asgi import application
from realtime import batch, holding
from realtime.edge import Protocol
from realtime.outgoing import FramedSocket
from tests.harness.client import Client, connect
from tests.harness.databases import Database
from tests.harness.people import People, token_for
from tests.realtime import local
from tests.realtime.batching import say_together, wish
from tests.realtime.talking import say_together as save_together

CONTENTS = [f"{number} {'ß' * 100}" for number in range(50)]
SOON_S = 10.0


@pytest.fixture
def alice(postgres_database: Database, people: People) -> Any:
    return people.user("alice")


@pytest.fixture
def chat(alice: Any, people: People) -> Chat:
    return people.chat(alice)


@pytest.fixture
def held(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command is a batch, and one socket a crowd, for which more than the test's time may be waited."""
    settings.KITH_POLL_S = 10 * SOON_S  # else the log's tail would bring what waits
    monkeypatch.setattr(batch, "MOST", 1)
    monkeypatch.setattr(holding, "LARGE", 1)
    monkeypatch.setattr(holding, "WRITE_S", 10 * SOON_S)
    monkeypatch.setattr(holding, "LONGEST_S", 10 * SOON_S)


@contextlib.asynccontextmanager
async def listening(chat: Chat, user: Any) -> AsyncIterator[tuple[Client, list[bytes]]]:
    """A client over TCP, and all that is written to it from now on."""
    config = uvicorn.Config(application, lifespan="off", interface="asgi3", log_config=None)
    config.ws_per_message_deflate = False
    config.load()
    loop = asyncio.get_running_loop()
    state = ServerState()
    async with (
        local.hub() as hub,
        await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/ws/messages/{chat.pk}?token={token_for(user)}") as client:
            await client.opened()
            [socket] = hub.sockets.values()
            assert isinstance(socket, FramedSocket)
            writes: list[bytes] = []
            write = socket.put

            def noted(data: bytes) -> None:
                writes.append(data)
                write(data)

            socket.put = noted
            yield client, writes
            socket.put = write


async def test_events_of_one_commit_are_one_write(alice: Any, chat: Chat) -> None:
    async with listening(chat, alice) as (client, writes):
        await asyncio.to_thread(save_together, chat, alice, *CONTENTS)
        for content in CONTENTS:
            assert (await client.until("new_message"))["content"] == content
        assert len(writes) == 1


@pytest.mark.usefixtures("held")
async def test_in_a_large_room_several_commits_are_one_write(alice: Any, chat: Chat) -> None:
    async with listening(chat, alice) as (client, writes):
        await say_together(*((alice, chat, {"content": content}) for content in CONTENTS))
        heard = {(await client.until("new_message", within=SOON_S))["content"] for _ in CONTENTS}
        assert heard == set(CONTENTS)
        assert len(writes) == 1


@pytest.mark.usefixtures("held")
async def test_in_a_large_room_nobody_waits_for_who_gave_up(alice: Any, chat: Chat) -> None:
    async with listening(chat, alice) as (client, _writes):
        wishes = [wish((alice, chat, {"content": content})) for content in ("one", "two", "three")]
        writes = [asyncio.ensure_future(batch.write(w.command, w.channel, w.arguments)) for w in wishes]
        await asyncio.sleep(0)  # all wait; the first batch begins in the next turn
        writes[2].cancel()
        for _ in range(2):
            await client.until("new_message", within=SOON_S)
