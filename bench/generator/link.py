"""One socket of the generator, and the room that it hears.

The server is what is measured: a delivery costs the generator one search for the mark that is due. So
every delivery is checked, in order, and counted for its socket and for its message.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.generator.dialects import Plain, Seat

CONTENT_BYTES = 120
OPEN_WITHIN_S = 60.0  # thousands wait for their turn
TEXT = WSMsgType.TEXT
_MARK = re.compile(rb"#(\d{9})#")


class LinkClosedError(Exception):
    """A socket ended that should not have."""


class Room:
    """Those who hear the same messages, and which of these are due. ``done`` is called with each message's
    index when everybody has it."""

    def __init__(self, done: Callable[[Room, int], None]) -> None:
        self.links: list[Link] = []
        self.marks: list[bytes] = []
        self.left: list[int] = []  # deliveries still to come, by message
        self.sent_at: list[float] = []  # time.perf_counter()
        self.numbers: dict[int, int] = {}  # of a mark → the message's index
        self.done = done
        self.repeats = 0

    def send(self, number: int) -> None:
        """Say the next message; each from another socket."""
        index = len(self.marks)
        mark = f"#{number:09d}#"
        self.marks.append(mark.encode())
        self.left.append(len(self.links))
        self.numbers[number] = index
        link = self._speaker(index)
        frame = link.dialect.message(mark.ljust(CONTENT_BYTES, "x"), f"bench-{number}")
        self.sent_at.append(time.perf_counter())
        link.say(frame)

    def _speaker(self, index: int) -> Link:
        """Raises LinkClosedError: none of its sockets is left."""
        count = len(self.links)
        for step in range(count):
            if self.links[(index + step) % count].is_alive:
                return self.links[(index + step) % count]
        raise LinkClosedError("every socket of a room was closed")

    def forget(self) -> None:
        """Begin anew: what was said so far is not due any more."""
        self.marks.clear()
        self.left.clear()
        self.sent_at.clear()
        self.numbers.clear()
        for link in self.links:
            link.heard = 0
            link.early.clear()

    @property
    def lost(self) -> int:
        """Deliveries that did not come."""
        return sum(self.left)


class Link(WSListener):
    """One socket. ``heard``: how many messages of its room it has, in order."""

    def __init__(self, seat: Seat, dialect: Plain, room: Room) -> None:
        self.seat = seat
        self.dialect = dialect
        self.room = room
        self.heard = 0
        self.early: set[int] = set()  # heard before what was sent before them
        self.replayed: set[int] = set()  # ids of events that were told before it was open
        self.complaint = b""
        self.acknowledged: Callable[[Link], None] | None = None
        self.closed: Callable[[Link], None] | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: WSTransport | None = None

    async def open(self, port: int) -> None:
        """Connect and wait until the server says that it is open.

        Raises:
            LinkClosedError: it said something else.
            OSError, picows.WSError: the handshake failed.
            TimeoutError: it took too long.
        """
        await ws_connect(
            lambda: self,
            f"ws://127.0.0.1:{port}{self.dialect.path(self.seat)}",
            extra_headers=self.dialect.headers(self.seat),
            websocket_handshake_timeout=OPEN_WITHIN_S,
        )
        async with asyncio.timeout(OPEN_WITHIN_S):
            await self._opened

    @property
    def is_alive(self) -> bool:
        """Whether it can say something."""
        return self._transport is not None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self.dialect.connected(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        room, heard = self.room, self.heard
        if heard < len(room.marks) and room.marks[heard] in payload:
            self._delivered(heard)
        else:
            self._take(frame.msg_type, payload)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._transport = None
        if not self._opened.done():
            self._opened.set_exception(LinkClosedError(self.complaint.decode(errors="replace") or "closed"))
            self._opened.exception()  # whoever gave up waiting does not need to know
        elif self.closed is not None:
            self.closed(self)

    def _take(self, kind: Any, payload: bytes) -> None:
        """A frame that is not the message that is due: another message, or none."""
        if kind is WSMsgType.CLOSE:  # picows leaves the answer to us; the server would wait for it
            self.close()
        if kind is not TEXT:
            return
        found = _MARK.search(payload)
        index = self.room.numbers.get(int(found[1])) if found else None
        if index is None or b'"type":"ack"' in payload:
            self.dialect.heard(self, payload)
            return
        if index < self.heard or index in self.early:
            self.room.repeats += 1
        else:
            self._delivered(index)

    def _delivered(self, index: int) -> None:
        """The room's message of this index is here, for the first time."""
        room = self.room
        if index == self.heard:
            self.heard += 1
            while self.early and self.heard in self.early:
                self.early.remove(self.heard)
                self.heard += 1
        else:
            self.early.add(index)
        left = room.left[index] - 1
        room.left[index] = left
        if not left:
            room.done(room, index)

    def say(self, text: str) -> None:
        """Send one frame. Raises LinkClosedError."""
        if self._transport is None:
            raise LinkClosedError(self.complaint.decode(errors="replace") or "closed")
        self._transport.send(TEXT, text.encode())

    def is_open(self) -> None:
        """The dialect heard that it is."""
        if not self._opened.done():
            self._opened.set_result(None)

    def is_acknowledged(self) -> None:
        """The dialect heard that what was said is saved."""
        if self.acknowledged is not None:
            self.acknowledged(self)

    def complain(self, payload: bytes) -> None:
        """The dialect heard an error: said again when the socket closes, or something is missing."""
        self.complaint = self.complaint or payload[:300]

    def close(self) -> None:
        """End it without farewell."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)


class TimedLink(Link):
    """Notes how long each delivery took, too: for loads that leave time for that."""

    times: list[float]  # seconds; shared by all

    def _delivered(self, index: int) -> None:
        super()._delivered(index)
        self.times.append(time.perf_counter() - self.room.sent_at[index])
