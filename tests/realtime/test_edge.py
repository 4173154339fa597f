"""What `realtime.edge` relies on in the pinned uvicorn and websockets.

Frames past `send` keep their place among those that uvicorn writes, and none follows a close frame. Where an
upgrade breaks this, it must be seen here, and `edge` must change.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
import uvloop
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime.edge import Protocol, Received
from realtime.protocol import wire_frame
from tests.harness.waiting import eventually

BUDGET = 100_000  # bytes
BEFORE = f"uvicorn {uvicorn.__version__} is not the one that realtime.edge was written for: "

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.param
    return chosen


class Server:
    """One accepted socket after the other, each of which `edge` tells what happens to it."""

    def __init__(self) -> None:
        self.protocols: list[Protocol] = []
        self.told: list[str] = []
        self.heard: list[str] = []
        self.write: Callable[[bytes], None] | None = None
        self.port = 0

    def paused(self) -> None:
        self.told.append("paused")

    def resumed(self) -> None:
        self.told.append("resumed")

    def ended(self) -> None:
        self.told.append("ended")

    def tell(self, text: str) -> None:
        assert self.write is not None
        self.write(wire_frame(text.encode()))

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.offered = scope["extensions"]["kith"]
        if "frames" in self.offered:
            assert self.offered["frames"].attach(self, BUDGET) is None, "not before it is accepted"
        await receive()
        await send({"type": "websocket.accept"})
        self.send = send
        if "frames" in self.offered:
            self.write = self.offered["frames"].attach(self, BUDGET)
        while (message := await receive())["type"] != "websocket.disconnect":
            self.heard.append(message["text"])
        self.told.append("disconnect")

    def make(self, config: uvicorn.Config, state: ServerState) -> Protocol:
        protocol = Protocol(config, state, {})
        self.protocols.append(protocol)
        return protocol


@contextlib.asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Server]:
    server = Server()
    settings = {"ws_per_message_deflate": False, "ws_ping_interval": None, "log_config": None, **options}
    config = uvicorn.Config(server.app, lifespan="off", interface="asgi3", **settings)
    config.load()
    state = ServerState()
    listening = await asyncio.get_running_loop().create_server(
        lambda: server.make(config, state), "127.0.0.1", 0
    )
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@contextlib.asynccontextmanager
async def opened(server: Server, **options: Any) -> AsyncIterator[ClientConnection]:
    settings = {"compression": None, "proxy": None, "ping_interval": None, **options}
    async with connect(f"ws://127.0.0.1:{server.port}", **settings) as client:
        await until(lambda: server.write is not None)
        yield client


async def until(look: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return look()

    await eventually(asked, within=20)


def test_nothing_is_asked_of_the_queue_but_what_ours_can() -> None:
    asked = set(re.findall(r"self\.queue\.(\w+)", inspect.getsource(WebSocketsSansIOProtocol)))
    assert {"put_nowait", "get"} <= asked <= set(dir(Received)), f"{BEFORE}the queue is asked {asked}"


def test_what_is_overridden_and_used_is_there(run: Run) -> None:
    async def check() -> None:
        async with serving() as server, opened(server):
            [protocol] = server.protocols
            for name in (
                *("transport", "queue", "conn", "handshake_complete", "close_sent", "disconnected", "scope"),
                *("loop", "close_timer"),
            ):
                assert hasattr(protocol, name), f"{BEFORE}no attribute {name}"
            assert hasattr(protocol.conn, "extensions"), "websockets' ServerProtocol has no `extensions`"

    for name in (
        *("run_asgi", "handle_close", "handle_parser_exception", "keepalive_timeout", "shutdown"),
        *("connection_lost", "pause_writing", "resume_writing"),
    ):
        theirs = getattr(WebSocketsSansIOProtocol, name, None)
        assert theirs is not None, f"{BEFORE}no method {name}"
        ours = getattr(Protocol, name)
        assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters), (
            f"{BEFORE}{name} has other parameters"
        )
    run(check())


def test_uvicorn_writes_at_once_and_keeps_no_frames_back() -> None:
    """Else the order of its frames and ours would not be that of the calls."""
    source = inspect.getsource(WebSocketsSansIOProtocol)
    taken, written = source.count("data_to_send()"), source.count("self.transport.write(")
    assert taken == written, f"{BEFORE}it takes frames from websockets without writing them at once"


def test_frames_keep_their_place_among_pongs_and_before_the_close(run: Run) -> None:
    async def check() -> None:
        async with serving() as server, opened(server) as client:
            pongs = []
            for number in range(20):
                server.tell(f"before {number}")
                pongs.append(await client.ping())
                await client.send(str(number))
                await until(lambda: len(server.heard) > number)  # noqa: B023  # awaited in the loop
                server.tell(f"after {number} {'x' * 70_000}")
                await server.send({"type": "websocket.send", "text": f"sent {number}"})
            for number in range(20):
                assert await client.recv() == f"before {number}"
                assert str(await client.recv()).startswith(f"after {number} ")
                assert await client.recv() == f"sent {number}"
            await asyncio.gather(*pongs)
            server.tell("the last")
            await server.send({"type": "websocket.close", "code": 4001})
            assert await client.recv() == "the last"
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4001
            await until(lambda: "ended" in server.told)

    run(check())


def test_the_end_is_told_before_uvicorn_writes_a_close_frame(run: Run) -> None:
    async def by_client(_server: Server, client: ClientConnection) -> None:
        await client.close(4002)

    async def by_shutdown(server: Server, client: ClientConnection) -> None:
        server.protocols[-1].shutdown()
        with pytest.raises(ConnectionClosed):
            await client.recv()

    async def by_bad_frame(_server: Server, client: ClientConnection) -> None:
        client.transport.write(b"\x81\x81\0\0\0\0\xff")  # no UTF-8
        with pytest.raises(ConnectionClosed):
            await client.recv()

    async def by_silence(server: Server, client: ClientConnection) -> None:
        server.protocols[-1].keepalive_timeout()
        with pytest.raises(ConnectionClosed):
            await client.recv()

    async def by_reset(_server: Server, client: ClientConnection) -> None:
        client.transport.abort()

    async def check() -> None:
        for end in (by_client, by_shutdown, by_bad_frame, by_silence, by_reset):
            async with serving() as server, opened(server) as client:
                written: list[bytes] = []
                transport = server.protocols[-1].transport
                server.ended = lambda: written.append(b"ended")  # type: ignore[method-assign]  # noqa: B023
                server.protocols[-1].transport = Watched(transport, written)  # type: ignore[assignment]
                await end(server, client)
                await until(lambda: bool(written))  # noqa: B023
                assert written[0] == b"ended", f"{BEFORE}{end.__name__}: {written}"
                assert written.count(b"ended") == 1

    run(check())


class Watched:
    """A transport whose writes are noted."""

    def __init__(self, transport: asyncio.Transport, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def write(self, data: bytes) -> None:
        self._written.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def test_a_client_that_reads_nothing_pauses_and_one_that_reads_again_resumes(run: Run) -> None:
    async def check() -> None:
        async with serving() as server:
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.connect(("127.0.0.1", server.port))
            link.setblocking(False)
            async with opened(server, sock=link, max_queue=1) as client:
                told = 0
                while "paused" not in server.told:
                    server.tell(f"{told} {'x' * 10_000}")
                    told += 1
                    await asyncio.sleep(0)
                    assert told < 10_000
                assert BUDGET < server.protocols[-1].waiting() < BUDGET + 20_000
                for number in range(told):
                    assert str(await client.recv()).startswith(f"{number} ")
                await until(lambda: "resumed" in server.told)
                server.tell("live again")
                assert await client.recv() == "live again"
                assert server.told == ["paused", "resumed"]

    run(check())


def test_a_client_that_ends_its_half_is_over(run: Run) -> None:
    async def check() -> None:
        async with serving() as server, opened(server) as client:
            client.transport.write_eof()
            for number in range(20_000):
                if "ended" in server.told:
                    break
                server.tell(str(number))  # raises nothing in between
                await asyncio.sleep(0)
            await until(lambda: server.told[:1] == ["ended"])

    run(check())


def test_what_is_compressed_cannot_be_prepared(run: Run) -> None:
    async def check() -> None:
        async with serving(ws_per_message_deflate=True) as server:
            async with connect(f"ws://127.0.0.1:{server.port}", proxy=None):
                await until(lambda: hasattr(server, "send"))
                assert "frames" not in server.offered
            async with connect(f"ws://127.0.0.1:{server.port}", proxy=None, compression=None):
                await until(lambda: "frames" in server.offered)

    run(check())
