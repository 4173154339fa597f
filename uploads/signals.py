"""A row and its file go together, also where the admin or a deleted account's cascade takes the row."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete

from uploads.models import Upload


def connect() -> None:
    post_delete.connect(_delete_file, sender=Upload, dispatch_uid="kith_uploads.delete_file")


def _delete_file(instance: Upload, using: str, **_: Any) -> None:
    # After the commit: a deletion that is rolled back must find its file again.
    path = instance.path
    transaction.on_commit(lambda: default_storage.delete(path), using=using, robust=True)
