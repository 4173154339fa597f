"""Read marks and preferences, the same on all of a person's devices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from notifications import inboxes, selectors, types
from notifications.events import NotificationsRead
from notifications.models import Notification
from realtime.errors import InvalidMessage, TooLarge
from realtime.publishing import publish
from realtime.users import wire_key

IDS = 1_000  # of one call
MUTED = 200  # types that one person switches off


@transaction.atomic
def notifications_read(*, user: Any, ids: Collection[int] | None = None, all: bool = False) -> int:
    """Mark these notifications read, or all there are now: the new unread count. What is none of the
    user's, gone, or read already, is passed over; where nothing changes, nothing is told.

    Raises:
        InvalidMessage: not exactly one of ``ids`` and ``all``.
        TooLarge: more than `IDS`.
    """
    if all is (ids is not None):
        raise InvalidMessage("Say either ids or all: true.", field="ids")
    if ids is not None and len(ids) > IDS:
        raise TooLarge(f"At most {IDS} ids at once.", field="ids")
    _mark(user.pk, ids)
    return selectors.unread_count(user=user)


@transaction.atomic
def notifications_mark_read(*, notifications: QuerySet[Notification]) -> int:
    """Mark notifications read, whosever they are: how many were not. For moderators."""
    found: dict[Any, list[int]] = {}
    for recipient, key in notifications.filter(read=False).order_by().values_list("recipient", "pk"):
        found.setdefault(recipient, []).append(key)
    return sum(_mark(recipient, found[recipient]) for recipient in inboxes.in_order(found))


def _mark(user_id: Any, ids: Collection[int] | None) -> int:
    """None: all. How many were unread; where one was, all of the person's devices are told."""
    inboxes.hold(user_id)
    rows = Notification.objects.filter(recipient=user_id, read=False)
    told: dict[str, Any] = {"all": True}
    if ids is not None:
        told = {"ids": sorted(rows.filter(pk__in=ids).values_list("pk", flat=True))}
        rows = rows.filter(pk__in=told["ids"])
    changed = rows.update(read=True)
    if changed:  # `update` sends no signals
        unread_count = inboxes.unread_count(user_id)
        publish(NotificationsRead(user_key=wire_key(user_id), unread_count=unread_count, **told))
    return changed


@transaction.atomic
def preferences_set(*, user: Any, preferences: Mapping[str, bool]) -> dict[str, bool]:
    """Switch these types on or off; the others stay as they are. All preferences, as they are now. What
    is switched off is not made at all; what there is already stays.

    Raises:
        InvalidMessage: something that can be no type.
        TooLarge: more than `MUTED` types are off.
    """
    for name in preferences:
        if not types.is_type(name):
            raise InvalidMessage(f"{name[:80]!r} is no type of notification.", field="preferences")
    inbox = inboxes.hold(user.pk)
    off = dict.fromkeys(inbox.muted, False) | dict(preferences)
    muted = sorted(name for name, wanted in off.items() if not wanted)
    if len(muted) > MUTED:
        raise TooLarge(f"At most {MUTED} types can be off.", field="preferences")
    if muted != inbox.muted:
        inbox.muted = muted
        inbox.save(update_fields=["muted"])
    return selectors.preferences_of(inbox)
