"""A socket's life: accept, receive, answer, let go. Signing in is `signin`'s, and what it carries is up to
the subclasses in `consumers`."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from realtime import credentials, hub, limits, metrics, protocol
from realtime.auth import AuthError
from realtime.conf import setting
from realtime.dispatch import Held
from realtime.errors import InvalidMessage, KithError, RateLimited, Unavailable
from realtime.outgoing import open_socket
from realtime.protocol import Close, Envelope
from realtime.signin import SignIn
from realtime.subscription import Subscription

logger = logging.getLogger("kith.sockets")

BAD_FRAMES = {"invalid_json", "invalid_message", "unknown_type", "unknown_channel"}


class Authenticate(msgspec.Struct):
    """``authenticate``: first frame, or a newer token on an open socket."""

    token: str
    since: str | int | None = None
    ref: protocol.Ref = None


class Ping(msgspec.Struct):
    """``ping``: its timestamp, of whatever shape, comes back."""

    timestamp: Any = None


_authenticate = msgspec.json.Decoder(Authenticate)
_ping = msgspec.json.Decoder(Ping)


class SocketConsumer(SignIn, AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Base of all WebSockets. Frames are handled one after the other, in the order they came."""

    # ── for subclasses, besides `signed_in` ─────────────────────────────────────────────────

    async def handle(self, envelope: Envelope, text: str) -> None:
        """A frame of a signed-in client, other than ``ping`` and ``authenticate``."""
        raise NotImplementedError

    def lost(self, subscription: Subscription) -> None:
        """The right to a channel ended."""
        raise NotImplementedError

    # ── life ────────────────────────────────────────────────────────────────────────────────

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.held = Held()
        self.bad_frames: list[float] = []
        self.timer: asyncio.TimerHandle | None = None
        self.connected = False
        self.scope = scope
        self.base_send = send
        try:
            # Channels would run a second task for each socket, to hear its layer as well, and hop to a
            # database thread before each message.
            while (message := await receive())["type"] != "websocket.disconnect":
                await self.dispatch(message)
                if scope and self.is_signed_in:
                    scope.clear()  # the router's copy, a kilobyte
        finally:
            if self.timer is not None:
                self.timer.cancel()
            if self.connected:
                self.held.clear()
                await self.socket.dispose()
                metrics.sockets.dec()

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.connect":
            await self.websocket_connect(message)
        else:
            await self.receive(message.get("text"))

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        self.hub = await hub.running()
        self.ip = credentials.client_ip(self.scope)
        credential = credentials.offered(self.scope)
        await self.accept(subprotocol=credential.subprotocol)
        self.socket = open_socket(
            self.hub, self.scope, self.base_send, on_control=self.obey, on_lost=self.lost
        )
        self.connected = True
        metrics.sockets.inc()
        if self.hub.draining:
            self.socket.restart()
        elif await self._welcome():
            if credential.token is not None:
                await self.sign_in_by_token(credential.token, credentials.since(self.scope))
            elif credential.session_key is not None:
                await self.sign_in_by_session(credential.session_key, credentials.since(self.scope))
            else:
                self.await_authenticate()

    async def _welcome(self) -> bool:
        """Whether this address may open a socket now, to judge by how many it opened."""
        try:
            await limits.acheck(
                limits.Use("KITH_SOCKETS_PER_IP_PER_MINUTE", (self.ip,)), limits.of_sign_in(self.ip)
            )
        except RateLimited as error:
            self.refuse(error, Close.TOO_MANY)
            return False
        return True

    # ── receiving ───────────────────────────────────────────────────────────────────────────

    async def receive(self, text: str | None = None) -> None:
        """One frame of the client; whatever it raises becomes an `error` frame here."""
        if self.socket.closing or self.hub.draining:
            return
        envelope = Envelope(type="")
        try:
            if text is None:
                raise InvalidMessage("Binary frames are not understood; send JSON as text.")
            envelope = protocol.decode_envelope(text)
            if envelope.type == "authenticate":
                await self._authenticate(protocol.decode(text, _authenticate))
            elif not self.is_signed_in:
                self.refuse_sign_in(AuthError("token_missing"))
            elif envelope.type == "ping":
                self.socket.tell(protocol.pong(protocol.decode(text, _ping).timestamp))
            else:
                with self.hub.handling():
                    await self.handle(envelope, text)
        except KithError as error:
            self.answer(error, envelope if envelope.type or text is None else protocol.salvage(text))
        except (OperationalError, InterfaceError):
            logger.warning("the database is away: a command was refused", exc_info=True)
            self.answer(Unavailable(), envelope)
        except Exception:  # whatever an app's handler raises: the socket lives on
            logger.exception("command %r failed", envelope.type)
            self.answer(KithError(), envelope)

    def answer(self, error: KithError, envelope: Envelope) -> None:
        metrics.commands.labels(outcome=error.code).inc()
        self.socket.tell(protocol.error(error, ref=envelope.ref, channel=envelope.channel))
        if error.code in BAD_FRAMES and self._too_many_bad_frames():
            self.socket.finish(Close.BAD_FRAMES)

    def _too_many_bad_frames(self) -> bool:
        most, now = setting("KITH_BAD_FRAMES_PER_MINUTE"), self.hub.loop.time()
        self.bad_frames = [at for at in self.bad_frames if at > now - 60] + [now]
        return bool(most) and len(self.bad_frames) > most

    async def _authenticate(self, frame: Authenticate) -> None:
        if self.is_signed_in:
            await self.refresh(frame.token)
        else:
            since = credentials.since(self.scope) if frame.since is None else str(frame.since)
            await self.sign_in_by_token(frame.token, since)
