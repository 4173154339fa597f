"""One client's hold on the site. It outlives breaks: after each it connects to the next server.

When and whether to come back is PROTOCOL §3 and §6: after `reconnect`, when it says; 1013 and lost links
with backoff; never after 4403 and the like, which ends the client (``thrown_out``).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.harness.client import Frame

OPEN_WITHIN_S = 3.0  # a frozen server accepts and never answers
BACKOFF_S = 0.1, 2.0  # first pause, and the longest; each is spread by half
FINAL = {1007, 1009, 4400, 4403}  # not to come back after these
RESTARTING, OVERLOADED = 1012, 1013
NEVER = float("-inf")

_numbers = itertools.count()


class Servers:
    """Where clients connect to, in turn, as behind a balancer that knows nothing of their health."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self._turn = itertools.count(next(_numbers))

    def next(self) -> int:
        """The port to try now."""
        return self.ports[next(self._turn) % len(self.ports)]


class Link:
    """Run ``run()`` as a task; subclasses say what to ask for and what to do with frames."""

    def __init__(self, servers: Servers, token: str) -> None:
        self.servers = Servers(servers.ports)
        self.token = token
        self.codes: Counter[int] = Counter()
        self.noticed = NEVER  # when the last break was, by time.monotonic()
        self.thrown_out = 0
        self.reading = asyncio.Event()  # cleared: it takes nothing off its socket
        self.reading.set()
        self.narrow = False  # it holds little itself: what is not read soon waits in the server
        self.socket: ClientConnection | None = None
        self._dropped: ClientConnection | None = None
        self._heartbeat_s = 5.0  # until the server names its own
        self._failures = 0
        self._back_at = NEVER

    # ── for subclasses ──────────────────────────────────────────────────────────────────────

    def path(self) -> str:
        """What comes after ``/ws``."""
        return ""

    def query(self) -> dict[str, str]:
        """Parameters besides the token."""
        return {}

    async def opened(self, connection: ClientConnection) -> None:
        """The handshake is done; may send."""

    def heard(self, frame: Frame) -> None:
        """A frame came."""

    def settled(self) -> None:
        """What was asked for is open: the next break begins with a short pause again."""
        self._failures = 0

    def drop(self) -> None:
        """Break the link on this side: what it holds unread is lost."""
        if self.socket is not None:
            self._dropped = self.socket
            self.socket.transport.abort()
        self.reading.set()

    # ── its life ────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Until it is cancelled, or a server says not to come back."""
        while not self.thrown_out:
            await asyncio.sleep(self._pause())
            self._failures += 1
            connection = await self._connect()
            if connection is None:
                continue
            self.socket, self._back_at = connection, NEVER
            try:
                await self.opened(connection)
                await self._listen(connection)
            except ConnectionClosed:
                self._returns(connection.close_code or 1006)
            finally:
                self.noticed = time.monotonic()
                self.socket = None
                connection.transport.abort()

    def _pause(self) -> float:
        if (left := self._back_at - time.monotonic()) > 0:
            return left
        first, longest = BACKOFF_S
        pause = min(longest, first * 2 ** (self._failures - 1)) if self._failures else 0.0
        return random.uniform(pause / 2, pause)

    async def _connect(self) -> ClientConnection | None:
        port = self.servers.next()
        url = f"ws://127.0.0.1:{port}/ws{self.path()}?{urlencode({'token': self.token, **self.query()})}"
        try:
            held: dict[str, Any] = {"sock": narrow_socket(port), "max_queue": 1} if self.narrow else {}
            async with asyncio.timeout(OPEN_WITHIN_S):
                return await websocket_connect(
                    url,
                    ping_interval=None,
                    open_timeout=None,
                    max_size=None,
                    compression=None,
                    proxy=None,
                    **held,
                )
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError, EOFError):
            return None

    async def _listen(self, connection: ClientConnection) -> None:
        """Frames until the link ends, or is silent after a ping too. Raises ConnectionClosed."""
        asked = False
        while not NEVER < self._back_at <= time.monotonic():
            await self.reading.wait()
            if connection is self._dropped:
                self.codes[1006] += 1
                return
            try:
                async with asyncio.timeout(self._wait()):
                    data = await connection.recv()
            except TimeoutError:
                if asked:
                    self.codes[1006] += 1
                    return
                asked = True
                await connection.send('{"type":"ping"}')
            else:
                asked = False
                self._take(json.loads(data))

    def _wait(self) -> float:
        """Until the next ping; or until it is time to leave a server that is about to stop."""
        left = self._back_at - time.monotonic()
        return max(0.0, min(left, self._heartbeat_s)) if self._back_at > NEVER else self._heartbeat_s

    def _take(self, frame: Frame) -> None:
        if "heartbeat_interval" in frame:
            self._heartbeat_s = frame["heartbeat_interval"]
        if frame["type"] == "reconnect":
            self._failures = 0
            self._back_at = time.monotonic() + frame["after_ms"] / 1000
        elif frame["type"] == "error" and "retry_after" in frame and "ref" not in frame:
            self._back_at = time.monotonic() + frame["retry_after"]
        else:
            self.heard(frame)

    def _returns(self, code: int) -> None:
        self.codes[code] += 1
        if code in FINAL or 4400 <= code < 4408:
            self.thrown_out = code
        elif code == OVERLOADED:
            self._failures = max(self._failures, 2)


def narrow_socket(port: int) -> socket.socket:
    """A connection whose end here holds a few frames."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", port))
    link.setblocking(False)
    return link
