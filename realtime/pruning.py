"""Forgetting: what is older than ``KITH_LOG_RETENTION_HOURS`` leaves the log, oldest first.

A topic always keeps its newest part without a gap, and says how far it was pruned: a cursor from before
that gets ``recovered:false`` instead of a replay with holes. Ages are by the database's clock alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now
from rest_framework_simplejwt.settings import api_settings

from realtime import log, threads
from realtime.conf import setting
from realtime.models import EndedSession, LoggedEvent, Topic

logger = logging.getLogger("kith.pruning")

BATCH = 500  # events of one transaction: a topic is held for milliseconds, and writers wait for no longer


def prunable_topics(hours: float) -> list[str]:
    """Topics that hold an event older than ``hours``."""
    old = LoggedEvent.objects.filter(created__lt=_cutoff(hours))
    return list(old.order_by("topic").values_list("topic", flat=True).distinct())


def prune_batch(topic: str, hours: float) -> int:
    """Remove up to `BATCH` events from the beginning of one topic, in one transaction; 0: nothing is left
    to remove. Stops at the first that is young enough, so that no hole comes into being."""
    with transaction.atomic(using=log.database()):
        head = Topic.objects.select_for_update().get(name=topic)
        old = ExpressionWrapper(Q(created__lt=_cutoff(hours)), output_field=BooleanField())
        rows = LoggedEvent.objects.filter(topic=topic, seq__isnull=False).annotate(old=old).order_by("seq")
        gone = list(takewhile(lambda row: row.old, rows.only("seq", "event_id", "xid")[:BATCH]))
        if not gone:
            return 0
        head.pruned_id = max(head.pruned_id, *(row.event_id or 0 for row in gone))
        head.pruned_xid = max(head.pruned_xid, *(row.xid for row in gone))
        head.save(update_fields=["pruned_id", "pruned_xid"])
        LoggedEvent.objects.filter(topic=topic, seq__lte=gone[-1].seq).delete()
        return len(gone)


def prune(hours: float) -> Iterator[int]:
    """Remove all that is older than ``hours``, batch by batch; yields how many each removed. May run beside
    servers and beside itself."""
    for topic in prunable_topics(hours):
        while removed := prune_batch(topic, hours):
            yield removed


def forget_ended_sessions() -> None:
    """Sign-ins that ended so long ago that none of their tokens can be valid still."""
    lifetime: timedelta = api_settings.REFRESH_TOKEN_LIFETIME
    EndedSession.objects.filter(ended__lt=Now() - Value(lifetime)).delete()


def _cutoff(hours: float) -> Any:
    return Now() - Value(timedelta(hours=hours))


async def prune_forever() -> None:
    """The built-in run of every server process, each at its own moments; 0 hours keep everything."""
    while True:
        every = setting("KITH_PRUNE_EVERY_S")
        await asyncio.sleep(random.uniform(0.5, 1) * every)
        if hours := setting("KITH_LOG_RETENTION_HOURS"):
            try:
                await _prune_once(hours)
            except DatabaseError as error:
                logger.warning("pruning the log failed; the next run goes on: %s", error)


async def _prune_once(hours: float) -> None:
    await threads.write(forget_ended_sessions)
    removed = 0
    for topic in await threads.read(prunable_topics, hours):
        while some := await threads.write(prune_batch, topic, hours):
            removed += some
    if removed:
        logger.info("pruned %s events older than %s h", removed, hours)
