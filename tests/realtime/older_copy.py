"""The log put back to an older copy, in place: what a restored database looks like to those who knew it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from realtime.models import LoggedEvent, Topic
from tests.harness.waiting import wait_until


def put_back(kept: int) -> None:
    """The log as it was when it had so many events; what comes now is younger than what is lost."""
    rows = LoggedEvent.objects.order_by("event_id")
    entries = list(rows.values_list("entry", "event_id", "created"))
    wait_until(lambda: timezone.now() > entries[-1][2] + timedelta(milliseconds=2))
    LoggedEvent.objects.filter(entry__in=[entry for entry, *_ in entries[kept:]]).delete()
    for topic in Topic.objects.all():
        left = LoggedEvent.objects.filter(topic=topic.name)
        topic.seq = left.aggregate(seq=Coalesce(Max("seq"), 0))["seq"]
        topic.save()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval('kith_event_id', %s)", [entries[kept - 1][1]])
        else:
            cursor.execute("UPDATE kith_realtime_logstate SET last_id = %s", [entries[kept - 1][1]])
