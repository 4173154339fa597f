"""Signing in on a socket, and staying so: judge what was offered, watch its expiry, and judge again
when the user's control topic says that something changed. The same on every transport."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any

import msgspec
from django.db import Error as DatabaseError

from realtime import auth, limits, protocol, threads, topics
from realtime.auth import AuthError, Claims, Identity
from realtime.conf import setting
from realtime.errors import Forbidden, KithError, Overloaded, RateLimited, Unavailable
from realtime.hub import Hub
from realtime.packets import Packet
from realtime.protocol import Close
from realtime.rights import Order
from realtime.sockets import Socket
from realtime.taps import ControlTap
from realtime.users import wire_key

logger = logging.getLogger("kith.sockets")

RETRY_S = 1.0  # the database is away: ask again whether the sign-in holds


class SignIn:
    """What a socket knows of its user. Its transport sets the attributes when it is connected."""

    hub: Hub
    socket: Socket
    ip: str
    timer: asyncio.TimerHandle | None  # until the first token, then until the last one expires
    identity: Identity  # once signed in

    @property
    def is_signed_in(self) -> bool:
        return hasattr(self, "identity")

    async def signed_in(self, since: str | None) -> None:
        """Say `connected` and open what there is to open."""
        raise NotImplementedError

    def refuse(self, error: KithError, code: Close) -> None:
        self.socket.tell(protocol.error(error))
        self.socket.finish(code)

    def refuse_sign_in(self, error: AuthError) -> None:
        self.socket.tell(protocol.auth_error(error.code, error.message))
        self.socket.finish(Close.UNAUTHENTICATED)

    def await_authenticate(self) -> None:
        timeout: float = setting("KITH_AUTH_TIMEOUT_S")
        self.timer = self.hub.loop.call_later(timeout, self.socket.finish, Close.TIMEOUT)

    async def sign_in_by_token(self, token: str, since: str | None) -> None:
        """A token that was offered is judged at once."""
        try:
            claims = auth.read_token(token)
        except AuthError as error:
            await self._refuse_stranger(error)
        else:
            await self.sign_in(claims, since)

    async def sign_in_by_session(self, session_key: str, since: str | None) -> None:
        """Browsers send cookies unasked: one that signs nobody in is no offer."""
        try:
            identity = await threads.read(auth.identify, auth.read_session(session_key))
        except AuthError:
            self.await_authenticate()
        except DatabaseError as error:
            self._send_off(error)
        else:
            await self.sign_in(identity.claims, since)

    async def sign_in(self, claims: Claims, since: str | None) -> None:
        """Become the user of these claims, and open; whatever is against it is told."""
        if self.timer is not None:
            self.timer.cancel()
        try:
            # Set before anything else waits: what ends the sign-in meanwhile is judged by it.
            async with self.hub.admission:
                self.identity = await self._join_and_identify(claims)
                await self.count_opening(self.identity.user.pk)
                self._take_place(str(self.identity.user.pk))
            await self.signed_in(since)
        except AuthError as error:
            await self._refuse_stranger(error)
        except RateLimited as error:
            self.refuse(error, Close.TOO_MANY)
        except Forbidden as error:
            self.refuse(error, Close.FORBIDDEN)
        except Overloaded as error:
            self.refuse(error, Close.OVERLOADED)
        except DatabaseError as error:
            self._send_off(error)
        else:
            self._watch_expiry()

    async def _refuse_stranger(self, error: AuthError) -> None:
        await limits.acount(limits.of_auth_failure(self.ip))
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
        identity, head = await self.hub.sign_ins.ask((claims, name))
        if tap.position is None and not tap.live:
            tap.settle(head, head)
            self.socket.chase()
        return identity

    async def count_opening(self, user_key: Any) -> None:
        """Raises RateLimited: the user opened too many in a minute."""
        await limits.acheck(limits.Use("KITH_SOCKETS_PER_USER_PER_MINUTE", (user_key,)))

    def _take_place(self, user_key: str) -> None:
        check_open(self.hub, user_key)
        self.socket.belong_to(user_key)

    async def refresh(self, token: str) -> None:
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

    def obey(self, packet: Packet) -> None:
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


def check_open(hub: Hub, user_key: str) -> None:
    """Raises RateLimited: the user has too many sockets open."""
    most = setting("KITH_OPEN_SOCKETS_PER_USER")
    if most and len(hub.users.get(user_key, ())) >= most:
        raise RateLimited(f"You have {most} sockets open already; close one first.", retry_after=1)
