"""Tables of feed. What must never be false is a constraint here, not a check in a service."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Post(models.Model):
    """Something told to one's connections. A deleted one stays as a tombstone: ``deleted_at``, and nothing
    of what it said."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    content = models.TextField()
    attachment = models.CharField(max_length=300, blank=True, help_text="path that an upload returned")
    timestamp = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(deleted_at__isnull=True) & ~Q(content=""))
                | Q(deleted_at__isnull=False, content="", attachment=""),
                name="kith_feed_tombstone_says_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["author", "id"], name="kith_feed_post_keyset"),
            models.Index(fields=["attachment"], name="kith_feed_attachment", condition=~Q(attachment="")),
        ]

    def __str__(self) -> str:
        return f"Post {self.pk}"

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


class Comment(models.Model):
    """Something said under a post. It is not edited; deleting takes the row away."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.TextField()
    timestamp = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(content=""), name="kith_feed_comment_says_something"),
        ]
        indexes = [models.Index(fields=["post", "id"], name="kith_feed_comment_keyset")]

    def __str__(self) -> str:
        return f"Comment {self.pk} on post {self.post_id}"


class Reaction(models.Model):
    """One person's reaction to one post; another kind takes its place."""

    class Kind(models.TextChoices):
        LIKE = "like"
        LOVE = "love"
        LAUGH = "laugh"
        WOW = "wow"
        SAD = "sad"
        CELEBRATE = "celebrate"

    post = models.ForeignKey(Post, models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "user"], name="kith_feed_reaction_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["like", "love", "laugh", "wow", "sad", "celebrate"]),
                name="kith_feed_reaction_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on post {self.post_id}"
