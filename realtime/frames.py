"""The server's frames that are no events, as the schema describes them. `protocol` builds them; the tests
hold every frame that a socket delivers against this."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from realtime.protocol import Time

UserKey = int | str


class Frame(msgspec.Struct, tag_field="type"):
    """A frame of the server."""


class Connected(Frame, tag="connected"):
    """First frame. Its channel, cursor and recovered are there where the socket is on one channel."""

    message: str
    user_id: UserKey
    heartbeat_interval: float
    channel: str | UnsetType = UNSET
    cursor: str | UnsetType = UNSET
    recovered: bool | UnsetType = UNSET


class Subscribed(Frame, tag="subscribed"):
    """A channel is open, from ``cursor`` on. Where ``recovered`` is false, read the state anew."""

    message: str
    user_id: UserKey
    heartbeat_interval: float
    channel: str
    cursor: str
    recovered: bool
    ref: str | UnsetType = UNSET


class CaughtUp(Frame, tag="caught_up"):
    """The replay is over; what follows is live."""

    channel: str
    cursor: str


class Cursor(Frame, tag="cursor"):
    """Everything before this cursor was sent."""

    channel: str
    cursor: str


class Unsubscribed(Frame, tag="unsubscribed"):
    """A channel is closed: as asked, or, with ``code``, because the right to it ended."""

    channel: str
    code: Literal["forbidden"] | UnsetType = UNSET
    ref: str | UnsetType = UNSET


class Ack(Frame, tag="ack"):
    """A command is done and committed. Besides these keys it has what the command made."""

    ref: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    duplicate: bool | UnsetType = UNSET


class Error(Frame, tag="error"):
    """Something was refused, or failed. ``retry_after`` is in seconds."""

    code: str
    message: str
    channel: str | UnsetType = UNSET
    ref: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


class AuthError(Frame, tag="auth_error"):
    """The sign-in is refused or has ended; the socket closes with 4401."""

    code: str
    message: str


class Authenticated(Frame, tag="authenticated"):
    """A newer token was taken. ``expires_at`` null: it is a session, which ends otherwise."""

    user_id: UserKey
    expires_at: Time | None


class TokenExpiring(Frame, tag="token_expiring"):
    """Send a newer token before ``expires_at``."""

    expires_at: Time


class Reconnect(Frame, tag="reconnect"):
    """This process is about to stop: come back after so many milliseconds, with the last cursors."""

    after_ms: int


class Pong(Frame, tag="pong"):
    """``timestamp`` is the ping's, of whatever shape, else the server's."""

    timestamp: Any
    server_time: Time


FRAMES: tuple[type[Frame], ...] = (
    Connected,
    Subscribed,
    CaughtUp,
    Cursor,
    Unsubscribed,
    Ack,
    Error,
    AuthError,
    Authenticated,
    TokenExpiring,
    Reconnect,
    Pong,
)
