"""Tables of notifications. What must never be false is a constraint here, not a check in a service."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from notifications.types import NAME_LENGTH

GROUP_LENGTH = 100


class Inbox(models.Model):
    """One person's row: locked while that person's notifications change, so that counts are exact."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    muted = models.JSONField(default=list, blank=True, help_text="types that are switched off")

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return f"Inbox of {self.user}"


class Notification(models.Model):
    """What a person should hear of. It shows the newest of its causes, and counts who is behind them.

    One with a ``group_key`` takes up further causes for as long as it is unread.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=NAME_LENGTH)
    group_key = models.CharField(max_length=GROUP_LENGTH, blank=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="the newest of those behind it",
    )
    count = models.PositiveIntegerField(default=1, help_text="how many people are behind it")
    post_id = models.BigIntegerField(null=True, blank=True)
    comment_id = models.BigIntegerField(null=True, blank=True, help_text="of the newest cause")
    chat_id = models.BigIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    read = models.BooleanField(default=False)
    timestamp = models.DateTimeField(default=timezone.now, editable=False, help_text="of the newest cause")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "type", "group_key"],
                condition=Q(read=False) & ~Q(group_key=""),
                name="kith_notifications_group_unread_once",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="kith_notifications_counts_somebody"),
        ]
        indexes = [
            models.Index(fields=["recipient", "timestamp", "id"], name="kith_notifications_keyset"),
            models.Index(
                fields=["recipient", "timestamp", "id"],
                name="kith_notifications_unread",
                condition=Q(read=False),
            ),
            models.Index(
                fields=["post_id"], name="kith_notifications_post", condition=Q(post_id__isnull=False)
            ),
            models.Index(
                fields=["chat_id"], name="kith_notifications_chat", condition=Q(chat_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.recipient}"


class Cause(models.Model):
    """One act behind a notification. Where it is undone, the notification says and counts what remains."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="causes", db_index=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    comment_id = models.BigIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    timestamp = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["notification", "actor"], name="kith_notifications_cause_actor"),
            models.Index(
                fields=["comment_id"],
                name="kith_notifications_cause_comm",
                condition=Q(comment_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Cause of notification {self.notification_id}"
