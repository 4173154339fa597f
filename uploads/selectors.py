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
    a registered reader lets. None for forbidden and missing alike, and after the same questions."""
    stored = stored_path(path)
    if stored is None:
        return None
    upload = Upload.objects.filter(path=stored).first()
    if upload is not None and upload.owner_id == user.pk:
        return upload
    return upload if readers.readable(user=user, path=path) else None
