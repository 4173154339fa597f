"""Writes of presence. Who is online is not written: sockets are (`runner`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from presence.models import LastSeen


@transaction.atomic
def last_seen_save(*, seen: Mapping[Any, datetime]) -> None:
    """Keep when these users were last seen; a time older than the one kept changes nothing, and a user
    who was deleted meanwhile is passed over. Three queries, however many they are."""
    keys = set(get_user_model()._default_manager.filter(pk__in=seen).values_list("pk", flat=True))
    kept = LastSeen.objects.select_for_update().filter(user__in=keys).values_list("user_id", "at")
    older = {key for key, at in kept if seen[key] <= at}
    LastSeen.objects.bulk_create(
        [LastSeen(user_id=key, at=seen[key]) for key in keys - older],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["at"],
    )
