"""What chat pushes: one class for each row of PROTOCOL §4 under ``messages/N`` and ``messages``."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import msgspec

from chat import selectors
from chat.models import Chat, Membership, Message, Reaction
from realtime import topics
from realtime.events import CREATED, DELETED, EPHEMERAL, LATEST, STATE, UPDATED, Change, Event, ModelEvent
from realtime.protocol import Time
from realtime.topics import Topic
from realtime.users import display_name, wire_key

UserKey = int | str


class InChat:
    """An event on its chat's topic; the channel says which chat, so ``chat_id`` is not on the wire."""

    __slots__ = ()
    channel: ClassVar[str | None] = "messages/<chat_id>"
    hidden: ClassVar[tuple[str, ...]] = ("chat_id",)
    chat_id: int

    def topic(self) -> Topic:
        return topics.chat(self.chat_id)


class AboutMessage(InChat):
    """An event about something that was said before: not for those who joined in between, where one
    sees only what was said since joining."""

    __slots__ = ()
    message_id: int

    def withheld_from(self) -> list[Any]:
        return selectors.joined_after(chat_id=self.chat_id, message_id=self.message_id)


# ── what is said ────────────────────────────────────────────────────────────────────────────


class NewMessage(InChat, ModelEvent, model=Message, on=(CREATED,)):
    """Something was said. By ``ref``, the sender's own name for it, a client knows its optimistic row."""

    type = "new_message"
    chat_id: int
    message_id: int
    sender_id: UserKey
    sender_name: str
    content: str
    attachment: str | None
    timestamp: Time
    reply_to: int | None
    ref: str | None

    @classmethod
    def of(cls, instance: Message, change: Change) -> Self:
        return cls(
            chat_id=instance.chat_id,
            message_id=instance.pk,
            sender_id=wire_key(instance.sender_id),
            sender_name=display_name(instance.sender),
            content=instance.content,
            attachment=instance.attachment or None,
            timestamp=instance.timestamp,
            reply_to=instance.reply_to_id,
            ref=instance.ref,
        )

    def subject(self) -> str:
        return f"message:{self.message_id}"

    def actor(self) -> UserKey:
        return self.sender_id


class MessageEdited(AboutMessage, ModelEvent, model=Message, on=(UPDATED,), fields=("content",)):
    """A message says something else now."""

    type = "message_edited"
    hidden = ("chat_id", "sender_id")
    rewrites = ("content",)
    chat_id: int
    sender_id: UserKey
    message_id: int
    content: str
    edited_at: Time | None

    @classmethod
    def of(cls, instance: Message, change: Change) -> Self | None:
        if instance.is_deleted:
            return None
        return cls(
            chat_id=instance.chat_id,
            sender_id=wire_key(instance.sender_id),
            message_id=instance.pk,
            content=instance.content,
            edited_at=instance.edited_at,
        )

    def subject(self) -> str:
        return f"message:{self.message_id}"

    def actor(self) -> UserKey:
        return self.sender_id


class MessageDeleted(AboutMessage, ModelEvent, model=Message, on=(UPDATED, DELETED), fields=("deleted_at",)):
    """A message became a tombstone, or its row is gone; its reactions went with it."""

    type = "message_deleted"
    rewrites = ("content", "attachment")
    chat_id: int
    message_id: int

    @classmethod
    def of(cls, instance: Message, change: Change) -> Self | None:
        if change is UPDATED and not instance.is_deleted:
            return None  # a tombstone that somebody's code brought back
        return cls(chat_id=instance.chat_id, message_id=instance.pk)

    def subject(self) -> str:
        return f"message:{self.message_id}"


class Reacted(AboutMessage, ModelEvent, model=Reaction, on=(CREATED, DELETED)):
    """Somebody put an emoji on a message (``added``) or took it back."""

    type = "reaction"
    chat_id: int
    message_id: int
    user_id: UserKey
    emoji: str
    added: bool

    @classmethod
    def of(cls, instance: Reaction, change: Change) -> Self | None:
        if instance.message.is_deleted:
            return None  # `message_deleted` says it all
        return cls(
            chat_id=instance.message.chat_id,
            message_id=instance.message_id,
            user_id=wire_key(instance.user_id),
            emoji=instance.emoji,
            added=change is CREATED,
        )

    def actor(self) -> UserKey:
        return self.user_id


