"""Refs: what a client creates twice with the same ``ref`` is made once (PROTOCOL §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from django.db import IntegrityError, connections, router, transaction
from django.db.models import Model, Q

from realtime import rows, statements
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


Place = tuple[Any, str, str | None]  # a user's key, a scope, a ref in it
Holder = tuple[int | str, str]  # the key of what a ref stands for, and the digest of its content


class Claim(NamedTuple):
    """That a user's ref stands for something in a scope. Without a ref it may be made any number of times."""

    user_key: Any
    scope: str
    ref: str | None
    digest: str

    @property
    def place(self) -> Place:
        return self.user_key, self.scope, self.ref


class Reserved(NamedTuple):
    """A key for what a command makes; and where it is not to make it, the key of what was, or will be, made
    by the first with its ref, or `Conflict`, as in `once`."""

    key: int
    first: int | str | KithError | None = None


def reserve(model: type[Model], claims: Sequence[Claim]) -> Callable[[], list[Reserved]]:
    """For each claim a key of a new row, ascending and nobody else's, for which its ref is claimed in the
    transaction at hand. The model's primary key must be counted by the database, as a BigAutoField is.

    The statement is made now, or with the next one, if that comes before the answer is wanted; it waits for
    other transactions that claim one of these refs, in the order of the refs.
    """
    firsts: dict[Place, int] = {}  # claims that are made, by their place in `claims`
    for index, claim in enumerate(claims):
        if claim.ref is not None:
            firsts.setdefault(claim.place, index)
    made = {*firsts.values()}
    wanted = [claim if index in made else claim._replace(ref=None) for index, claim in enumerate(claims)]
    if connections[router.db_for_write(Ref)].vendor == "postgresql":
        numbered = _numbered_on_postgresql(model, wanted)
    else:
        numbered = _numbered_on_sqlite(model, wanted)

    def reserved() -> list[Reserved]:
        keys, won = numbered()
        holders: dict[Place, Holder] = {}
        for place, index in firsts.items():
            if keys[index] in won:
                holders[place] = keys[index], claims[index].digest
        holders |= _held([place for place in firsts if place not in holders])
        return [_reserved(claim, key, won, holders) for claim, key in zip(claims, keys, strict=True)]

    return reserved


def release(claims: Iterable[Claim]) -> None:
    """Free refs that this transaction has claimed: nothing is made for them."""
    for claim in claims:
        Ref.objects.filter(user=claim.user_key, scope=claim.scope, ref=claim.ref).delete()


_FIELDS = ("user_id", "scope", "ref", "digest")
_ONCE = "ON CONFLICT (user_id, scope, ref) DO NOTHING RETURNING object_key"

Numbered = Callable[[], tuple[list[int], set[int]]]  # the keys, and those of them whose ref was free


def _numbered_on_postgresql(model: type[Model], wanted: Sequence[Claim]) -> Numbered:
    """The function is that of migration 0004."""
    connection = connections[router.db_for_write(Ref)]
    prepare = Ref._meta.get_field("user").get_db_prep_value
    packed = rows.packed(_FIELDS, ((prepare(claim.user_key, connection), *claim[1:]) for claim in wanted))
    asked = statements.ask(
        connection,
        "SELECT key, is_free FROM kith_reserve(pg_get_serial_sequence(%s, %s)::regclass, %s)",
        [f'"{model._meta.db_table}"', model._meta.pk.column, packed],
    )

    def numbered() -> tuple[list[int], set[int]]:
        found = asked.rows()
        return [key for key, _ in found], {key for key, is_free in found if is_free}

    return numbered


def _numbered_on_sqlite(model: type[Model], wanted: Sequence[Claim]) -> Numbered:
    """One writer at a time: no other row comes in between."""
    using = router.db_for_write(Ref)
    asked = "SELECT seq FROM sqlite_sequence WHERE name = %s"
    found = statements.fetch(connections[using], asked, [model._meta.db_table])
    last = found[0][0] if found else 0
    keys = list(range(last + 1, last + 1 + len(wanted)))
    claimed = [(*claim, str(key)) for claim, key in zip(wanted, keys, strict=True) if claim.ref is not None]
    won = rows.insert(Ref, (*_FIELDS, "object_key"), claimed, using=using, suffix=_ONCE) if claimed else []
    return lambda: (keys, {int(key) for (key,) in won})


def _held(places: Sequence[Place]) -> dict[Place, Holder]:
    """Of those that earlier transactions claimed."""
    if not places:
        return {}
    asked = reduce(or_, (Q(user=user, scope=scope, ref=ref) for user, scope, ref in places))
    found = Ref.objects.using(router.db_for_write(Ref)).filter(asked)
    return {(row.user_id, row.scope, row.ref): (_key(row.object_key), row.digest) for row in found}


def _reserved(claim: Claim, key: int, won: set[int], holders: Mapping[Place, Holder]) -> Reserved:
    if claim.ref is None or key in won:
        return Reserved(key)
    if claim.place not in holders:
        return Reserved(key, Unavailable())  # somebody had it a moment ago, and was deleted since
    first, digest = holders[claim.place]
    return Reserved(key, first if digest == claim.digest else _conflict())


def _conflict() -> Conflict:
    return Conflict("This ref was used for other content.", field="ref")


def _key(text: str) -> int | str:
    return int(text) if text.isdecimal() else text
