"""The rows of PROTOCOL §4 that concern chat, written down a second time.

told(frame)   what the frame says, once it fits its row exactly
"""

from __future__ import annotations

import msgspec

from tests.harness.client import Frame
from tests.harness.rows import Count, Durable, Id, Passing, UserId, Utc, row_of, types_of


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
    last_read_message_id: Count


class ChatState(Passing):
    members: list[Member]
    unread_count: Count


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
TYPES = types_of(Row)


def told(frame: Frame) -> Frame:
    """The frame's type and its own fields.

    Raises:
        msgspec.ValidationError: it does not fit its row.
    """
    row_of(frame, Row)
    return {name: value for name, value in frame.items() if name not in ("id", "channel", "timestamp")}


def events(frames: list[Frame]) -> list[Frame]:
    """Those of the frames that have a row here: what is told, without acks, cursors and the like."""
    return [frame for frame in frames if frame["type"] in TYPES]
