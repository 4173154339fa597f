"""The channel of presence: who of my connections is online."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connections.selectors import connected_ids, hidden_ids
from presence import running, selectors
from presence.events import PresenceState, topic_of
from presence.store import Status
from realtime import topics
from realtime.commands import SIGNAL, command
from realtime.consumers import ChannelConsumer
from realtime.errors import Unavailable
from realtime.topics import Topic


class OnlineConsumer(ChannelConsumer):
    """Who of my connections is online, as ties come and go; and what I am myself."""

    channel = "online"
    several_topics = True
    state_follows_topics = True

    def topics(self) -> list[Topic]:
        mine = connected_ids(user_id=self.user.pk)
        return [topics.user(self.user.pk, self.channel), *map(topic_of, mine)]

    def hides(self) -> Iterable[Any]:
        return hidden_ids(user_id=self.user.pk)

    def state(self) -> PresenceState | None:
        """Asked for again (a tie was made or ended, the broker returned), it is told by the runner,
        with what is true when it is written."""
        runner = running.current()
        if self.is_open and runner is not None:
            runner.tell_state(self.socket_id, selectors.presences(user=self.user))
            return None
        return PresenceState(users=selectors.connections_online(user=self.user))

    @command(rate=SIGNAL)
    async def status(self, *, status: Status) -> dict[str, Any]:
        """What others see of me, on all my devices, until I am gone from all of them."""
        runner = running.current()
        if runner is None:
            raise Unavailable("Presence is not running.")
        await runner.set_status(str(self.user.pk), status)
        return {"status": status.value}
