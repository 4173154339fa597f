from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class Player(AbstractUser):
    """A user whose key is no integer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        app_label = "tests_games"  # also where the app is not installed


class Score(models.Model):
    """What a player has won."""

    player = models.OneToOneField(Player, models.CASCADE)
    points = models.IntegerField(default=0)
    objects: ClassVar[models.Manager[Score]] = models.Manager()

    class Meta:
        app_label = "tests_games"

    def __str__(self) -> str:
        return f"{self.player}: {self.points}"
