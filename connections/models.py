"""Tables of connections. What must never be false is a constraint here, not a check in a service."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils import timezone


class Request(models.Model):
    """One person's wish to be connected with another.

    A declined one stays open for the requester, who sees it as pending: nobody is told of a no. So in one
    direction one request of a pair is open at a time, pending or declined.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        BLOCKED = "blocked"

    OPEN = (Status.PENDING, Status.DECLINED)  # to the requester

    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    timestamp = models.DateTimeField(default=timezone.now, editable=False)
    declined_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="of the recipient's no; before the request itself, where an earlier one was declined",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_user", "to_user"],
                condition=Q(status__in=["pending", "declined"]),
                name="kith_connections_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "accepted", "declined", "withdrawn", "blocked"]),
                name="kith_connections_request_status",
            ),
            models.CheckConstraint(
                condition=~Q(from_user=F("to_user")), name="kith_connections_request_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_user} → {self.to_user}: {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether the requester sees it as pending."""
        return self.status in self.OPEN


class Connection(models.Model):
    """The tie of a pair: one row, whichever of the two it names first."""

    one = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    request = models.ForeignKey(
        Request, models.SET_NULL, null=True, blank=True, related_name="+", help_text="which led to it, if any"
    )
    timestamp = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Least("one", "other"), Greatest("one", "other"), name="kith_connections_pair_once"
            ),
            models.CheckConstraint(condition=~Q(one=F("other")), name="kith_connections_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"


class Block(models.Model):
    """One person wants to see nothing of another, who sees nothing of them either."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    timestamp = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "blocked"], name="kith_connections_block_once"),
            models.CheckConstraint(condition=~Q(user=F("blocked")), name="kith_connections_block_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.user} blocks {self.blocked}"


class Parting(models.Model):
    """What is left of a block when one of the two deleted their account: the acts of ``gone`` that the log
    keeps stay hidden from ``user``."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    gone = models.CharField(max_length=64, help_text="key of the account, as text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "gone"], name="kith_connections_parting_once")]

    def __str__(self) -> str:
        return f"{self.user} and {self.gone}, who is gone"
