"""What presence pushes: the rows of PROTOCOL §4 under ``online``."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from realtime import topics
from realtime.events import LATEST, STATE, Delivery, Event
from realtime.protocol import Time
from realtime.topics import Topic

CHANNEL = "online"
UserKey = int | str


def topic_of(user_key: object) -> Topic:
    """One user's presence, heard by the user's connections; every process tells its own (`runner`)."""
    return topics.here("presence", user_key, channel=CHANNEL)


class OfUser:
    """Of one user only the newest is worth telling."""

    __slots__ = ()
    channel: ClassVar[str | None] = CHANNEL
    delivery: ClassVar[Delivery] = LATEST
    user_id: UserKey

    def topic(self) -> Topic:
        return topic_of(self.user_id)

    def actor(self) -> UserKey:
        return self.user_id

    def key(self) -> str:
        return f"presence:{self.user_id}"


class UserOnline(OfUser, Event):
    """Somebody came, or has another status."""

    type = "user_online"
    user_id: UserKey
    full_name: str
    status: str


class UserOffline(OfUser, Event):
    """Somebody left, or is not to be seen any more: the two are told alike."""

    type = "user_offline"
    user_id: UserKey
    last_seen: Time


class Presence(msgspec.Struct, frozen=True):
    """One user in `PresenceState`. ``last_seen``: when they were last seen leaving, None: never."""

    user_id: UserKey
    full_name: str
    status: str
    last_seen: Time | None


class PresenceState(Event):
    """The state frame of ``online``: my connections who are online now."""

    type = "presence_state"
    channel = CHANNEL
    delivery = STATE
    users: list[Presence]
