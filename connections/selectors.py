"""Reads of connections: the one place that says who may see whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, F, Q, QuerySet, When

from connections.models import Block, Connection, Parting, Request
from realtime.errors import NotFound
from realtime.users import parse_key

RECEIVED, SENT = "received", "sent"


# ── who may see whom ────────────────────────────────────────────────────────────────────────


def connected_ids(*, user_id: Any) -> list[Any]:
    """Keys of the people whom the user is connected with. One query."""
    return list(ties(user_id=user_id).values_list("peer_id", flat=True))


def are_connected(*, user_id: Any, other_id: Any) -> bool:
    """Whether the two are connected; nobody is with themself. One query."""
    return tie_of(one=user_id, other=other_id).exists()


def hidden_ids(*, user_id: Any) -> set[Any]:
    """Keys of those whom the user blocked or who blocked the user. One query."""
    rows = Block.objects.filter(Q(user=user_id) | Q(blocked=user_id)).values_list("user_id", "blocked_id")
    return {key for pair in rows for key in pair} - {user_id}


def hidden_actors(*, user_id: Any) -> set[str]:
    """Keys as text of those of whose acts the user is not told: who is hidden now, or was hidden until the
    account was deleted. Two queries."""
    gone = Parting.objects.filter(user=user_id).values_list("gone", flat=True)
    return {*map(str, hidden_ids(user_id=user_id)), *gone}


def is_hidden(*, user_id: Any, other_id: Any) -> bool:
    """Whether either blocked the other. One query."""
    blocks = Block.objects.filter(Q(user=user_id, blocked=other_id) | Q(user=other_id, blocked=user_id))
    return blocks.exists()


def hidden_pairs(pairs: Iterable[frozenset[Any]]) -> set[frozenset[Any]]:
    """Of these pairs of keys those of which either blocked the other. One query, or none for no pairs."""
    asked = set(pairs)
    users = {key for pair in asked for key in pair}
    rows = Block.objects.filter(user__in=users, blocked__in=users).values_list("user_id", "blocked_id")
    return asked & {frozenset(row) for row in rows}


def visible_users(*, user: Any, queryset: QuerySet[Any] | None = None) -> QuerySet[Any]:
    """Active users (of ``queryset``), without those hidden from ``user``; ``user`` is among them."""
    model = get_user_model()
    rows = model._default_manager.all() if queryset is None else queryset
    if "is_active" in {field.name for field in model._meta.concrete_fields}:  # a project's own may lack it
        rows = rows.filter(is_active=True)
    return without_hidden(rows, user_id=user.pk, key="pk")


def without_hidden(rows: QuerySet[Any], *, user_id: Any, key: str) -> QuerySet[Any]:
    """``rows`` without those whose ``key``, a lookup of a user's key, names someone hidden from the user."""
    blocked = Block.objects.filter(user=user_id).values("blocked")
    blocking = Block.objects.filter(blocked=user_id).values("user")
    # Two plain subqueries, which the database reads once each: no join, no search for every row.
    return rows.exclude(**{f"{key}__in": blocked}).exclude(**{f"{key}__in": blocking})


def ties(*, user_id: Any) -> QuerySet[Any]:
    """The user's connections, each with ``peer_id``, the other one's key. Fit for a subquery:
    ``ties(user_id=…).values("peer_id")``. Who is hidden is none, even where code left their row."""
    rows = Connection.objects.filter(Q(one=user_id) | Q(other=user_id))
    peer = Case(When(one=user_id, then=F("other_id")), default=F("one_id"))
    return without_hidden(rows.annotate(peer_id=peer), user_id=user_id, key="peer_id")


def tie_of(*, one: Any, other: Any) -> QuerySet[Any]:
    """The tie of these two, if there is one."""
    rows = ties(user_id=one)
    return rows.filter(Q(one=one, other=other) | Q(one=other, other=one))


# ── lists ───────────────────────────────────────────────────────────────────────────────────


def connections_page(*, user: Any, before: int | None = None, limit: int) -> list[Any]:
    """The user's connections with both people, the newest first, from before a connection's id on."""
    return _page(ties(user_id=user.pk).select_related("one", "other"), before, limit)


def requests_page(
    *, user: Any, direction: str | None = None, before: int | None = None, limit: int
) -> list[Request]:
    """Open requests to the user (`RECEIVED`), by the user (`SENT`) or both, the newest first."""
    rows = requests_open(user=user).select_related("from_user", "to_user")
    if direction is not None:
        rows = rows.filter(to_user=user) if direction == RECEIVED else rows.filter(from_user=user)
    return _page(rows, before, limit)


def requests_open(*, user: Any) -> QuerySet[Request]:
    """What waits, as the user sees it: a request that was declined is gone for the decliner alone."""
    received = Q(to_user=user, status=Request.Status.PENDING)
    rows = Request.objects.filter(received | Q(from_user=user, status__in=Request.OPEN))
    for key in ("from_user", "to_user"):
        rows = without_hidden(rows, user_id=user.pk, key=key)
    return rows


def requests_told(*, user: Any) -> QuerySet[Request]:
    """Requests, open or not, by the user or to the user, of which the user was told: one made after a no
    never reached the one who had said it."""
    reached = Q(declined_at=None) | Q(declined_at__gt=F("timestamp"))
    rows = Request.objects.filter(Q(from_user=user) | Q(reached, to_user=user))
    return rows.select_related("from_user", "to_user")


def request_find(*, user: Any, request_id: int) -> Request | None:
    """One of `requests_told`."""
    return requests_told(user=user).filter(pk=request_id).first()


def request_last(*, user: Any, direction: str, user_id: Any) -> Request:
    """The last request from (`RECEIVED`) or to (`SENT`) somebody.

    Raises:
        InvalidMessage: no user's key.
        NotFound: the user was told of none.
    """
    key, rows = parse_key(user_id), requests_told(user=user)
    rows = rows.filter(from_user=key) if direction == RECEIVED else rows.filter(to_user=key)
    found = rows.order_by("-pk").first()
    if found is None:
        raise NotFound("No such request.", field="user_id")
    return found


def request_status(*, user: Any, request: Request) -> str:
    """How a request stands, as this one of its two people may know it."""
    if request.from_user_id == user.pk and request.is_open:
        return Request.Status.PENDING.value
    if request.status != Request.Status.BLOCKED:
        return request.status
    both = [request.from_user_id, request.to_user_id]
    mine = Block.objects.filter(user=user, blocked__in=both).exists()
    return (Request.Status.BLOCKED if mine else Request.Status.WITHDRAWN).value


def blocks_page(*, user: Any, before: int | None = None, limit: int) -> list[Block]:
    """Whom the user blocked, the last one first."""
    return _page(Block.objects.filter(user=user).select_related("blocked"), before, limit)


def block_find(*, user: Any, block_id: int) -> Block | None:
    """One of the user's blocks."""
    return Block.objects.filter(user=user, pk=block_id).select_related("blocked").first()


def _page(rows: QuerySet[Any], before: int | None, limit: int) -> list[Any]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])
