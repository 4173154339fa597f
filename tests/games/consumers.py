from __future__ import annotations

from typing import Any

from realtime import ChannelConsumer, command, topics
from realtime.topics import Topic
from tests.games.models import Score


class ScoresConsumer(ChannelConsumer):
    """The player's own score."""

    channel = "scores"

    def topics(self) -> list[Topic]:
        return [topics.user(self.user.pk, self.channel)]

    def state(self) -> dict[str, Any]:
        points = Score.objects.filter(player=self.user).values_list("points", flat=True).first()
        return {"type": "scores_state", "points": points or 0}

    @command
    def win(self, *, points: int) -> dict[str, Any]:
        """Add points."""
        score = Score.objects.filter(player=self.user).first() or Score(player=self.user)
        score.points += points
        score.save()
        return {"points": score.points}
