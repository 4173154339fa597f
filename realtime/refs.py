"""Refs: what a client creates twice with the same ``ref`` is made once (PROTOCOL §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.db import IntegrityError, router, transaction

from realtime.errors import Conflict, InvalidMessage
from realtime.models import Ref

MAX_REF = 64


def once(
    *, user: Any, scope: str, ref: str | None, content: Sequence[Any], make: Callable[[], Any]
) -> tuple[Any, bool]:
    """``(key, duplicate)`` of what ``make`` created, or of what the first command with this ref
    created, also when that was deleted since. ``scope`` says where, such as ``chat:5``.

    Call it in a transaction: the ref commits with what it made. A second command that arrives
    while the first is uncommitted waits for it (PostgreSQL: on the unique index).

    Raises:
        Conflict: the same ref was used for other ``content``.
        InvalidMessage: the ref is empty, too long, or holds NUL.
    """
    if ref is None:
        return make().pk, False
    if not 0 < len(ref) <= MAX_REF or "\x00" in ref:
        raise InvalidMessage(f"ref is a text of 1 to {MAX_REF} characters.", field="ref")
    digest = hashlib.sha256(msgspec.json.encode(list(content))).hexdigest()
    try:
        with transaction.atomic(using=router.db_for_write(Ref)):
            claim = Ref.objects.create(user=user, scope=scope, ref=ref, digest=digest)
    except IntegrityError:
        first = Ref.objects.get(user=user, scope=scope, ref=ref)
        if first.digest != digest:
            raise Conflict("This ref was used for other content.", field="ref") from None
        return int(first.object_key) if first.object_key.isdecimal() else first.object_key, True
    made = make()
    Ref.objects.filter(pk=claim.pk).update(object_key=str(made.pk))
    return made.pk, False
