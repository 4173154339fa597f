"""Commands by POST: what a client that only reads streams or polls has to say."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied

from realtime import auth, metrics, protocol, threads
from realtime.answering import answer, answering, identify, refusal
from realtime.auth import AuthError, Identity
from realtime.channels import Channel, find
from realtime.conf import setting
from realtime.dispatch import Held, run
from realtime.errors import (
    Forbidden,
    InvalidJSON,
    InvalidMessage,
    KithError,
    TooLarge,
    Unavailable,
    UnknownType,
)
from realtime.lifecycle import Ping
from realtime.opening import prepared
from realtime.protocol import Envelope

logger = logging.getLogger("kith.api")

OF_SOCKETS = {"subscribe", "unsubscribe", "authenticate"}  # commands that mean nothing here

_ping = msgspec.json.Decoder(Ping)
_kept: dict[str, dict[str, Any]] = {}


class KeptSignals(Held):
    """Of every user in this process, since no socket stands behind a request."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.waiting = _kept
        self._claims = identity.claims

    async def still_allowed(self, channel: Channel) -> bool:
        try:
            await threads.read(auth.identify, self._claims)
            await threads.read(authorize, channel)
        except (AuthError, KithError):
            return False
        return True


@answering("POST")
async def command(request: ASGIRequest) -> HttpResponse:
    """One command of any channel: its `ack`, 201 where it made something new, or its `error`."""
    identity = await identify(request)
    if identity.claims.session_key is not None:
        await threads.read(_enforce_csrf, request)
    text = _text(request)
    envelope = Envelope(type="")
    try:
        envelope = protocol.decode_envelope(text)
        made = await _made(identity, envelope, text)
    except KithError as error:
        envelope = envelope if envelope.type else protocol.salvage(text)
        return _refused(error, envelope)
    except (OperationalError, InterfaceError):
        logger.warning("the database is away: a command was refused", exc_info=True)
        return _refused(Unavailable(), envelope)
    except Exception:  # whatever an app's handler raises
        logger.exception("command %r failed", envelope.type)
        return _refused(KithError(), envelope)
    return answer(made, status=201 if made.get("duplicate") is False else 200)


async def _made(identity: Identity, envelope: Envelope, text: str) -> dict[str, Any]:
    """The frame that answers."""
    if envelope.type == "ping":
        return protocol.pong(protocol.decode(text, _ping).timestamp)
    if envelope.type in OF_SOCKETS:
        raise UnknownType(f"{envelope.type!r} is for sockets.")
    if envelope.channel is None:
        raise InvalidMessage("A command names its channel.", field="channel")
    channel_class, params = find(envelope.channel)
    channel = channel_class(user=identity.user, params=params)
    await threads.read(authorize, channel)
    made = await run(channel, envelope, text, KeptSignals(identity))
    return protocol.ack(envelope.ref, made, channel=envelope.channel)


def _refused(error: KithError, envelope: Envelope) -> HttpResponse:
    metrics.commands.labels(outcome=error.code).inc()
    return refusal(error, ref=envelope.ref, channel=envelope.channel)


def authorize(channel: Channel) -> None:
    """As opening it would. Raises Forbidden."""
    with prepared([channel]):
        channel.authorize()
        channel.topic_names()


def _enforce_csrf(request: ASGIRequest) -> None:
    """Raises Forbidden: a cookie alone does not say that the page is ours."""
    try:
        SessionAuthentication().enforce_csrf(request)  # type: ignore[arg-type]  # Django's request will do
    except PermissionDenied as error:
        raise Forbidden(str(error.detail)) from error


def _text(request: ASGIRequest) -> str:
    """Raises TooLarge, InvalidJSON."""
    most = setting("KITH_FRAME_BYTES")
    body = request.read(most + 1)
    if len(body) > most:
        raise TooLarge(f"A command is {most} bytes at most.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidJSON from error
