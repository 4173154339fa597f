"""Who speaks: by socket or by REST, each message with a ``ref``, sent again until it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.faults.ledger import Ledger, Said
from tests.faults.link import Link, Servers
from tests.faults.rest import RETRY_S, Rest
from tests.harness.client import Frame

WINDOW = 8  # messages of one writer that wait for their answer
AGAIN_AFTER_S = 5.0  # no answer on an open socket: the same ref again
PASSING = {"unavailable", "rate_limited"}  # try the same ref later


@dataclass
class Wish:
    """A message on its way."""

    chat_id: int
    content: str
    ref: str = field(default_factory=lambda: uuid.uuid4().hex)
    sent_at: float = float("-inf")
    made_at: float = field(default_factory=time.monotonic)

    def said(self, message_id: int) -> Said:
        """It is acknowledged now."""
        now = time.monotonic()
        return Said(self.chat_id, message_id, now, now - self.made_at)


class SocketWriter(Link):
    """Speaks in its chats on ``/ws``, ``pace_s`` between two messages, at most `WINDOW` unanswered."""

    def __init__(
        self, servers: Servers, token: str, chat_ids: Sequence[int], ledger: Ledger, pace_s: float
    ) -> None:
        super().__init__(servers, token)
        self.chat_ids = chat_ids
        self.ledger = ledger
        self.pace_s = pace_s
        self.pending: dict[str, Wish] = {}
        self.speaking = asyncio.Event()  # cleared: only what is pending is sent again
        self._subscribed: set[str] = set()
        self._said = 0

    @property
    def is_open(self) -> bool:
        """Whether it can speak now."""
        return self.socket is not None and bool(self._subscribed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(super().run())
            both.create_task(self._speak())

    async def opened(self, connection: ClientConnection) -> None:
        self._subscribed.clear()
        for wish in self.pending.values():
            wish.sent_at = float("-inf")
        for chat_id in self.chat_ids:
            await connection.send(json.dumps({"type": "subscribe", "channel": f"messages/{chat_id}"}))

    def heard(self, frame: Frame) -> None:
        if frame["type"] == "caught_up":
            self._subscribed.add(frame["channel"])
            self.settled()
        wish = self.pending.get(frame.get("ref", ""))
        if wish is not None and frame["type"] == "ack":
            del self.pending[wish.ref]
            said = wish.said(frame["message_id"])
            self.ledger.acknowledge(wish.ref, said, duplicate=frame["duplicate"])
        elif wish is not None and frame["type"] == "error":
            self.ledger.answers[frame["code"]] += 1
            assert frame["code"] in PASSING, frame
            wish.sent_at = time.monotonic() - AGAIN_AFTER_S + RETRY_S

    async def _speak(self) -> None:
        while True:
            if self.speaking.is_set() and len(self.pending) < WINDOW:
                self._said += 1
                wish = Wish(self.chat_ids[self._said % len(self.chat_ids)], f"message {self._said}")
                self.pending[wish.ref] = wish
            now = time.monotonic()
            for wish in list(self.pending.values()):
                if wish.sent_at < now - AGAIN_AFTER_S:
                    await self._send(wish)
            await asyncio.sleep(self.pace_s * random.uniform(0.5, 1.5))

    async def _send(self, wish: Wish) -> None:
        channel = f"messages/{wish.chat_id}"
        if self.socket is None or channel not in self._subscribed:
            return
        command: dict[str, Any] = {"type": "message", "channel": channel}
        try:
            await self.socket.send(json.dumps(command | {"content": wish.content, "ref": wish.ref}))
        except ConnectionClosed:  # its own task learns of it, too, and comes back
            return
        wish.sent_at = time.monotonic()


class RestWriter:
    """Speaks by ``POST /api/chats/N/messages/``, one message after the other."""

    def __init__(
        self, servers: Servers, token: str, chat_ids: Sequence[int], ledger: Ledger, pace_s: float
    ) -> None:
        self.servers = servers
        self.token = token
        self.chat_ids = chat_ids
        self.ledger = ledger
        self.pace_s = pace_s
        self.pending: dict[str, Wish] = {}
        self.speaking = asyncio.Event()
        self.thrown_out = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        async with Rest(self.servers, self.token) as api:
            for number in itertools.count():
                await self.speaking.wait()
                wish = Wish(self.chat_ids[number % len(self.chat_ids)], f"by REST {number}")
                self.pending[wish.ref] = wish
                await self._say(api, wish)
                del self.pending[wish.ref]
                await asyncio.sleep(self.pace_s * random.uniform(0.5, 1.5))

    async def _say(self, api: Rest, wish: Wish) -> None:
        """Again and again, until it is acknowledged."""
        place = f"/api/chats/{wish.chat_id}/messages/"
        while True:
            answer = await api.ask("POST", place, json={"content": wish.content, "ref": wish.ref})
            if answer is not None and answer.status_code in (200, 201):
                said = wish.said(answer.json()["message_id"])
                self.ledger.acknowledge(wish.ref, said, duplicate=answer.status_code == 200)
                return
            if answer is not None:
                self.ledger.answers[str(answer.status_code)] += 1
                assert answer.status_code in (429, 503), answer.text
            await asyncio.sleep(RETRY_S)
