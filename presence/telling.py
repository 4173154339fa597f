"""From changes to the events that tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.contrib.auth import get_user_model

from presence.events import UserOffline, UserOnline
from presence.store import Change
from realtime.packets import Packet
from realtime.users import display_name, parse_key, wire_key


def events_of(changes: Iterable[Change]) -> list[UserOnline | UserOffline]:
    """An event for each change as others see it. One query where anyone came; who was deleted
    meanwhile did not."""
    told = [(parse_key(user), status, at) for user, status, at in changes]
    came = [key for key, status, _ in told if status]
    users = get_user_model()._default_manager.filter(pk__in=came) if came else ()
    names = {user.pk: display_name(user) for user in users}
    events: list[UserOnline | UserOffline] = []
    for key, status, at in told:
        if status is None:
            events.append(UserOffline(user_id=wire_key(key), last_seen=time_of(at)))
        elif key in names:
            events.append(UserOnline(user_id=wire_key(key), full_name=names[key], status=status.value))
    return events


def packet_of(event: UserOnline | UserOffline) -> Packet:
    """The event, ready for this process's hub."""
    topic = event.topic()
    return Packet(
        topic=topic.name,
        body=event.encode(topic.channel),
        type=event.type,
        actor=str(event.actor()),
        key=event.key(),
    )


def time_of(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
