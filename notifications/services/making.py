"""Telling a person of something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from connections.selectors import is_hidden
from notifications import inboxes, types
from notifications.models import GROUP_LENGTH, Cause, Notification
from notifications.signals import notification_created
from presence.selectors import is_online


def type_register(*, type: str) -> None:
    """Show an app's own type in everyone's preferences; call it when the app is ready. `notify` takes
    other types too. Registering again changes nothing.

    Raises:
        ValueError: not in snake_case, or too long.
    """
    types.register(type)


@transaction.atomic
def inboxes_hold(*, user_ids: Iterable[Any]) -> None:
    """Lock these people's inboxes in the one order, before one of them is notified."""
    for key in inboxes.in_order(user_ids):
        inboxes.hold(key)


def notify(
    *,
    recipient: Any,
    type: str,
    actor: Any = None,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    post_id: int | None = None,
    comment_id: int | None = None,
    chat_id: int | None = None,
    group: str | None = None,
) -> Notification | None:
    """Tell ``recipient`` (a user) of something that ``actor`` (a user, or nobody) did.

    None, and nothing is told: one's own act, a type that the recipient switched off, or one of the two
    blocked the other.

    What has a ``group`` (any text, 100 characters at most) joins the recipient's unread notification of
    this type and group, which then names this actor and counts each once; reading it starts a new one.
    Comments and reactions are grouped by their post unless ``group`` is given; ``""``: never.

    Raises:
        ValueError: ``type`` is not in snake_case, or it or ``group`` is too long.
    """
    types.check(type)
    if group is None:
        group = f"post:{post_id}" if post_id is not None and type in types.GROUPED_BY_POST else ""
    if len(group) > GROUP_LENGTH:
        raise ValueError(f"group is longer than {GROUP_LENGTH} characters.")
    if actor is not None and actor.pk == recipient.pk:
        return None
    with transaction.atomic():
        inbox = inboxes.hold(recipient.pk)
        # After the lock: a block that is under way holds it too, and has committed when we get it.
        if type in inbox.muted or _hidden(recipient, actor):
            return None
        told = {"post_id": post_id, "chat_id": chat_id}
        cause = Cause(
            actor=actor, comment_id=comment_id, text=text, data=dict(data or {}), timestamp=timezone.now()
        )
        return _tell(recipient, type, group, told, cause)


def _hidden(recipient: Any, actor: Any) -> bool:
    return actor is not None and is_hidden(user_id=recipient.pk, other_id=actor.pk)


def _tell(recipient: Any, type: str, group: str, told: Mapping[str, Any], cause: Cause) -> Notification:
    unread = Notification.objects.filter(recipient=recipient, type=type, group_key=group, read=False)
    notification = unread.first() if group else None
    created = notification is None
    if notification is None:
        notification = Notification(recipient=recipient, type=type, group_key=group, count=0)
    before = _causes_of(notification, cause)
    notification.count += before is None
    show(notification, cause)
    for name, value in told.items():
        setattr(notification, name, value)
    notification.save()
    if before is not None:  # the same act again takes the place of the former one
        before.filter(comment_id=cause.comment_id).delete()
    cause.notification = notification
    cause.save()
    if created:
        key = notification.pk
        transaction.on_commit(lambda: _announce(key), robust=True)
    return notification


def _causes_of(notification: Notification, cause: Cause) -> Any:
    """The actor's causes that the notification has already; None: none, so one more to count."""
    if notification._state.adding or cause.actor_id is None:
        return None
    theirs = notification.causes.filter(actor=cause.actor_id)
    return theirs if theirs.exists() else None


def show(notification: Notification, cause: Cause) -> None:
    """Let the notification say what this, its newest cause, says; it is not saved."""
    notification.actor = cause.actor
    notification.comment_id = cause.comment_id
    notification.text = cause.text
    notification.data = cause.data
    notification.timestamp = cause.timestamp


def _announce(key: int) -> None:
    """Send `notification_created`, unless nobody listens or it was withdrawn at once."""
    if not notification_created.has_listeners(Notification):
        return
    notification = Notification.objects.select_related("recipient", "actor").filter(pk=key).first()
    if notification is not None:
        online = is_online(user_id=notification.recipient_id)
        notification_created.send_robust(Notification, notification=notification, online=online)
