"""A socket over HTTP: what a stream or a poll has open while it is under way.

It has a `Socket` like any other, so rights, limits, order and catching up are the same; what the socket
writes is read here, one frame at a time, by whoever answers the request. So a client that does not read holds
up its own socket, which falls behind and is let go like that of a slow WebSocket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import Error as DatabaseError

from realtime import credentials, events, metrics, protocol
from realtime.auth import Claims
from realtime.channels import find
from realtime.consumers import Subscribe, hello, subscribe
from realtime.cursors import Combined
from realtime.errors import Forbidden, KithError, Overloaded, UnknownChannel
from realtime.events import DURABLE, STATE
from realtime.hub import Hub
from realtime.outgoing import open_socket
from realtime.protocol import Close
from realtime.signin import SignIn
from realtime.subscription import Subscription

logger = logging.getLogger("kith.sockets")

ALL_OPEN = ""  # stands among the frames where every channel is open, or refused

QUIET = {"connected", "caught_up", "cursor", "token_expiring"}
CARRY_CURSOR = {"subscribed", "caught_up", "cursor"}
REFUSING = {"error", "auth_error", "unsubscribed", "reconnect"}


class Told(msgspec.Struct):
    """What a link must know of a frame that passes."""

    type: str
    channel: str = ""
    id: Any = None
    cursor: Any = None
    recovered: Any = True


_told = msgspec.json.Decoder(Told)


class Link(SignIn):
    """One stream or poll of a user who was signed in when it was asked for.

    Nothing is held before `start`, and everything is let go by `close`, which must follow.
    """

    def __init__(self, hub: Hub, scope: Mapping[str, Any], claims: Claims, cursors: Combined) -> None:
        self.hub = hub
        self.scope = scope
        self.ip = credentials.client_ip(scope)
        self.claims = claims
        self.cursors = cursors
        self.timer = None
        self.is_opening = True
        self.has_news = False  # something came that the client did not know
        self._opening = set(cursors.names)
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
        self._working: asyncio.Task[None] | None = None
        self._started = self._closed = False

    # ── life ────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Sign in, and open the channels one after the other."""
        self.socket = open_socket(
            self.hub, self.scope, self._outgoing.put, on_control=self.obey, on_lost=self._lost
        )
        self._started = True
        metrics.sockets.inc()
        if self.hub.draining:
            self.socket.restart()
        else:
            self._working = self.hub.loop.create_task(self._begin())

    async def _begin(self) -> None:
        try:
            await self.sign_in(self.claims, None)
        except Exception:
            logger.exception("opening a stream failed")
            self.refuse(KithError(), Close.OVERLOADED)

    async def close(self) -> None:
        """Let go of everything. May be called again."""
        if not self._started or self._closed:
            return
        self._closed = True
        metrics.sockets.dec()
        if self.timer is not None:
            self.timer.cancel()
        if self._working is not None:
            self._working.cancel()
        await self.socket.dispose()

    async def count_opening(self, _user_key: Any) -> None:
        """It was counted before the answer began."""

    async def signed_in(self, _since: str | None) -> None:
        self.socket.tell(hello(self))
        asked = list(zip(self.cursors.names, self.cursors.since, strict=True))
        # One topic first: a channel that covers it would send its newer events before the older ones are
        # replayed, and an event's id would be no cursor.
        for name, since in sorted(asked, key=lambda each: has_several_topics(each[0])):
            await self._open(Subscribe(channel=name, since=since))
        self.socket.write(ALL_OPEN)

    async def _open(self, frame: Subscribe) -> None:
        try:
            await subscribe(self, frame)
        except (Overloaded, DatabaseError):  # nothing is amiss with the channel: all of it again, later
            raise
        except KithError as error:
            self.socket.tell(protocol.error(error, channel=frame.channel))
        except Exception:  # whatever an app's channel raises: the others go on
            logger.exception("opening %r failed", frame.channel[:80])
            self.socket.tell(protocol.error(KithError(), channel=frame.channel))

    def _lost(self, subscription: Subscription) -> None:
        self.socket.tell(protocol.unsubscribed(subscription.name, code=Forbidden.code))

    # ── reading ─────────────────────────────────────────────────────────────────────────────

    async def read(self, within: float) -> str | int | None:
        """The next frame, or the close code; None: nothing came in time."""
        try:
            async with asyncio.timeout(within):
                message = await self._outgoing.get()
        except TimeoutError:
            return None
        if message["type"] == "websocket.close":
            return int(message["code"])
        text: str = message["text"]
        return text

    def note(self, text: str) -> bool:
        """Take account of a frame that is sent to the client; True: it advanced a cursor."""
        if text == ALL_OPEN:
            self.is_opening = False
            return False
        told = _told.decode(text)
        self.has_news = self.has_news or self._is_news(told)
        if told.type == "caught_up":
            self._opening.discard(told.channel)
        if told.type in CARRY_CURSOR:
            return self.cursors.reach(told.channel, told.cursor)
        declared = events.registry.get(told.type)
        if declared is None or declared.delivery is not DURABLE or has_several_topics(told.channel):
            return False
        return self.cursors.reach_event(told.channel, told.id)

    def _is_news(self, told: Told) -> bool:
        """Whether somebody who has the cursors of the request would want to be told at once."""
        if told.type == "subscribed":
            return not told.recovered
        if told.type in QUIET or told.type in REFUSING:
            return told.type in REFUSING
        declared = events.registry.get(told.type)
        is_state = declared is None or declared.delivery is STATE
        return not is_state or told.channel not in self._opening


def has_several_topics(name: str) -> bool:
    """Whether events of this channel are no cursors; so, too, where there is no such channel."""
    try:
        return find(name)[0].several_topics
    except UnknownChannel:
        return True
