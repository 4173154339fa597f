"""Reads of presence. What others may see is decided here: invisible is offline, strangers are nobody."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from connections.selectors import ties
from presence import running
from presence.events import Presence
from presence.models import LastSeen
from presence.redis_store import RedisStore
from presence.store import Status, StoreAway
from presence.telling import time_of
from presence.view import View
from realtime.conf import setting
from realtime.users import display_name, wire_key

logger = logging.getLogger("kith.presence")

OFFLINE = "offline"  # in REST, which also tells of those who are not online


def is_online(*, user_id: Any) -> bool:
    """Whether the user has a socket open, or had one a moment ago: to decide what reaches the user, and
    how. It is true of the invisible, so it must not be shown to others. In a process that is no server
    it asks Redis and may block; False where that does not answer, or there is none."""
    return bool(_statuses([str(user_id)]))


def online_count() -> int:
    """How many users are online anywhere, the invisible included, as far as this server process knows; none
    elsewhere. For operators."""
    runner = running.current()
    return 0 if runner is None else len(runner.view.statuses)


def connections_online(*, user: Any) -> list[Presence]:
    """The user's connections who are online as others see it. Three queries."""
    return [person for person in presences(user=user) if person.status != OFFLINE]


def presences(*, user: Any, only: Collection[Any] | None = None) -> list[Presence]:
    """The user's connections (of the keys in ``only``), in the order of their keys. Two queries."""
    keys = ties(user_id=user.pk).values("peer_id")
    people = get_user_model()._default_manager.filter(pk__in=keys).order_by("pk")
    seen = LastSeen.objects.filter(user__in=keys)
    if only is not None:
        people, seen = people.filter(pk__in=only), seen.filter(user__in=only)
    found = list(people)
    view = _view(str(person.pk) for person in found)
    kept = dict(seen.values_list("user_id", "at"))
    return [
        Presence(
            wire_key(person.pk),
            display_name(person),
            status.value if (status := view.seen(str(person.pk))) else OFFLINE,
            _later(kept.get(person.pk), view.left.get(str(person.pk))),
        )
        for person in found
    ]


def _later(kept: datetime | None, left: int | None) -> datetime | None:
    """When somebody was last seen: the database learns of it a moment later than watchers do."""
    if left is None:
        return kept
    return time_of(left) if kept is None else max(kept, time_of(left))


def _view(users: Iterable[str]) -> View:
    """What this process knows, or else what the store says of these users."""
    if runner := running.current():
        return runner.view
    view = View()
    view.statuses = _statuses(list(users))
    return view


def _statuses(users: list[str]) -> dict[str, Status]:
    if runner := running.current():
        known = {user: Status.ONLINE for user in users if runner.is_here(user)}
        return known | {user: status for user in users if (status := runner.view.statuses.get(user))}
    if not (url := setting("REDIS_URL")):
        return {}
    try:
        return _store(url).statuses(users)
    except StoreAway as error:
        logger.warning("the presence store is away: %s", error)
        return {}


@functools.cache
def _store(url: str) -> RedisStore:
    return RedisStore(url)
