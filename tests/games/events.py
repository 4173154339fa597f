from __future__ import annotations

import uuid

from realtime import CREATED, UPDATED, ModelEvent, topics
from realtime.topics import Topic
from tests.games.models import Score


class ScoreChanged(ModelEvent, model=Score, on=(CREATED, UPDATED), fields=("points",)):
    """A player's score changed."""

    type = "score_changed"
    player_id: uuid.UUID
    points: int

    def topic(self) -> Topic:
        return topics.user(self.player_id, "scores")
