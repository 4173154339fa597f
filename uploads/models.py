"""One table: which file belongs to whom."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import models

PUBLIC_PREFIX = "/upload/"
_PUBLIC = re.compile(r"/upload/(files/[0-9a-f]{32}\.[a-z0-9]{2,5})")


def stored_path(attachment: str) -> str | None:
    """``files/<random>.<ext>`` of a public ``/upload/files/<random>.<ext>``; None for anything else.

    Only names of the server's own making pass, so neither ``..`` nor a NUL gets any further.
    """
    match = _PUBLIC.fullmatch(attachment)
    return match[1] if match else None


class Upload(models.Model):
    """A stored file. Its content never changes; deleting the row deletes the file."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    path = models.CharField(max_length=100, unique=True, help_text="in the storage: files/<random>.<ext>")
    content_type = models.CharField(max_length=100, help_text="as recognised by content")
    size = models.PositiveBigIntegerField(help_text="bytes")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.path

    @property
    def attachment(self) -> str:
        """What clients call it: ``/upload/files/<random>.<ext>``."""
        return PUBLIC_PREFIX + self.path
