"""What notifications push: one class for each row of PROTOCOL §4 under ``notifications``."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import msgspec

from notifications import inboxes, selectors
from notifications.models import Inbox, Notification
from realtime import topics
from realtime.events import CREATED, DELETED, STATE, UPDATED, Change, Event, ModelEvent
from realtime.protocol import Time
from realtime.topics import Topic
from realtime.users import display_name, wire_key

UserKey = int | str

# No event here names an actor: hub and replay would leave out the whole frame, `unread_count` and all,
# where one blocked the other. A block withdraws and erases what it hides instead (services.withdrawing).


class ToRecipient:
    """An event on one person's own stream, on all of that person's devices."""

    __slots__ = ()
    channel: ClassVar[str | None] = "notifications"
    hidden: ClassVar[tuple[str, ...]] = ("user_key",)
    user_key: UserKey

    def topic(self) -> Topic:
        return topics.user(self.user_key, "notifications")


class Shown(msgspec.Struct, frozen=True):
    """A notification as its recipient sees it. ``count``: how many people are behind it, of whom
    ``user_name`` is the newest; a null ``user_id``: nobody, or nobody that is still here."""

    id: int
    type: str
    user_id: UserKey | None
    user_name: str
    count: int
    post_id: int | None
    comment_id: int | None
    chat_id: int | None
    text: str
    data: dict[str, Any]
    read: bool
    timestamp: Time

    @classmethod
    def of(cls, row: Notification) -> Self:
        return msgspec.structs.replace(
            cls.emptied(row),
            user_id=None if row.actor_id is None else wire_key(row.actor_id),
            user_name="" if row.actor is None else display_name(row.actor),
            post_id=row.post_id,
            comment_id=row.comment_id,
            chat_id=row.chat_id,
            text=row.text,
            data=row.data,
        )

    @classmethod
    def emptied(cls, row: Notification) -> Self:
        """What stays in the log of one that is gone."""
        return cls(
            id=row.pk,
            type=row.type,
            user_id=None,
            user_name="",
            count=row.count,
            post_id=None,
            comment_id=None,
            chat_id=None,
            text="",
            data={},
            read=row.read,
            timestamp=row.timestamp,
        )


class NotificationTold(
    ToRecipient,
    ModelEvent,
    model=Notification,
    on=(CREATED, UPDATED),
    fields=("actor", "count", "comment_id", "text", "data", "timestamp"),
):
    """Something to hear of, or more or less of it: a grouped one comes again with the same inner ``id``."""

    type = "notification"
    user_key: UserKey
    notification: Shown
    unread_count: int

    @classmethod
    def of(cls, instance: Notification, change: Change) -> Self:
        return cls(
            user_key=wire_key(instance.recipient_id),
            notification=Shown.of(instance),
            unread_count=inboxes.unread_count(instance.recipient_id),
        )

    def subject(self) -> str:
        return f"notification:{self.notification.id}"


class NotificationsRead(ToRecipient, ModelEvent, model=Notification, on=(UPDATED,), fields=("read",)):
    """These (``ids``), or ``all``, are read now, on whichever device."""

    type = "notifications_read"
    user_key: UserKey
    unread_count: int
    ids: list[int] | msgspec.UnsetType = msgspec.UNSET
    all: bool | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, instance: Notification, change: Change) -> Self | None:
        if not instance.read:
            return None
        unread_count = inboxes.unread_count(instance.recipient_id)
        return cls(user_key=wire_key(instance.recipient_id), ids=[instance.pk], unread_count=unread_count)

    def frame(self, channel: str | None) -> dict[str, Any]:
        """With the one of ``ids`` and ``all`` that applies."""
        frame = super().frame(channel)
        return {name: value for name, value in frame.items() if value is not msgspec.UNSET}


class NotificationsRemoved(ToRecipient, ModelEvent, model=Notification, on=(DELETED,)):
    """These are gone, with what caused them: a reaction taken back, a comment deleted, a block."""

    type = "notifications_removed"
    hidden = ("user_key", "notification")
    rewrites = ("notification",)
    user_key: UserKey
    notification: Shown  # takes the place of what was told before
    ids: list[int]
    unread_count: int

    @classmethod
    def of(cls, instance: Notification, change: Change) -> Self:
        return cls(
            user_key=wire_key(instance.recipient_id),
            notification=Shown.emptied(instance),
            ids=[instance.pk],
            unread_count=inboxes.unread_count(instance.recipient_id),
        )

    def subject(self) -> str:
        return f"notification:{self.ids[0]}"


class NotificationRewritten(ToRecipient, Event):
    """What was told of it before says what it says now: nothing of a withdrawn cause stays in the log."""

    type = "notification_rewritten"
    silent = True
    hidden = ("user_key", "notification")
    rewrites = ("notification",)
    user_key: UserKey
    notification: Shown

    def subject(self) -> str:
        return f"notification:{self.notification.id}"


class PreferencesChanged(ToRecipient, ModelEvent, model=Inbox, on=(UPDATED,), fields=("muted",)):
    """Which types the person wants to hear of."""

    type = "preferences_changed"
    user_key: UserKey
    preferences: dict[str, bool]

    @classmethod
    def of(cls, instance: Inbox, change: Change) -> Self:
        preferences = selectors.preferences_of(instance)
        return cls(user_key=wire_key(instance.user_id), preferences=preferences)


class NotificationsState(Event):
    """The state frame."""

    type = "notifications_state"
    channel = "notifications"
    delivery = STATE
    unread_count: int
