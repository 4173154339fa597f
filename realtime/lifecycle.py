"""A socket's life: accept, sign in, receive, stay signed in, let go. What it carries is up to
the two subclasses in `consumers`."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from realtime import auth, credentials, hub, limits, log, metrics, protocol, threads, topics
from realtime.auth import AuthError, Claims, Identity
from realtime.conf import setting
from realtime.errors import Forbidden, InvalidMessage, KithError, RateLimited, Unavailable
from realtime.packets import Packet
from realtime.protocol import Close, Envelope
from realtime.rights import Order
from realtime.sockets import Socket
from realtime.subscription import Subscription
from realtime.taps import ControlTap
from realtime.users import wire_key

logger = logging.getLogger("kith.sockets")

RETRY_S = 1.0  # the database is away: ask again whether the sign-in holds
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


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Base of all sockets. Frames are handled one after the other, in the order they came."""

    channel_layer_alias: ClassVar[str] = "kith: none"  # the hub has one channel for the process

    socket: Socket
    identity: Identity  # once signed in

    @property
    def is_signed_in(self) -> bool:
        return hasattr(self, "identity")

    # ── for subclasses ──────────────────────────────────────────────────────────────────────

    async def signed_in(self, since: str | None) -> None:
        """Say `connected` and open what there is to open."""
        raise NotImplementedError

    async def handle(self, envelope: Envelope, text: str) -> None:
        """A frame of a signed-in client, other than ``ping`` and ``authenticate``."""
        raise NotImplementedError

    def lost(self, subscription: Subscription) -> None:
        """The right to a channel ended."""
        raise NotImplementedError

    # ── life ────────────────────────────────────────────────────────────────────────────────

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.held: dict[str, Any] = {}
        self.bad_frames: list[float] = []
        self.timer: asyncio.TimerHandle | None = None
        self.connected = False
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.timer is not None:
                self.timer.cancel()
            if self.connected:
                self.held.clear()
                await self.socket.dispose()
                metrics.sockets.dec()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' hop to a database thread before each message."""
        match message["type"]:
            case "websocket.connect":
                await self.websocket_connect(message)
            case "websocket.receive":
                await self.receive(message.get("text"))
            case "websocket.disconnect":
                raise StopConsumer

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        self.hub = await hub.running()
        self.socket = Socket(self.hub, self.base_send, on_control=self._obey, on_lost=self.lost)
        self.connected = True
        metrics.sockets.inc()
        self.ip = credentials.client_ip(self.scope)
        credential = credentials.offered(self.scope)
        await self.accept(subprotocol=credential.subprotocol)
        if self.hub.draining:
            self.socket.restart()
        elif await self._welcome():
            if credential.token is not None:
                await self._sign_in_by_token(credential.token, credentials.since(self.scope))
            elif credential.session_key is not None:
                await self._sign_in_by_session(credential.session_key)
            else:
                self._await_authenticate()

    async def _welcome(self) -> bool:
        """Whether this address may open a socket now, to judge by how many it opened."""
        try:
            await limits.off_loop(limits.check, "KITH_SOCKETS_PER_IP_PER_MINUTE", self.ip)
            await limits.off_loop(limits.check_auth_failures, self.ip)
        except RateLimited as error:
            self.refuse(error, Close.TOO_MANY)
            return False
        return True

    def refuse(self, error: KithError, code: Close) -> None:
        self.socket.tell(protocol.error(error))
        self.socket.finish(code)

    def refuse_sign_in(self, error: AuthError) -> None:
        self.socket.tell(protocol.auth_error(error.code, error.message))
        self.socket.finish(Close.UNAUTHENTICATED)

    # ── signing in, and staying so ──────────────────────────────────────────────────────────

    def _await_authenticate(self) -> None:
        timeout: float = setting("KITH_AUTH_TIMEOUT_S")
        self.timer = self.hub.loop.call_later(timeout, self.socket.finish, Close.TIMEOUT)

    async def _sign_in_by_token(self, token: str, since: str | None) -> None:
        """A token that was offered is judged at once."""
        try:
            claims = auth.read_token(token)
        except AuthError as error:
            await self._refuse_stranger(error)
        else:
            await self._sign_in(claims, since)

    async def _sign_in_by_session(self, session_key: str) -> None:
        """Browsers send cookies unasked: one that signs nobody in is no offer."""
        try:
            identity = await threads.read(auth.identify, auth.read_session(session_key))
        except AuthError:
            self._await_authenticate()
        except DatabaseError as error:
            self._send_off(error)
        else:
            await self._sign_in(identity.claims, credentials.since(self.scope))

    async def _sign_in(self, claims: Claims, since: str | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
        try:
            identity = await self._join_and_identify(claims)
            await self._admit(identity)
            self.identity = identity
            await self.signed_in(since)
        except AuthError as error:
            await self._refuse_stranger(error)
        except RateLimited as error:
            self.refuse(error, Close.TOO_MANY)
        except Forbidden as error:
            self.refuse(error, Close.FORBIDDEN)
        except DatabaseError as error:
            self._send_off(error)
        else:
            self._watch_expiry()

    async def _refuse_stranger(self, error: AuthError) -> None:
        await limits.off_loop(limits.count_auth_failure, self.ip)
        self.refuse_sign_in(error)

    def _send_off(self, error: DatabaseError) -> None:
        logger.warning("the database is away: a socket was sent off: %s", error)
        self.refuse(Unavailable(), Close.OVERLOADED)

    async def _join_and_identify(self, claims: Claims) -> Identity:
        """Join the control topic, then judge: whatever ends this sign-in from now on is heard.

        Raises:
            AuthError: the sign-in does not hold.
        """
        try:
            name = topics.control(claims.user_key).name
        except ValueError as error:  # no user has such a key
            raise AuthError("token_invalid") from error
        tap = self.socket.tap(name, ControlTap)
        identity, head = await threads.read(_identify_at, claims, name)
        if tap.position is None and not tap.live:
            tap.settle(head, head)
            self.socket.chase()
        return identity

    async def _admit(self, identity: Identity) -> None:
        """Count the socket as the user's.

        Raises:
            RateLimited: too many in a minute, or too many open.
        """
        user_key = str(identity.user.pk)
        await limits.off_loop(limits.check, "KITH_SOCKETS_PER_USER_PER_MINUTE", user_key)
        most = setting("KITH_OPEN_SOCKETS_PER_USER")
        if most and len(self.hub.users.get(user_key, ())) >= most:
            raise RateLimited(f"You have {most} sockets open already; close one first.", retry_after=1)
        self.socket.belong_to(user_key)

    async def _refresh(self, token: str) -> None:
        """A newer token of the same user, on an open socket."""
        try:
            claims = auth.read_token(token)
            if claims.user_key != str(self.identity.user.pk):
                raise Forbidden("This socket belongs to another user; open a new one.")
            self.identity = await self._join_and_identify(claims)
        except AuthError as error:
            self.refuse_sign_in(error)
            return
        self.socket.tell(protocol.authenticated(wire_key(self.identity.user.pk), claims.expires_at))
        self._watch_expiry()

    def _watch_expiry(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        expires_at = self.identity.claims.expires_at
        if expires_at is not None:
            warn_in = (expires_at - protocol.now()).total_seconds() - setting("KITH_TOKEN_WARNING_S")
            self.timer = self.hub.loop.call_later(max(0.0, warn_in), self._warn_of_expiry, expires_at)

    def _warn_of_expiry(self, expires_at: datetime) -> None:
        self.socket.tell(protocol.token_expiring(expires_at))
        left = (expires_at - protocol.now()).total_seconds()
        self.timer = self.hub.loop.call_later(max(0.0, left), self.refuse_sign_in, AuthError("token_expired"))

    def _obey(self, packet: Packet) -> None:
        """What the user's control topic says."""
        match Order(msgspec.json.decode(packet.body)["order"]):
            case Order.RIGHTS:
                for subscription in self.socket.subscriptions.values():
                    subscription.reroute()
            case Order.SIGN_INS:
                self.hub.spawn(self._judge_again())
            case Order.CLOSE:
                self.socket.finish(Close.NORMAL)

    async def _judge_again(self) -> None:
        while self.is_signed_in and not self.socket.closing:
            try:
                await threads.read(auth.identify, self.identity.claims)
                return
            except AuthError as error:
                self.refuse_sign_in(error)
            except DatabaseError:
                await asyncio.sleep(RETRY_S)

    # ── receiving ───────────────────────────────────────────────────────────────────────────

    async def receive(self, text: str | None = None) -> None:
        """One frame of the client; whatever it raises becomes an `error` frame here."""
        if self.socket.closing:
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
                await self.handle(envelope, text)
        except KithError as error:
            self.answer(error, envelope)
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
            await self._refresh(frame.token)
        else:
            since = credentials.since(self.scope) if frame.since is None else str(frame.since)
            await self._sign_in_by_token(frame.token, since)


def _identify_at(claims: Claims, control: str) -> tuple[Identity, int]:
    """The user, and where the control topic stood at that moment."""
    with log.snapshot():
        return auth.identify(claims), log.heads([control])[control].seq
