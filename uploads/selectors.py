"""Reads of uploads, each for one user."""

from __future__ import annotations

from typing import Any

from uploads import readers
from uploads.models import Upload, stored_path


def upload_owned(*, user: Any, path: str) -> Upload | None:
    """The upload behind the public ``/upload/files/…`` if this user made it; None otherwise."""
    stored = stored_path(path)
    return Upload.objects.filter(owner=user, path=stored).first() if stored else None


def upload_readable(*, user: Any, path: str) -> Upload | None:
    """The upload behind the public ``/upload/files/…`` if this user may read it: the uploader, and whoever
    a registered reader lets. None for forbidden and missing alike."""
    stored = stored_path(path)
    upload = Upload.objects.filter(path=stored).first() if stored else None
    if upload and (upload.owner_id == user.pk or readers.readable(user=user, path=path)):
        return upload
    return None
