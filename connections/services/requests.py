"""Asking, answering, taking back.

A no is not told: the requester goes on seeing the request as pending, may take it back, and may ask again,
but none of it reaches the decliner any more. The decliner alone can undo it, by asking; where the other's
wish is still open, that connects the two at once. So nobody can be pestered with requests, nobody learns
that they were declined, and a no by mistake can be mended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from connections import pairs, selectors
from connections.models import Request
from connections.services.ties import connection_make, requests_between
from notifications.services import notifications_withdraw, notify
from realtime import refs
from realtime.errors import Conflict, InvalidMessage, NotFound
from realtime.users import parse_key

Status = Request.Status


@transaction.atomic
def request_send(*, sender: Any, user_id: Any, ref: str | None = None) -> tuple[int, bool]:
    """Ask somebody: ``(request_id, duplicate)``. If they have asked the sender, the two are connected and
    the request is theirs. ``duplicate``: it was open already, or made by this ``ref`` before.

    Raises:
        InvalidMessage: no user's key, or one's own.
        NotFound: no such user, or one who is hidden from the sender.
        Conflict: they are connected already, or ``ref`` was used for something else.
    """
    key = parse_key(user_id)
    if key == sender.pk:
        raise InvalidMessage("You cannot connect with yourself.", field="user_id")
    pairs.lock(sender.pk, key)
    existed = False

    def make() -> Request:
        nonlocal existed
        theirs = _open(key, sender.pk)
        mine = _open(sender.pk, key)
        person = selectors.visible_users(user=sender).filter(pk=key).first()
        if person is None:
            raise NotFound("There is no such user.", field="user_id")
        if selectors.are_connected(user_id=sender.pk, other_id=key):
            raise Conflict("You are connected already.", field="user_id")
        if theirs is not None:
            return _accept(theirs, by=sender)
        existed = mine is not None
        return mine or _ask(sender, person)

    content = [str(key)]
    scope = "connections:requests"
    request_id, duplicate = refs.once(user=sender, scope=scope, ref=ref, content=content, make=make)
    return request_id, duplicate or existed


@transaction.atomic
def request_accept(*, user: Any, request_id: int) -> Request:
    """Connect with the one who asks. Accepting again changes nothing.

    Raises:
        NotFound: no such request to the user.
        Conflict: it is closed.
    """
    request = _held(user, request_id)
    if request.to_user_id != user.pk:
        raise NotFound("No such request to you.", field="request_id")
    if selectors.is_hidden(user_id=user.pk, other_id=request.from_user_id):
        raise _closed()
    if request.status == Status.PENDING:
        return _accept(request, by=user)
    tied = selectors.are_connected(user_id=user.pk, other_id=request.from_user_id)
    if request.status != Status.ACCEPTED or not tied:
        raise _closed()
    return request


@transaction.atomic
def request_decline(*, user: Any, request_id: int) -> Request:
    """Say no, which the requester is not told. Declining again changes nothing.

    Raises:
        NotFound: no such request to the user.
        Conflict: it is closed.
    """
    request = _held(user, request_id)
    if request.to_user_id != user.pk:
        raise NotFound("No such request to you.", field="request_id")
    if request.status == Status.PENDING:
        request.status = Status.DECLINED
        # Later than the request, whatever the clock of this host says: see `requests_told`.
        request.declined_at = max(timezone.now(), request.timestamp + timedelta.resolution)
        request.save(update_fields=["status", "declined_at"])
        _forget(request)
    elif request.status != Status.DECLINED:
        raise _closed()
    return request


@transaction.atomic
def request_withdraw(*, user: Any, request_id: int) -> Request:
    """Take back what one asked. Doing so again changes nothing.

    Raises:
        NotFound: no such request of the user's.
        Conflict: it was accepted.
    """
    request = _held(user, request_id)
    if request.from_user_id != user.pk:
        raise NotFound("No such request of yours.", field="request_id")
    if request.is_open:
        request.status = Status.WITHDRAWN
        request.save(update_fields=["status"])
        _forget(request)
    elif request.status == Status.ACCEPTED:
        raise _closed()
    return request


def _held(user: Any, request_id: int) -> Request:
    """A request of which the user was told; nothing changes between its two people meanwhile."""
    found = selectors.request_find(user=user, request_id=request_id)
    if found is not None:
        pairs.lock(found.from_user_id, found.to_user_id)
        found = selectors.request_find(user=user, request_id=request_id)  # as the pair's last change left it
    if found is None:
        raise NotFound("No such request.", field="request_id")
    return found


def _open(from_key: Any, to_key: Any) -> Request | None:
    rows = Request.objects.filter(from_user=from_key, to_user=to_key, status__in=Request.OPEN)
    return rows.select_related("from_user", "to_user").first()


def _ask(sender: Any, person: Any) -> Request:
    between = requests_between(sender.pk, person.pk)
    between.filter(to_user=sender).update(declined_at=None)  # asking takes back one's own no
    no = between.filter(to_user=person, declined_at__isnull=False).order_by("-declined_at").first()
    request = Request.objects.create(
        from_user=sender,
        to_user=person,
        status=Status.PENDING if no is None else Status.DECLINED,
        declined_at=None if no is None else no.declined_at,
    )
    if no is None:
        data = {"request_id": request.pk}
        notify(recipient=person, type="connection_request", actor=sender, data=data)
    return request


def _accept(request: Request, *, by: Any) -> Request:
    connection_make(one_id=request.from_user_id, other_id=request.to_user_id, request=request)
    data = {"request_id": request.pk}
    notify(recipient=request.from_user, type="connection_accepted", actor=by, data=data)
    request.refresh_from_db()
    return request


def _forget(request: Request) -> None:
    """Nothing is left to answer: the recipient need not hear of it any more."""
    notifications_withdraw(
        type="connection_request",
        recipient=request.to_user,
        actor=request.from_user,
        data={"request_id": request.pk},
    )


def _closed() -> Conflict:
    return Conflict("This request is closed.", field="request_id")
