"""Writes of uploads."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, NamedTuple

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from realtime.conf import setting
from realtime.errors import InvalidMessage, NotFound, TooLarge
from realtime.refs import once
from uploads import readers
from uploads.models import Upload
from uploads.sniffing import EXTENSIONS, HEAD_BYTES, TextCheck, sniff


def reader_register(*, reader: readers.Reader) -> None:
    """From now on, whom ``reader`` lets may read an upload. Registering again changes nothing."""
    readers.register(reader)


def upload_create(*, owner: Any, file: File, ref: str | None = None) -> tuple[Upload, bool]:
    """Store a file: ``(upload, duplicate)``. Its name is made here and its type is read from its content;
    what the client called it plays no part. A file that is refused leaves nothing behind.

    Raises:
        InvalidMessage: it is empty, or its content is of no type in ``KITH_UPLOAD_TYPES``.
        TooLarge: more than ``KITH_UPLOAD_BYTES``.
        Conflict: ``ref`` was used for another file.
        NotFound: ``ref`` made an upload that was deleted since.
    """
    seen = _inspect(file)
    path = f"files/{secrets.token_hex(16)}.{EXTENSIONS[seen.content_type]}"

    def make() -> Upload:
        return Upload.objects.create(owner=owner, path=path, content_type=seen.content_type, size=seen.size)

    kept = False
    try:
        # The file before the row: no row ever lacks its file, and no transaction waits for a disk.
        default_storage.save(path, file)
        with transaction.atomic():
            key, duplicate = once(user=owner, scope="uploads", ref=ref, content=[seen.digest], make=make)
        kept = not duplicate
    finally:
        if not kept:
            default_storage.delete(path)
    upload = Upload.objects.filter(pk=key).first()
    if upload is None:
        raise NotFound("The upload that this ref made was deleted.", field="ref")
    return upload, duplicate


class _Seen(NamedTuple):
    content_type: str
    size: int  # bytes
    digest: str


def _inspect(file: File) -> _Seen:
    """What a file is, read once from end to end in pieces."""
    limit = setting("KITH_UPLOAD_BYTES")
    head, size, text, digest = b"", 0, TextCheck(), hashlib.sha256()
    for chunk in file.chunks():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The file is larger than {limit} bytes.", field="file")
        head += chunk[: HEAD_BYTES - len(head)]
        text.feed(chunk)
        digest.update(chunk)
    if not size:
        raise InvalidMessage("The file is empty.", field="file")
    content_type = sniff(head) or ("text/plain" if text.feed(b"", final=True) else None)
    if content_type not in EXTENSIONS or content_type not in setting("KITH_UPLOAD_TYPES"):
        raise InvalidMessage("Files of this type are not accepted.", field="file")
    return _Seen(content_type, size, digest.hexdigest())
