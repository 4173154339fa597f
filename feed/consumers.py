"""The channel of feed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connections.selectors import connected_ids, hidden_actors
from feed.selectors import hidden_tallies
from realtime import topics
from realtime.consumers import ChannelConsumer
from realtime.tallies import Amount
from realtime.topics import Topic


class FeedConsumer(ChannelConsumer):
    """My posts and those of my accepted connections, with what is said under them, as ties change."""

    channel = "feed"
    several_topics = True

    def topics(self) -> list[Topic]:
        authors = [self.user.pk, *connected_ids(user_id=self.user.pk)]
        return [topics.user(self.user.pk, self.channel), *map(topics.author, authors)]

    def hides(self) -> Iterable[Any]:
        return hidden_actors(user_id=self.user.pk)

    def tallies(self) -> Iterable[tuple[Any, str, Amount]]:
        return hidden_tallies(user=self.user)