# ── who is in it ────────────────────────────────────────────────────────────────────────────


class AboutMember(InChat, ModelEvent):
    """What the facts about a member have in common."""

    chat_id: int
    user_id: UserKey
    user_name: str
    role: str

    @classmethod
    def of(cls, instance: Membership, change: Change) -> Self:
        return cls(
            chat_id=instance.chat_id,
            user_id=wire_key(instance.user_id),
            user_name=display_name(instance.user),
            role=instance.role,
        )

    def actor(self) -> UserKey:
        """The member: with the account goes the name."""
        return self.user_id


class MemberJoined(AboutMember, model=Membership, on=(CREATED,)):
    """Somebody is in the chat from here on."""

    type = "member_joined"

    def grants(self) -> UserKey:
        return self.user_id


class MemberLeft(AboutMember, model=Membership, on=(DELETED,)):
    """Somebody left or was removed, and gets nothing of what follows."""

    type = "member_left"

    def revokes(self) -> UserKey:
        return self.user_id


class MemberRole(AboutMember, model=Membership, on=(UPDATED,), fields=("role",)):
    """Somebody became owner, or member again."""

    type = "member_role"


class ChatUpdated(InChat, ModelEvent, model=Chat, on=(UPDATED,), fields=("title", "history")):
    """The chat has another title, or shows newcomers more or less."""

    type = "chat_updated"
    chat_id: int
    title: str
    history: str

    @classmethod
    def of(cls, instance: Chat, change: Change) -> Self:
        return cls(chat_id=instance.pk, title=instance.title, history=instance.history)


# ── which chats I have ──────────────────────────────────────────────────────────────────────


class ToMember(ModelEvent):
    """An event on one member's own stream of the channel ``messages``."""

    channel = "messages"
    hidden = ("user_id",)
    reroutes = True  # an open `messages` channel covers one chat more, or one less
    user_id: UserKey
    chat_id: int
    title: str

    @classmethod
    def of(cls, instance: Membership, change: Change) -> Self:
        return cls(user_id=wire_key(instance.user_id), chat_id=instance.chat_id, title=instance.chat.title)

    def topic(self) -> Topic:
        return topics.user(self.user_id, "messages")


class ChatAdded(ToMember, model=Membership, on=(CREATED,)):
    """You are in this chat now."""

    type = "chat_added"


class ChatRemoved(ToMember, model=Membership, on=(DELETED,)):
    """You are not in this chat any more."""

    type = "chat_removed"


# ── what is true now, and what passes ───────────────────────────────────────────────────────


class Member(msgspec.Struct, frozen=True):
    """One member in `ChatState`."""

    user_id: UserKey
    user_name: str
    role: str
    last_read_message_id: int

    @classmethod
    def of(cls, row: Membership) -> Self:
        return cls(
            user_id=wire_key(row.user_id),
            user_name=display_name(row.user),
            role=row.role,
            last_read_message_id=row.last_read_message_id,
        )


class ChatState(Event):
    """The state frame of ``messages/N``, for the user who opens it: ``unread_count`` is that user's."""

    type = "chat_state"
    channel = "messages/<chat_id>"
    delivery = STATE
    members: list[Member]
    unread_count: int


class Read(InChat, Event):
    """Somebody has read all up to this message."""

    type = "read"
    delivery = LATEST
    chat_id: int
    user_id: UserKey
    message_id: int

    def key(self) -> str:
        return f"read:{self.user_id}"


class Typing(InChat, Event):
    """Somebody is typing, or stopped. It ends by itself after 6 s: clients see to that."""

    type = "typing"
    delivery = EPHEMERAL
    chat_id: int
    user_id: UserKey
    user_name: str
    is_typing: bool
