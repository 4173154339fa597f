"""Who listens: one chat on a socket of its own, or all chats on ``/ws``. Both keep cursors over breaks.

After ``recovered:false`` they do what an app does: forget the ids they know (a restored database gives them
again), read the messages by REST, and go on from the cursor that came with it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection

from tests.faults.ledger import Sight, Witness
from tests.faults.link import Link, Servers
from tests.faults.rest import Rest
from tests.harness.client import Frame


class Reader(Link):
    """What both kinds share: what was seen, in which order, and reading again by REST."""

    several_topics = False

    def __init__(self, servers: Servers, token: str, name: str, chat_ids: Collection[int]) -> None:
        super().__init__(servers, token)
        self.witness = Witness(name, frozenset(chat_ids))
        self.cursors: dict[str, str] = {}  # by channel
        self.is_open = False
        self._known: set[int] = set()
        self._newest: dict[str, int] = {}  # highest id, by channel
        self.repairs: set[asyncio.Task[None]] = set()

    def heard(self, frame: Frame) -> None:
        if frame["type"] in ("connected", "subscribed") and "recovered" in frame:
            self._begin(frame)
        if "cursor" in frame:
            self.cursors[frame["channel"]] = frame["cursor"]
        if frame["type"] == "caught_up":
            self.is_open = True
            self.settled()
        if "id" in frame:
            self._event(frame)

    def _begin(self, frame: Frame) -> None:
        if frame["recovered"]:
            return
        self.witness.unrecovered += 1
        self._known.clear()
        self._newest.clear()
        repair = asyncio.create_task(self._read_again())
        self.repairs.add(repair)
        repair.add_done_callback(self.repairs.discard)

    def _event(self, frame: Frame) -> None:
        if frame["id"] in self._known:
            self.witness.repeated += self.several_topics
            self.witness.doubled += not self.several_topics
            return
        self._known.add(frame["id"])
        channel = frame["channel"]
        self.witness.out_of_order += frame["id"] < self._newest.get(channel, 0)
        self._newest[channel] = max(frame["id"], self._newest.get(channel, 0))
        if frame["type"] == "new_message":
            self.witness.doubled += frame["ref"] in self.witness.seen and not self.witness.unrecovered
            self._see(frame["ref"])

    def _see(self, ref: str | None) -> None:
        if ref is not None:
            self.witness.seen.setdefault(ref, Sight(time.monotonic(), self.noticed))

    async def _read_again(self) -> None:
        """Every page of every chat."""
        async with Rest(self.servers, self.token) as api:
            for chat_id in self.witness.chat_ids:
                path: str | None = f"/api/chats/{chat_id}/messages/?limit=100"
                while path is not None:
                    page = await api.read(path)
                    for message in page["results"]:
                        self._see(message["ref"])
                    path = page["next"] and urlsplit(page["next"])._replace(scheme="", netloc="").geturl()


class ChatReader(Reader):
    """One chat on a socket of its own: the `id` of the last event is the cursor."""

    def __init__(self, servers: Servers, token: str, name: str, chat_id: int) -> None:
        super().__init__(servers, token, name, [chat_id])
        self.channel = f"messages/{chat_id}"

    def path(self) -> str:
        return f"/{self.channel}"

    def query(self) -> dict[str, str]:
        return {"since": self.cursors[self.channel]} if self.cursors else {}

    def heard(self, frame: Frame) -> None:
        super().heard(frame)
        if "id" in frame:
            self.cursors[self.channel] = str(frame["id"])


class InboxReader(Reader):
    """``/ws`` with the channel `messages` of all chats: cursors are horizons, replays may repeat."""

    several_topics = True
    channel = "messages"

    async def opened(self, connection: ClientConnection) -> None:
        subscribe = {"type": "subscribe", "channel": self.channel}
        if self.channel in self.cursors:
            subscribe["since"] = self.cursors[self.channel]
        await connection.send(json.dumps(subscribe))
