"""Tables of chat. What must never be false is a constraint here, not a check in a service."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

DIRECT_KEY_LENGTH = 2 * 64 + 1  # two user keys as text (realtime.models.KEY_LENGTH) and a colon


class Chat(models.Model):
    """A conversation: `direct` between two people, who have one such chat, or `group`."""

    class Kind(models.TextChoices):
        GROUP = "group"
        DIRECT = "direct"

    class History(models.TextChoices):
        JOINED = "joined", "since joining"
        ALL = "all", "everything"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.GROUP)
    title = models.CharField(max_length=200, blank=True)
    history = models.CharField(
        max_length=8, choices=History.choices, default=History.JOINED, help_text="what a new member may see"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    direct_key = models.CharField(
        max_length=DIRECT_KEY_LENGTH,
        unique=True,
        null=True,
        editable=False,
        help_text="the pair of a direct chat, so that it has one",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["group", "direct"]), name="kith_chat_kind"),
            models.CheckConstraint(condition=Q(history__in=["joined", "all"]), name="kith_chat_history"),
            models.CheckConstraint(
                condition=Q(kind="direct", direct_key__isnull=False, history="all")
                | Q(kind="group", direct_key__isnull=True),
                name="kith_chat_direct_has_its_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} chat {self.pk}"

    @property
    def is_direct(self) -> bool:
        return self.kind == self.Kind.DIRECT


class Membership(models.Model):
    """A person's place in a chat. Leaving deletes it; coming back makes a new one."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    joined_after = models.BigIntegerField(
        editable=False,
        help_text="newest message id at joining; with history 'joined' only later ones are seen",
    )
    last_read_message_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chat", "user"], name="kith_chat_member_once"),
            models.CheckConstraint(condition=Q(role__in=["owner", "member"]), name="kith_chat_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.chat}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fills ``joined_after`` here, so that a member added by the admin or the shell has it too."""
        if self.joined_after is None:
            newest = self.chat.messages.aggregate(id=models.Max("pk"))["id"]
            self.joined_after = newest or 0
        super().save(*args, **kwargs)

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER

    @property
    def visible_after(self) -> int:
        """This member may see the chat's messages with a greater id."""
        return self.joined_after if self.chat.history == Chat.History.JOINED else 0


class Message(models.Model):
    """Something said. A deleted one stays as a tombstone: ``deleted_at``, and nothing of what it said."""

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="messages", db_index=False)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.TextField()
    attachment = models.CharField(max_length=300, blank=True, help_text="path that an upload returned")
    reply_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    ref = models.CharField(max_length=64, null=True, editable=False, help_text="the sender's own name for it")
    timestamp = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(deleted_at__isnull=True) & ~Q(content=""))
                | Q(deleted_at__isnull=False, content="", attachment=""),
                name="kith_chat_tombstone_says_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["chat", "id"], name="kith_chat_message_keyset"),
            models.Index(fields=["attachment"], name="kith_chat_attachment", condition=~Q(attachment="")),
            models.Index(fields=["reply_to"], name="kith_chat_reply", condition=Q(reply_to__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


class Reaction(models.Model):
    """One person's emoji on one message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="kith_chat_reaction_once"),
            models.CheckConstraint(condition=~Q(emoji=""), name="kith_chat_reaction_emoji"),
        ]

    def __str__(self) -> str:
        return f"{self.emoji} on message {self.message_id}"
