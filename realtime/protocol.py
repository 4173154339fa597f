"""Frames, error codes and close codes of the wire (PROTOCOL §3, §4, §6). Pure: no Django, no I/O."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec

from realtime.errors import InvalidJSON, InvalidMessage, KithError

T = TypeVar("T")

SUBPROTOCOL = "kith.v1"
BEARER_SUBPROTOCOL = "bearer."

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None


class Close(enum.IntEnum):
    """Close codes (PROTOCOL §6)."""

    NORMAL = 1000
    RESTARTING = 1012
    OVERLOADED = 1013
    BAD_FRAMES = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TIMEOUT = 4408
    TOO_MANY = 4429


class Envelope(msgspec.Struct):
    """What every frame of a client has; the rest belongs to its command."""

    type: str
    ref: Ref = None
    channel: str | None = None


encoder = msgspec.json.Encoder()
_envelopes = msgspec.json.Decoder(Envelope)


def encode(frame: dict[str, Any]) -> bytes:
    """One frame as bytes of JSON."""
    return encoder.encode(frame)


def with_id(event_id: int, body: bytes) -> bytes:
    """The frame of a durable event: its id, known only at commit, spliced into the logged body."""
    return b'{"id":%d,%b' % (event_id, body[1:])


def wire_frame(payload: bytes) -> bytes:
    """A whole, unmasked WebSocket frame (RFC 6455 §5.2) of this text."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 2**16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)


def now() -> datetime:
    """The time on the wire: UTC."""
    return datetime.now(UTC)


def decode_envelope(text: str) -> Envelope:
    """The envelope of a client's frame.

    Raises:
        InvalidJSON: not JSON.
        InvalidMessage: JSON that is no object, without a ``type``, or with a bad ``ref``.
    """
    return decode(text, _envelopes)


def salvage(text: str) -> Envelope:
    """What can be read of a frame that does not fit, so that its error names it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Envelope(type="")
    found = value if isinstance(value, dict) else {}
    longest = {"ref": 64, "channel": 200}
    texts = {name: item for name in longest if isinstance(item := found.get(name), str) and _is_whole(item)}
    return Envelope(type="", **{name: item for name, item in texts.items() if 0 < len(item) <= longest[name]})


def decode(text: str, decoder: msgspec.json.Decoder[T]) -> T:
    """``text`` by ``decoder``, with msgspec's errors turned into ours.

    Raises:
        InvalidJSON, InvalidMessage: the latter names the ``field``.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        _raise_undecodable(text)


def invalid(error: msgspec.ValidationError) -> InvalidMessage:
    """msgspec says "Expected `int`, got `str` - at `$.message_id`": message and field apart."""
    message, _, path = str(error).partition(" - at `$")
    field = path.strip("`.[]") or None
    if field is None and "required field" in message:
        field = message.rpartition("field ")[2].strip("`")
    return InvalidMessage(f"{message}.", field=field)


def _raise_undecodable(text: str) -> NoReturn:
    """Not JSON at all, or JSON that no text can hold: half of a surrogate pair, a number of no
    size. The first is invalid_json, the others are invalid_message (PROTOCOL §5)."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidJSON from error
    if not isinstance(value, dict):
        raise InvalidMessage("The frame is JSON, but no object.")
    for name, item in value.items():
        if isinstance(item, str) and not _is_whole(item):
            raise InvalidMessage(f"{name} holds half of a surrogate pair.", field=name)
    raise InvalidMessage("The frame holds text or a number that cannot be stored.")


def _is_whole(text: str) -> bool:
    """Without half of a surrogate pair, which JSON can escape and no encoding can hold."""
    return text.isascii() or text == text.encode(errors="ignore").decode()


# ── frames of the server that are no events ─────────────────────────────────────────────────


def error(problem: KithError, *, ref: str | None = None, channel: str | None = None) -> dict[str, Any]:
    frame: dict[str, Any] = {"type": "error", "code": problem.code, "message": problem.message}
    optional = {"channel": channel, "ref": ref, "field": problem.field, "retry_after": problem.retry_after}
    return frame | {key: value for key, value in optional.items() if value is not None}


def auth_error(code: str, message: str) -> dict[str, Any]:
    return {"type": "auth_error", "code": code, "message": message}


def connected(*, user_id: Any, heartbeat_interval: float) -> dict[str, Any]:
    """First frame on /ws; on a single channel `opened` adds the channel's keys to it."""
    return {
        "type": "connected",
        "message": "Connected successfully",
        "user_id": user_id,
        "heartbeat_interval": heartbeat_interval,
    }


def opened(channel: str, *, cursor: str, recovered: bool) -> dict[str, Any]:
    """The keys of `connected` and `subscribed` that tell of one channel."""
    return {"channel": channel, "cursor": cursor, "recovered": recovered}


def caught_up(channel: str, cursor: str) -> dict[str, Any]:
    return {"type": "caught_up", "channel": channel, "cursor": cursor}


def cursor(channel: str, value: str) -> dict[str, Any]:
    return {"type": "cursor", "channel": channel, "cursor": value}


def unsubscribed(channel: str, *, code: str | None = None, ref: str | None = None) -> dict[str, Any]:
    frame: dict[str, Any] = {"type": "unsubscribed", "channel": channel}
    return frame | {key: value for key, value in {"code": code, "ref": ref}.items() if value is not None}


def ack(ref: str | None, made: dict[str, Any], *, channel: str | None = None) -> dict[str, Any]:
    optional = {"ref": ref, "channel": channel}
    given = {key: value for key, value in optional.items() if value is not None}
    return {"type": "ack", **made, **given}


def pong(timestamp: Any) -> dict[str, Any]:
    at = now()
    return {"type": "pong", "timestamp": at if timestamp is None else timestamp, "server_time": at}


def authenticated(user_id: Any, expires_at: datetime | None) -> dict[str, Any]:
    return {"type": "authenticated", "user_id": user_id, "expires_at": expires_at}


def token_expiring(expires_at: datetime) -> dict[str, Any]:
    return {"type": "token_expiring", "expires_at": expires_at}


def reconnect(after_ms: int) -> dict[str, Any]:
    return {"type": "reconnect", "after_ms": after_ms}
