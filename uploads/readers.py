"""Who may read an upload besides its owner: apps that attach uploads to things say so here.

An app registers its selector when it is ready:

    uploads.services.reader_register(reader=selectors.attachment_readable)
"""

from __future__ import annotations

from typing import Any, Protocol


class Reader(Protocol):
    """Whether this user may read something of the app's that uses the upload ``/upload/files/…``."""

    def __call__(self, *, user: Any, path: str) -> bool: ...


_readers: list[Reader] = []


def register(reader: Reader) -> None:
    """From now on, whom ``reader`` lets may read. Registering again changes nothing."""
    if reader not in _readers:
        _readers.append(reader)


def readable(*, user: Any, path: str) -> bool:
    """Whether any registered reader lets this user read ``path``, a public ``/upload/files/…``."""
    return any(reader(user=user, path=path) for reader in _readers)
