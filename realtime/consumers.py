"""The two kinds of sockets: one channel each, and ``/ws`` for any of them.

`ChannelConsumer` is what apps subclass: a channel that also has a socket of its own.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from django.urls import URLPattern, re_path

from realtime import protocol
from realtime.channels import Channel, find
from realtime.conf import setting
from realtime.dispatch import run
from realtime.errors import Conflict, Forbidden, InvalidMessage, NotFound, RateLimited, UnknownChannel
from realtime.lifecycle import SocketConsumer
from realtime.protocol import Close, Envelope
from realtime.signin import SignIn
from realtime.subscription import Subscription
from realtime.users import wire_key


class ChannelConsumer(Channel):
    """A channel with a socket of its own. Apps subclass it; `Channel` says what to define."""

    @classmethod
    def as_asgi(cls) -> Any:
        """The ASGI application of ``/ws/<channel>``."""
        return SingleChannelConsumer.as_asgi(channel_class=cls)

    @classmethod
    def route(cls) -> URLPattern:
        """The route of ``/ws/<channel>``, trailing slash optional."""
        pattern = re.sub(r"<([a-z_]+)>", r"(?P<\1>[^/]+)", cls.channel)
        route: URLPattern = re_path(rf"^ws/{pattern}/?$", cls.as_asgi())
        return route


class SingleChannelConsumer(SocketConsumer):
    """``/ws/<channel>``: opens its channel at once, and closes with the right to it."""

    def __init__(self, *, channel_class: type[Channel]) -> None:
        super().__init__()
        self.channel_class = channel_class

    async def signed_in(self, since: str | None) -> None:
        params = self.scope["url_route"]["kwargs"]
        channel = self.channel_class(user=self.identity.user, params=params, socket_id=self.socket.id)
        self.subscription = Subscription(self.socket, channel)
        await self.subscription.open(since, hello(self))

    async def handle(self, envelope: Envelope, text: str) -> None:
        made = await run(self.subscription.channel, envelope, text, self.held)
        if envelope.ref is not None:
            self.socket.tell(protocol.ack(envelope.ref, made))

    def lost(self, _subscription: Subscription) -> None:
        self.refuse(Forbidden(), Close.FORBIDDEN)


class Subscribe(msgspec.Struct):
    """``subscribe`` on /ws."""

    channel: str
    since: str | int | None = None
    ref: protocol.Ref = None


class Unsubscribe(msgspec.Struct):
    """``unsubscribe`` on /ws."""

    channel: str
    ref: protocol.Ref = None


_subscribe = msgspec.json.Decoder(Subscribe)


class MultiplexConsumer(SocketConsumer):
    """``/ws``: any number of channels, each opened by `subscribe`; commands name theirs."""

    async def signed_in(self, _since: str | None) -> None:
        self.socket.tell(hello(self))

    async def handle(self, envelope: Envelope, text: str) -> None:
        if envelope.type == "subscribe":
            await subscribe(self, protocol.decode(text, _subscribe))
            return
        if envelope.channel is None:
            raise InvalidMessage("On /ws a command names its channel.", field="channel")
        subscription = self.socket.subscriptions.get(envelope.channel)
        if subscription is None:
            raise NotFound(f"Not subscribed to {envelope.channel[:80]!r}.", field="channel")
        if envelope.type == "unsubscribe":
            subscription.close()
            self.socket.tell(protocol.unsubscribed(subscription.name, ref=envelope.ref))
            return
        made = await run(subscription.channel, envelope, text, self.held)
        if envelope.ref is not None:
            self.socket.tell(protocol.ack(envelope.ref, made, channel=envelope.channel))

    def lost(self, subscription: Subscription) -> None:
        self.socket.tell(protocol.unsubscribed(subscription.name, code=Forbidden.code))


async def subscribe(client: SignIn, frame: Subscribe) -> None:
    """Open one channel more on a client's socket; `subscribed` and what follows are told.

    Raises:
        UnknownChannel, Forbidden, Conflict, RateLimited, DatabaseError: nothing was told.
    """
    socket = client.socket
    if frame.channel in socket.subscriptions:
        raise Conflict(f"{frame.channel!r} is open on this socket already.", field="channel")
    if len(socket.subscriptions) >= setting("KITH_CHANNELS_PER_SOCKET"):
        raise RateLimited("Too many channels on this socket; unsubscribe from one first.")
    channel_class, params = find(frame.channel)
    channel = channel_class(user=client.identity.user, params=params, socket_id=socket.id)
    told = hello(client) | {"type": "subscribed"} | ({} if frame.ref is None else {"ref": frame.ref})
    since = None if frame.since is None else str(frame.since)
    await Subscription(socket, channel).open(since, told)


class UnknownChannelConsumer(SocketConsumer):
    """Any other path: says so, so that a browser can read why, and closes."""

    async def _welcome(self) -> bool:
        self.refuse(UnknownChannel(), Close.FORBIDDEN)
        return False


def hello(client: SignIn) -> dict[str, Any]:
    """`connected`, without a channel's keys."""
    return protocol.connected(
        user_id=wire_key(client.identity.user.pk), heartbeat_interval=setting("WEBSOCKET_PING_INTERVAL")
    )
