"""Tables of the core: the event log, the refs of what clients created, and ended sign-ins."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

KEY_LENGTH = 64  # of a user's key as text: integers, UUIDs, short strings


class LogState(models.Model):
    """One row. ``epoch`` changes when the log was put back to an older copy, so that cursors of
    the lost future are recognised; ``last_id`` counts events on SQLite (PostgreSQL: a sequence)."""

    epoch = models.CharField(max_length=16)
    last_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.epoch


class Topic(models.Model):
    """The head of one stream. Whoever numbers events of a topic holds this row until the commit
    is done; so numbers grow in commit order, without a gap."""

    name = models.CharField(max_length=100, primary_key=True)
    seq = models.BigIntegerField(default=0, help_text="number of the newest event")
    pruned_id = models.BigIntegerField(default=0, help_text="newest event_id that was pruned")
    pruned_xid = models.BigIntegerField(default=0, help_text="newest transaction that was pruned")

    def __str__(self) -> str:
        return self.name


class LoggedEvent(models.Model):
    """One durable event. ``seq`` and ``event_id`` are null until the end of the transaction that
    wrote it, where a trigger gives them (PostgreSQL); so nobody else ever sees a null.

    ``body`` is the frame without its ``id``, which is spliced in when it is delivered.
    """

    entry = models.BigAutoField(primary_key=True)
    event_id = models.BigIntegerField(null=True)
    topic = models.CharField(max_length=100)
    seq = models.BigIntegerField(null=True)
    xid = models.BigIntegerField(help_text="transaction (PostgreSQL), else the event_id")
    type = models.CharField(max_length=64)
    subject = models.CharField(max_length=100, blank=True, help_text="object it tells of, for erasing")
    actor = models.CharField(max_length=KEY_LENGTH, null=True, help_text="user whose act it is")
    revokes = models.CharField(max_length=KEY_LENGTH, null=True, help_text="user who loses the topic")
    grants = models.CharField(max_length=KEY_LENGTH, null=True, help_text="user who gains the topic")
    withheld = models.TextField(null=True, help_text="users who are not told, as a JSON array")
    tally = models.TextField(null=True, help_text="what the act added to a total, as a JSON array")
    body = models.TextField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "seq"], name="kith_log_seq"),
            models.UniqueConstraint(fields=["topic", "event_id"], name="kith_log_id"),
        ]
        indexes = [
            models.Index(fields=["xid"], name="kith_log_xid"),
            models.Index(fields=["created"], name="kith_log_created"),
            models.Index(fields=["topic", "subject"], name="kith_log_subject", condition=~Q(subject="")),
            models.Index(fields=["actor"], name="kith_log_actor", condition=Q(actor__isnull=False)),
            models.Index(
                fields=["topic", "grants"], name="kith_log_grants", condition=Q(grants__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic}#{self.seq} {self.type}"


class Ref(models.Model):
    """What a client's ``ref`` created: the same ref in the same scope creates nothing new, on any
    day. ``digest`` tells the same content from other content."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    scope = models.CharField(max_length=100)
    ref = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    object_key = models.CharField(max_length=KEY_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "scope", "ref"], name="kith_ref_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.ref}"


class EndedSession(models.Model):
    """A sign-in that was logged out: its tokens are refused until the last of them has expired."""

    sid = models.CharField(max_length=64, primary_key=True)
    ended = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sid
