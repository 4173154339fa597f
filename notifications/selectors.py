"""Reads of notifications."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from connections.selectors import visible_users
from notifications import types
from notifications.models import Inbox, Notification

MENTIONS = 20  # different names of one text that are looked at; who shouts at everybody reaches the first

# Not after what may be an e-mail address or a path, and not before more of a word: `\w` is any script's.
_MENTION = re.compile(r"(?<![\w@/%+-])@([\w.@+-]+)")
_PUNCTUATION = ".@+-"  # allowed in a username; at its end more likely the sentence's


def notifications(*, user: Any) -> QuerySet[Notification]:
    """The user's notifications with their newest actors, the newest first."""
    rows = Notification.objects.filter(recipient=user).select_related("actor")
    return rows.order_by("-timestamp", "-pk")


def notifications_page(
    *, user: Any, unread: bool = False, before: tuple[datetime, int] | None = None, limit: int
) -> list[Notification]:
    """From before a place (timestamp, id) on. One query."""
    rows = notifications(user=user)
    if unread:
        rows = rows.filter(read=False)
    if before is not None:
        timestamp, key = before
        rows = rows.filter(
            Q(timestamp__lt=timestamp) | Q(timestamp=timestamp, pk__lt=key), timestamp__lte=timestamp
        )
    return list(rows[:limit])


def unread_count(*, user: Any) -> int:
    """How many notifications the user has not read."""
    return Notification.objects.filter(recipient=user, read=False).count()


def preferences(*, user: Any) -> dict[str, bool]:
    """Whether the user wants to hear of each type: Kith's, those that a project registered, and any other
    that the user has switched off."""
    return preferences_of(Inbox.objects.filter(user=user).first() or Inbox())


def preferences_of(inbox: Inbox) -> dict[str, bool]:
    """`preferences` as this row has them."""
    return dict.fromkeys(types.known(), True) | dict.fromkeys(sorted(inbox.muted), False)


def mentioned(*, actor: Any, text: str, audience: Iterable[Any]) -> list[Any]:
    """The users whom ``text`` names as ``@username``, each once: of ``audience`` (keys), active, not
    hidden from ``actor``, and not ``actor``. A name is looked for as it is written, without punctuation
    at its end, and in small letters; the first that is somebody's counts. Only the first `MENTIONS`
    different names are looked at. ``audience`` is gone through only where somebody is named; no query at all
    where there is no such name."""
    names = dict.fromkeys(_MENTION.findall(unicodedata.normalize("NFKC", text)))
    written = [_spellings(name) for name in list(names)[:MENTIONS]]
    if not written:
        return []
    field = get_user_model().USERNAME_FIELD
    wanted = {spelling for spellings in written for spelling in spellings}
    people = visible_users(
        user=actor, queryset=get_user_model()._default_manager.filter(**{f"{field}__in": wanted})
    )
    by_name = {person.get_username(): person for person in people}
    meant = (next((by_name[one] for one in spellings if one in by_name), None) for spellings in written)
    found = {person.pk: person for person in meant if person is not None}
    found.pop(actor.pk, None)
    seeing = set(audience) if found else set()
    return [person for key, person in found.items() if key in seeing]


def names_anybody(*, text: str) -> bool:
    """Whether ``text`` has what may be a mention."""
    normal = unicodedata.normalize("NFKC", text)
    return "@" in normal and _MENTION.search(normal) is not None


def _spellings(name: str) -> list[str]:
    bare = name.rstrip(_PUNCTUATION)
    return [spelling for spelling in dict.fromkeys([name, bare, name.lower(), bare.lower()]) if spelling]
