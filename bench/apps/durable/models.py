from __future__ import annotations

from django.db import models


class Message(models.Model):
    """Something that was said. Its table is made by `bench.apps.durable.table`, without migrations."""

    room = models.CharField(max_length=100, db_index=True)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "durable"

    def __str__(self) -> str:
        return self.content
