"""Taking back what has lost its cause, and keeping apart who blocked whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from notifications import inboxes
from notifications.events import NotificationRewritten, Shown
from notifications.models import Cause, Notification
from notifications.services.making import show
from realtime.publishing import publish
from realtime.users import wire_key


def notifications_withdraw(
    *,
    type: str | None = None,
    recipient: Any = None,
    actor: Any = None,
    post_id: int | None = None,
    comment_id: int | None = None,
    chat_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Take back what fits all that is given, read or not, since its cause is gone: a reaction taken back,
    a comment deleted. A grouped one stays with its other causes. ``recipient`` and ``actor`` are users or
    their keys; of ``data`` each key given must be the same.

    Raises:
        ValueError: nothing but a type is given: that would be everybody's.
    """
    given = {
        "notification__recipient": recipient,
        "actor": actor,
        "notification__post_id": post_id,
        "comment_id": comment_id,
        "notification__chat_id": chat_id,
        **{f"data__{name}": value for name, value in (data or {}).items()},
    }
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        raise ValueError("Say what to withdraw: a type alone is everybody's.")
    if type is not None:
        given["notification__type"] = type
    causes_withdraw(causes=Cause.objects.filter(**given))


@transaction.atomic
def causes_withdraw(*, causes: QuerySet[Cause]) -> None:
    """Take these causes out of their notifications; one that has no other goes."""
    recipients = _hold(_recipients(causes))
    _withdraw(causes.filter(notification__recipient__in=recipients))


@transaction.atomic
def notifications_delete(*, notifications: QuerySet[Notification]) -> None:
    """Delete notifications whatever their causes: for moderators."""
    recipients = _hold(notifications.order_by().values_list("recipient", flat=True))
    Notification.objects.filter(pk__in=notifications.values("pk"), recipient__in=recipients).delete()


@transaction.atomic
def pair_separate(*, one_id: Any, other_id: Any) -> None:
    """Take back what each of the two was told of the other: for a block, in its transaction and after it
    is written. Both inboxes are locked first, also where there is nothing yet: a notification that is
    under way has committed then, or finds the block."""
    _hold([one_id, other_id])
    pair = Q(notification__recipient=one_id, actor=other_id) | Q(
        notification__recipient=other_id, actor=one_id
    )
    _withdraw(Cause.objects.filter(pair), names=True)


@transaction.atomic
def person_forget(*, person: Any) -> None:
    """Take back what everybody was told of this person, who is about to be deleted."""
    causes = Cause.objects.filter(actor=person)
    recipients = _hold(_recipients(causes))
    _withdraw(causes.filter(notification__recipient__in=recipients), names=True)


def _recipients(causes: QuerySet[Cause]) -> Iterable[Any]:
    return causes.order_by().values_list("notification__recipient", flat=True)


def _hold(user_ids: Iterable[Any]) -> list[Any]:
    """The keys, whose inboxes are locked: of nobody else's notifications may be taken."""
    keys = inboxes.in_order(user_ids)
    for key in keys:
        inboxes.hold(key)
    return keys


def _withdraw(causes: QuerySet[Cause], *, names: bool = False) -> None:
    """``names``: also who was behind them must be nowhere in the log."""
    gone = list(causes.only("notification", "text"))
    Cause.objects.filter(pk__in=[cause.pk for cause in gone]).delete()
    secret = {cause.notification_id for cause in gone if names or cause.text}
    touched = Notification.objects.filter(pk__in={cause.notification_id for cause in gone})
    for notification in touched.select_related("actor").order_by("pk"):
        _settle(notification, rewrite=notification.pk in secret)


def _settle(notification: Notification, *, rewrite: bool) -> None:
    """Let the notification say and count what its remaining causes are; without any it goes. ``rewrite``:
    the log, too. (Of one that goes it says nothing anyway: `NotificationsRemoved`.)"""
    newest = notification.causes.select_related("actor").order_by("-pk").first()
    if newest is None:
        notification.delete()
        return
    counted = notification.causes.aggregate(
        people=Count("actor", distinct=True), others=Count("pk", filter=Q(actor=None))
    )
    notification.count = counted["people"] + counted["others"]
    show(notification, newest)
    notification.save()
    if rewrite:
        key = wire_key(notification.recipient_id)
        publish(NotificationRewritten(user_key=key, notification=Shown.of(notification)))
