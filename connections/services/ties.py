"""The tie itself: making it, ending it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from connections import pairs, selectors
from connections.models import Connection, Request
from realtime.errors import NotFound
from realtime.users import parse_key


@transaction.atomic
def connection_make(*, one_id: Any, other_id: Any, request: Request | None = None) -> Connection:
    """Connect two people, whoever asked whom, and close what was open between them: once, also when both
    do it at the same moment. For requests that are accepted, the admin, and a project's own code."""
    pairs.lock(one_id, other_id)
    requests_close(one_id, other_id, Request.Status.ACCEPTED)
    requests_between(one_id, other_id).update(declined_at=None)  # whoever said no once has said yes now
    tie = Connection.objects.filter(pair(one_id, other_id)).first()
    return tie or Connection.objects.create(one_id=one_id, other_id=other_id, request=request)


@transaction.atomic
def connection_remove(*, user: Any, user_id: Any) -> None:
    """End the tie with somebody. Either of the two may ask again.

    Raises:
        InvalidMessage: no user's key.
        NotFound: there is no such tie.
    """
    key = parse_key(user_id)
    pairs.lock(user.pk, key)
    tie = selectors.tie_of(one=user.pk, other=key).select_related("one", "other").first()
    if tie is None:
        raise NotFound("You are not connected with this user.", field="user_id")
    tie.delete()


def pair(one: Any, other: Any) -> Q:
    """The rows of a tie that name these two, in either order."""
    return Q(one=one, other=other) | Q(one=other, other=one)


def requests_between(one: Any, other: Any) -> QuerySet[Request]:
    return Request.objects.filter(Q(from_user=one, to_user=other) | Q(from_user=other, to_user=one))


def requests_close(one: Any, other: Any, status: Request.Status) -> None:
    """Give every open request between the two this status; each of them is told what concerns them."""
    rows = requests_between(one, other).select_related("from_user", "to_user")
    for request in rows.filter(status__in=Request.OPEN):
        request.status = status
        request.save(update_fields=["status"])
