"""The channel of connections: who asks me, whom I asked, with whom I am connected, whom I block."""

from __future__ import annotations

from typing import Any

from connections import selectors, services
from realtime import topics
from realtime.commands import Id, Ref, command
from realtime.consumers import ChannelConsumer
from realtime.errors import InvalidMessage
from realtime.topics import Topic

UserKey = int | str


class ConnectionsConsumer(ChannelConsumer):
    """Mine, on all my devices. A request is named by its id or by the other one's."""

    channel = "connections"
    several_topics = True

    def topics(self) -> list[Topic]:
        return [topics.user(self.user.pk, self.channel)]

    @command
    def request(self, *, user_id: UserKey, ref: Ref = None) -> dict[str, Any]:
        """Ask somebody; one who has asked me is connected with me at once."""
        request_id, duplicate = services.request_send(sender=self.user, user_id=user_id, ref=ref)
        found = selectors.request_find(user=self.user, request_id=request_id)
        told = {} if found is None else {"status": selectors.request_status(user=self.user, request=found)}
        return {"request_id": request_id, **told, "duplicate": duplicate}

    @command
    def withdraw(self, *, request_id: Id | None = None, user_id: UserKey | None = None) -> dict[str, Any]:
        """Take back what I asked."""
        key = self._request_id(selectors.SENT, request_id, user_id)
        services.request_withdraw(user=self.user, request_id=key)
        return {"request_id": key}

    @command
    def accept(self, *, request_id: Id | None = None, user_id: UserKey | None = None) -> dict[str, Any]:
        """Connect with one who asks me."""
        key = self._request_id(selectors.RECEIVED, request_id, user_id)
        services.request_accept(user=self.user, request_id=key)
        return {"request_id": key}

    @command
    def decline(self, *, request_id: Id | None = None, user_id: UserKey | None = None) -> dict[str, Any]:
        """Say no to one who asks me, and is not told."""
        key = self._request_id(selectors.RECEIVED, request_id, user_id)
        services.request_decline(user=self.user, request_id=key)
        return {"request_id": key}

    @command
    def remove(self, *, user_id: UserKey) -> dict[str, Any]:
        """End a connection of mine."""
        services.connection_remove(user=self.user, user_id=user_id)
        return {"user_id": user_id}

    @command
    def block(self, *, user_id: UserKey, ref: Ref = None) -> dict[str, Any]:
        """See nothing of somebody, who sees nothing of me."""
        block_id, duplicate = services.block_add(user=self.user, user_id=user_id, ref=ref)
        return {"user_id": user_id, "block_id": block_id, "duplicate": duplicate}

    @command
    def unblock(self, *, user_id: UserKey) -> dict[str, Any]:
        """Take a block back."""
        services.block_remove(user=self.user, user_id=user_id)
        return {"user_id": user_id}

    def _request_id(self, direction: str, request_id: int | None, user_id: UserKey | None) -> int:
        if (request_id is None) == (user_id is None):
            raise InvalidMessage("Name the request by request_id or by user_id.", field="request_id")
        if request_id is not None:
            return request_id
        return selectors.request_last(user=self.user, direction=direction, user_id=user_id).pk
