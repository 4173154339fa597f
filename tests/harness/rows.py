"""The rows of PROTOCOL §4 that concern chat, written down a second time.

    told(frame)   what the frame says, once it fits its row exactly

A durable frame has `id`, `channel` and `timestamp`, the others have no `id`; no key is missing, none is too
many, and every value has the type that the row means.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, get_args

import msgspec

from tests.harness.client import Frame

Id = Annotated[int, msgspec.Meta(ge=1)]
UserId = int  # of the demo project's user model
Utc = Annotated[datetime, msgspec.Meta(tz=True)]


def _wire_type(class_name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


class Passing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, tag=_wire_type):
    """A row of class latest, ephemeral or state."""

    channel: str


class Durable(Passing, tag=_wire_type):
    """A row of class durable."""

    id: Id
    timestamp: Utc


class NewMessage(Durable):
    message_id: Id
    sender_id: UserId
    sender_name: str
    content: str
    attachment: str | None
    reply_to: Id | None
    ref: str | None


class MessageEdited(Durable):
    message_id: Id
    content: str
    edited_at: Utc


class MessageDeleted(Durable):
    message_id: Id


class Reaction(Durable):
    message_id: Id
    user_id: UserId
    emoji: str
    added: bool


class MemberJoined(Durable):
    user_id: UserId
    user_name: str
    role: str


class MemberLeft(MemberJoined):
    pass


class MemberRole(MemberJoined):
    pass


class ChatUpdated(Durable):
    title: str
    history: str


class ChatAdded(Durable):
    chat_id: Id
    title: str


class ChatRemoved(ChatAdded):
    pass


class Member(msgspec.Struct, forbid_unknown_fields=True):
    user_id: UserId
    user_name: str
    role: str
    last_read_message_id: Annotated[int, msgspec.Meta(ge=0)]


class ChatState(Passing):
    members: list[Member]
    unread_count: Annotated[int, msgspec.Meta(ge=0)]


class Read(Passing):
    user_id: UserId
    message_id: Id


class Typing(Passing):
    user_id: UserId
    user_name: str
    is_typing: bool


Row = (
    NewMessage
    | MessageEdited
    | MessageDeleted
    | Reaction
    | MemberJoined
    | MemberLeft
    | MemberRole
    | ChatUpdated
    | ChatAdded
    | ChatRemoved
    | ChatState
    | Read
    | Typing
)
TYPES = {_wire_type(row.__name__) for row in get_args(Row)}


def told(frame: Frame) -> Frame:
    """The frame's type and its own fields.

    Raises:
        msgspec.ValidationError: it does not fit its row.
    """
    row: Passing = msgspec.convert(frame, Row)
    if isinstance(row, Durable):
        assert row.timestamp.utcoffset() == timedelta(0), f"not UTC: {frame}"
    return {name: value for name, value in frame.items() if name not in ("id", "channel", "timestamp")}


def events(frames: list[Frame]) -> list[Frame]:
    """Those of the frames that have a row here: what is told, without acks, cursors and the like."""
    return [frame for frame in frames if frame["type"] in TYPES]
