"""The lock of one person's notifications.

Whoever changes them holds the person's `Inbox` row until the commit, so that every count told is that
of a moment between two changes, however many happen at once. Inboxes are the last locks that a
transaction takes; who takes several takes them `in_order`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from notifications.models import Inbox, Notification


def in_order(keys: Iterable[Any]) -> list[Any]:
    """User keys, each once, in the order in which their inboxes are locked."""
    return sorted(set(keys), key=str)


def hold(user_id: Any) -> Inbox:
    """The person's inbox, locked; made where there is none yet. Call it in a transaction."""
    held = _held(user_id)
    if held is None:
        # Of two who make it at once, one waits here for the other's commit, and then locks what it made.
        Inbox.objects.bulk_create([Inbox(user_id=user_id)], ignore_conflicts=True)
        held = Inbox.objects.select_for_update(no_key=True).get(user=user_id)
    return held


def unread_count(user_id: Any) -> int:
    """How many notifications the person has not read, as of after everybody else's change. Call it in
    the transaction of one's own."""
    _held(user_id)  # none is made: the person may be about to be deleted
    return Notification.objects.filter(recipient=user_id, read=False).count()


def _held(user_id: Any) -> Inbox | None:
    return Inbox.objects.select_for_update(no_key=True).filter(user=user_id).first()
