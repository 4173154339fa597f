"""A WebSocket client for tests: a real TCP connection, bounded waits, nothing lost.

    await client.send({"type": "typing", "is_typing": True})
    await client.send_raw(b"\\xff", text=True)                     a text frame that is not UTF-8
    frame = await client.recv()                                   the next frame
    frame = await client.until("new_message", content="hi")       the first such frame
    answer = await client.command({"type": "message", …})         its `ack` or `error`
    between = await client.barrier()                              everything that came before a pong
    assert await client.closed() == 4403

Frames that a wait passes over stay for later waits, so an `ack` may come before or after its event.
``client.seen`` is all that ever came, in order. To prove absence, ask a ``barrier()`` after the cause is
known to have been handled on this socket, and look at what it returns; do not sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import ConnectionClosed

from tests.harness.wire import assert_declared

Frame = dict[str, Any]

WITHIN_S = 10.0  # seconds; long for a busy machine, every wait ends much sooner


class Ended(Exception):
    """The link is over: nothing more can be read."""


class SocketClosed(AssertionError):
    """The server closed the socket while a frame was waited for."""


class Client:
    """One open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[Frame] = []
        self.opening: list[Frame] = []
        self._waiting: list[Frame] = []  # read from the wire, not yet returned by any call

    @property
    def types(self) -> list[str]:
        """The types of all frames seen."""
        return [frame["type"] for frame in self.seen]

    @property
    def cursor(self) -> str:
        """The last cursor told: from a frame that carries one."""
        return next(str(frame["cursor"]) for frame in reversed(self.seen) if "cursor" in frame)

    async def send(self, frame: Frame) -> None:
        """Send a JSON object. Raises websockets.ConnectionClosed."""
        await self.socket.send(json.dumps(frame))

    async def send_raw(self, data: str | bytes, *, text: bool | None = None) -> None:
        """Send any bytes: `str` as a text frame, `bytes` as a binary one unless ``text`` says otherwise."""
        await self.socket.send(data, text=text)

    async def recv(self, *, within: float = WITHIN_S) -> Frame:
        """The next frame that no call returned yet. Raises as ``until``."""
        return self._waiting.pop(await self._find(lambda frame: True, within, "any frame"))

    async def until(self, kind: str, /, *, within: float = WITHIN_S, **fields: object) -> Frame:
        """The first frame of this type, with these values, that no call returned yet.

        Raises:
            TimeoutError: none came in time; lists what did.
            SocketClosed: the server closed instead; says the code, lists what came.
        """
        return self._waiting.pop(await self._find_type(kind, within, fields))

    async def opened(self, *, within: float = WITHIN_S, **fields: object) -> list[Frame]:
        """All frames up to `caught_up` (with these values, such as ``channel``), which is the last."""
        self.opening = self._take_through(await self._find_type("caught_up", within, fields))
        return self.opening

    async def command(self, frame: Frame, *, within: float = WITHIN_S) -> Frame:
        """Send a command, with a new ``ref`` unless it has one; its `ack` or `error`."""
        ref = frame.get("ref") or uuid.uuid4().hex
        await self.send({**frame, "ref": ref})

        def answers(answer: Frame) -> bool:
            return answer["type"] in ("ack", "error") and answer.get("ref") == ref

        return self._waiting.pop(await self._find(answers, within, f"the answer to {frame}"))

    async def barrier(self, *, within: float = WITHIN_S) -> list[Frame]:
        """Ping, and return every frame before its pong that no call returned yet: none of them is left."""
        stamp = uuid.uuid4().hex
        await self.send({"type": "ping", "timestamp": stamp})
        return self._take_through(await self._find_type("pong", within, {"timestamp": stamp}))[:-1]

    def take(self) -> list[Frame]:
        """Every frame that was read and that no call returned yet."""
        return self._take_through(len(self._waiting))

    async def closed(self, *, within: float = WITHIN_S) -> int:
        """The close code, once the server closes (1006: without one); what came before is in ``seen``.

        Raises:
            TimeoutError: it stays open; lists what came.
        """
        with contextlib.suppress(SocketClosed):
            await self._find(lambda frame: False, within, "the close")
        return self.socket.close_code or 1006

    async def close(self, code: int = 1000) -> None:
        """Close from this side."""
        await self.socket.close(code)

    def abort(self) -> None:
        """Break the connection without a goodbye, as a lost network does."""
        self.socket.transport.abort()

    async def _find(self, fits: Callable[[Frame], bool], within: float, what: str) -> int:
        """The index among the waiting frames of the first that fits, reading on until one does."""
        looked_at = 0
        try:
            async with asyncio.timeout(within):
                while True:
                    if looked_at == len(self._waiting):
                        await self._read()
                    if fits(self._waiting[looked_at]):
                        return looked_at
                    looked_at += 1
        except TimeoutError:
            raise TimeoutError(f"Waited {within} s for {what}; {self._story()}") from None
        except Ended as error:
            raise SocketClosed(f"{error}, while waiting for {what}; {self._story()}") from None

    async def _find_type(self, kind: str, within: float, fields: dict[str, object]) -> int:
        def fits(frame: Frame) -> bool:
            return frame["type"] == kind and all(
                frame.get(name, ...) == value for name, value in fields.items()
            )

        return await self._find(fits, within, f"{kind} {fields or ''}")

    async def _read(self) -> None:
        try:
            data = await self.socket.recv()
        except ConnectionClosed as error:
            raise Ended(str(error)) from error
        assert isinstance(data, str), f"a binary frame came: {data[:100]!r}"
        self._take(json.loads(data))

    def _take(self, frame: Frame) -> None:
        assert_declared(frame)
        self.seen.append(frame)
        self._waiting.append(frame)

    def _take_through(self, index: int) -> list[Frame]:
        taken = self._waiting[: index + 1]
        del self._waiting[: index + 1]
        return taken

    def _story(self) -> str:
        return "seen: " + ("\n  ".join(["", *map(json.dumps, self.seen)]) if self.seen else "nothing")


@contextlib.asynccontextmanager
async def connect(
    url: str, *, headers: dict[str, str] | None = None, origin: str | None = None, **options: Any
) -> AsyncIterator[Client]:
    """A socket on this URL, closed at the end.

    ``options`` (``subprotocols``, ``compression``, ``max_queue`` …) are those of websockets' ``connect``.

    It sends no pings of its own and reads without bound; ``max_queue=1`` and no waits make it a slow reader.

    Raises:
        websockets.InvalidStatus: the handshake is refused (``error.response.status_code``).
    """
    defaults = {
        "ping_interval": None,
        "max_queue": None,
        "max_size": None,
        "compression": None,
        "proxy": None,
    }
    settings: dict[str, Any] = {**defaults, "additional_headers": headers, "origin": origin, **options}
    async with websocket_connect(url, **settings) as socket:
        yield Client(socket)
