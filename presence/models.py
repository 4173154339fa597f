"""The table of presence. Who is online now is in the store (`store`), never here."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LastSeen(models.Model):
    """When others last saw somebody online: it never moves while the user is invisible."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+", editable=False
    )
    at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "last seen"

    def __str__(self) -> str:
        return f"{self.user}, {self.at:%Y-%m-%d %H:%M}"
