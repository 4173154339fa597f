"""Refs: what a client creates twice with the same ``ref`` is made once (PROTOCOL §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from django.db import IntegrityError, router, transaction
from django.db.models import Q

from realtime import rows
from realtime.errors import Conflict, InvalidMessage, KithError, Unavailable
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
    check(ref)
    digest = digest_of(content)
    try:
        with transaction.atomic(using=router.db_for_write(Ref)):
            claim = Ref.objects.create(user=user, scope=scope, ref=ref, digest=digest)
    except IntegrityError:
        first = Ref.objects.get(user=user, scope=scope, ref=ref)
        if first.digest != digest:
            raise _conflict() from None
        return _key(first.object_key), True
    made = make()
    Ref.objects.filter(pk=claim.pk).update(object_key=str(made.pk))
    return made.pk, False


def check(ref: str) -> None:
    """
    Raises:
        InvalidMessage: it is empty, too long, or holds NUL.
    """
    if not 0 < len(ref) <= MAX_REF or "\x00" in ref:
        raise InvalidMessage(f"ref is a text of 1 to {MAX_REF} characters.", field="ref")


def digest_of(content: Sequence[Any]) -> str:
    """What tells the same content from other content."""
    return hashlib.sha256(msgspec.json.encode(list(content))).hexdigest()


# ── of many commands at once ────────────────────────────────────────────────────────────────


class Claim(NamedTuple):
    """A ref of a user's in a scope, and the key that what it makes will have: no two are to make the same."""

    user_key: Any
    scope: str
    ref: str
    digest: str
    object_key: int | str

    @property
    def place(self) -> tuple[Any, str, str]:
        return self.user_key, self.scope, self.ref


def claim_all(claims: Sequence[Claim]) -> list[int | str | KithError | None]:
    """For each: None where it is the one to make what its ref stands for, in the transaction at hand; else
    the key of what was, or will be, made by the first with this ref; or `Conflict`, as in `once`.

    Waits for other transactions that claim one of these refs, in the order of the refs.
    """
    firsts: dict[tuple[Any, str, str], Claim] = {}
    for claim in claims:
        firsts.setdefault(claim.place, claim)
    returned = rows.insert(
        Ref,
        ("user_id", "scope", "ref", "digest", "object_key"),
        [(*claim[:4], str(claim.object_key)) for claim in firsts.values()],
        using=router.db_for_write(Ref),
        order="user_id, scope, ref",
        suffix="ON CONFLICT (user_id, scope, ref) DO NOTHING RETURNING object_key",
    )
    won = {key for (key,) in returned}
    held = {place: claim for place, claim in firsts.items() if str(claim.object_key) in won}
    held |= _held([place for place in firsts if place not in held])
    return [_claimed(claim, held.get(claim.place)) for claim in claims]


def _held(places: Sequence[tuple[Any, str, str]]) -> dict[tuple[Any, str, str], Claim]:
    """What earlier transactions claimed."""
    if not places:
        return {}
    asked = reduce(or_, (Q(user=user, scope=scope, ref=ref) for user, scope, ref in places))
    found = Ref.objects.using(router.db_for_write(Ref)).filter(asked)
    claims = (Claim(row.user_id, row.scope, row.ref, row.digest, _key(row.object_key)) for row in found)
    return {claim.place: claim for claim in claims}


def _claimed(claim: Claim, holder: Claim | None) -> int | str | KithError | None:
    if holder is None:
        return Unavailable()  # somebody had it a moment ago, and was deleted since
    if holder is claim:
        return None
    return holder.object_key if holder.digest == claim.digest else _conflict()


def _conflict() -> Conflict:
    return Conflict("This ref was used for other content.", field="ref")


def _key(text: str) -> int | str:
    return int(text) if text.isdecimal() else text
