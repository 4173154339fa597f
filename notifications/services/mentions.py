"""People named in what somebody wrote.

A mention says who and where, never what: text lives where it was written, and is edited and deleted there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from notifications import inboxes, selectors
from notifications.models import Notification
from notifications.services.making import inboxes_hold, notify
from notifications.services.withdrawing import notifications_withdraw
from notifications.types import MENTION


def mentions_notify(
    *,
    actor: Any,
    text: str,
    audience: Iterable[Any],
    post_id: int | None = None,
    comment_id: int | None = None,
    chat_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> list[Notification]:
    """Tell everyone of ``audience`` (keys of those who may see the text) whom it names as ``@username``:
    see `selectors.mentioned`. ``data`` names the place more closely, as ``{"message_id": 5}`` does."""
    people = selectors.mentioned(actor=actor, text=text, audience=audience)
    place: dict[str, Any] = {"post_id": post_id, "comment_id": comment_id, "chat_id": chat_id, "data": data}
    return _tell(people, actor, place) if people else []


@transaction.atomic
def mentions_update(
    *,
    actor: Any,
    text: str,
    audience: Iterable[Any],
    post_id: int | None = None,
    comment_id: int | None = None,
    chat_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> list[Notification]:
    """As `mentions_notify`, of a text that was edited: whom it named before is not told again, and who is
    named no more has nothing to see."""
    people = selectors.mentioned(actor=actor, text=text, audience=audience)
    place: dict[str, Any] = {"post_id": post_id, "comment_id": comment_id, "chat_id": chat_id, "data": data}
    told = set(_mentions(actor, place).values_list("recipient", flat=True))
    new = [person for person in people if person.pk not in told]
    gone = told - {person.pk for person in people}
    inboxes_hold(user_ids=[*gone, *(person.pk for person in new)])
    for key in inboxes.in_order(gone):
        notifications_withdraw(type=MENTION, recipient=key, actor=actor, **place)
    return _tell(new, actor, place)


@transaction.atomic
def _tell(people: list[Any], actor: Any, place: Mapping[str, Any]) -> list[Notification]:
    by_key = {person.pk: person for person in people}
    told = (
        notify(recipient=by_key[key], type=MENTION, actor=actor, **place) for key in inboxes.in_order(by_key)
    )
    return [notification for notification in told if notification is not None]


def _mentions(actor: Any, place: Mapping[str, Any]) -> QuerySet[Notification]:
    """What `notify` made for this place. A mention has one cause, so its own fields tell all."""
    return Notification.objects.filter(
        type=MENTION, actor=actor, **{**place, "data": dict(place["data"] or {})}
    )
