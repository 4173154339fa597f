"""The channel of notifications."""

from __future__ import annotations

from typing import Any

from notifications import selectors, services
from notifications.events import NotificationsState
from realtime import topics
from realtime.commands import Id, command
from realtime.consumers import ChannelConsumer
from realtime.topics import Topic


class NotificationsConsumer(ChannelConsumer):
    """What I should hear of, and what I have read of it on any of my devices."""

    channel = "notifications"
    several_topics = True  # mine, and what is broadcast to everyone here

    def topics(self) -> list[Topic]:
        return [topics.user(self.user.pk, self.channel)]

    def state(self) -> NotificationsState:
        return NotificationsState(unread_count=selectors.unread_count(user=self.user))

    # Not a SIGNAL, of which only the newest is kept beyond the rate: these ids are not in the next ones.
    @command
    def read(self, *, ids: list[Id] | None = None, all: bool = False) -> dict[str, Any]:
        """These, or all, are read."""
        return {"unread_count": services.notifications_read(user=self.user, ids=ids, all=all)}
