"""What commits together is told together: one write to each socket, in order."""

from __future__ import annotations

import asyncio

import uvicorn
from uvicorn.server import ServerState

from project.asgi import application
from realtime.edge import Protocol
from realtime.outgoing import FramedSocket
from tests.harness.client import connect
from tests.harness.databases import Database
from tests.harness.people import People, token_for
from tests.realtime import local
from tests.realtime.talking import say_together

CONTENTS = [f"{number} {'ß' * 100}" for number in range(50)]


async def test_events_of_one_commit_are_one_write(postgres_database: Database, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    config = uvicorn.Config(application, lifespan="off", interface="asgi3", log_config=None)
    config.ws_per_message_deflate = False
    config.load()
    loop = asyncio.get_running_loop()
    state = ServerState()
    async with (
        local.hub() as hub,
        await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0) as listening,
    ):
        port = listening.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/ws/messages/{chat.pk}?token={token_for(alice)}") as client:
            await client.opened()
            [socket] = hub.sockets.values()
            assert isinstance(socket, FramedSocket)
            writes: list[bytes] = []
            write = socket.put

            def noted(data: bytes) -> None:
                writes.append(data)
                write(data)

            socket.put = noted
            await asyncio.to_thread(say_together, chat, alice, *CONTENTS)
            for content in CONTENTS:
                assert (await client.until("new_message"))["content"] == content
            assert len(writes) == 1
            socket.put = write
