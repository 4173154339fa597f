"""Rights and sign-ins that change while sockets are open: told on the user's control topic.

Losing the right to one topic needs nothing from here: the event that tells of it says whom it
``revokes``, and hub and replay apply it in its place. This is for what gains a right, and for
what concerns the whole sign-in.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model, user_logged_out
from django.db.models.signals import post_delete, post_save

from realtime import signals, topics
from realtime.erasing import erase_user
from realtime.events import Event
from realtime.publishing import publish
from realtime.topics import Topic

SIGN_IN_FIELDS = {"password", "is_active"}


class Order(enum.StrEnum):
    """What a user's open sockets are to do."""

    RIGHTS = "rights"  # ask again which topics belong to the open channels
    SIGN_INS = "sign_ins"  # ask again whether the sign-in still holds
    CLOSE = "close"


class ControlChanged(Event):
    """Tells a user's open sockets to look again. Never sent to clients."""

    type = "control_changed"
    channel = ""
    hidden = ("user_key",)
    user_key: Any
    order: Order

    def topic(self) -> Topic:
        return topics.control(self.user_key)


def rights_changed(user_key: Any) -> None:
    """The user gained a right: open channels take up the new topics. Call it in the transaction
    that grants it."""
    publish(ControlChanged(user_key=user_key, order=Order.RIGHTS))


def sign_ins_changed(user_key: Any) -> None:
    """One or all of the user's sign-ins ended: each open socket asks whether its own still holds."""
    publish(ControlChanged(user_key=user_key, order=Order.SIGN_INS))


def close_sockets(user: Any) -> None:
    """Close every open socket of ``user`` on every process; the client may come back."""
    publish(ControlChanged(user_key=user.pk, order=Order.CLOSE))


def watch_users() -> None:
    """Follow the user model, whichever it is. Called when Django is ready."""
    model = get_user_model()
    signals.make_atomic(model)
    post_save.connect(_user_saved, sender=model, dispatch_uid="kith.user_saved")
    post_delete.connect(_user_deleted, sender=model, dispatch_uid="kith.user_deleted")
    user_logged_out.connect(_user_logged_out, dispatch_uid="kith.user_logged_out")


def _user_saved(
    instance: Any, created: bool, raw: bool, update_fields: Iterable[str] | None, **_: Any
) -> None:
    if not created and not raw and (update_fields is None or SIGN_IN_FIELDS & set(update_fields)):
        sign_ins_changed(instance.pk)


def _user_deleted(instance: Any, using: str, **_: Any) -> None:
    erase_user(instance.pk, using=using)
    sign_ins_changed(instance.pk)


def _user_logged_out(user: Any, request: Any, **_: Any) -> None:
    if user is None:
        return
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        session.delete()  # Django does so after this signal: whoever judges must find it ended
    sign_ins_changed(user.pk)
