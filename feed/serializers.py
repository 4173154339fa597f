"""What REST takes and gives: objects have the keys of their events plus ``id`` (PROTOCOL §8)."""

from __future__ import annotations

from rest_framework import serializers

from feed.events import CAMEL_CASE
from feed.models import Reaction
from feed.selectors import PostEntry
from realtime.fields import RefField, TextField, TimeField, UserKeyField, UserNameField

KINDS = Reaction.Kind.choices


# ── taken ───────────────────────────────────────────────────────────────────────────────────


class PostIn(serializers.Serializer):
    content = TextField()
    attachment = TextField(required=False, allow_null=True)
    ref = RefField()


class PostChangeIn(serializers.Serializer):
    content = TextField(required=False)
    attachment = TextField(required=False, allow_null=True, help_text="null: none any more")


class CommentIn(serializers.Serializer):
    content = TextField()
    ref = RefField()


class ReactionIn(serializers.Serializer):
    kind = serializers.ChoiceField(KINDS)
    ref = RefField()


# ── given ───────────────────────────────────────────────────────────────────────────────────


class Told(serializers.Serializer):
    """An object with the keys that it has in events."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {CAMEL_CASE.get(name, name): field for name, field in super().get_fields().items()}


class PostOut(Told):
    """A post as the one who asks sees it: what people hidden from them did is not counted."""

    id = serializers.IntegerField(source="post.pk")
    user_id = UserKeyField(source="post.author_id")
    user_name = UserNameField(source="post.author")
    content = serializers.CharField(source="post.content")
    attachment = serializers.SerializerMethodField()
    timestamp = TimeField(source="post.timestamp")
    edited_at = TimeField(source="post.edited_at", allow_null=True)
    comment_count = serializers.IntegerField()
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="reactions, of each kind that there are any of"
    )
    my_reaction = serializers.ChoiceField(KINDS, allow_null=True)

    def get_attachment(self, entry: PostEntry) -> str | None:
        return entry.post.attachment or None


class CommentOut(Told):
    id = serializers.IntegerField(source="pk")
    post_id = serializers.IntegerField()
    user_id = UserKeyField(source="author_id")
    user_name = UserNameField(source="author")
    content = serializers.CharField()
    timestamp = TimeField()


class ReactionOut(serializers.Serializer):
    post_id = serializers.IntegerField()
    user_id = UserKeyField()
    kind = serializers.ChoiceField(KINDS, allow_null=True, help_text="mine now; null: taken back since")
    counts = serializers.DictField(child=serializers.IntegerField())


class Duplicate(serializers.Serializer):
    """What a creation adds: whether this ``ref`` had made it before. What is gone since has only its ids."""

    duplicate = serializers.BooleanField()


class PostMade(PostOut, Duplicate):
    pass


class CommentMade(CommentOut, Duplicate):
    pass


class ReactionMade(ReactionOut, Duplicate):
    id = serializers.IntegerField()


class PostsOut(serializers.Serializer):
    results = PostOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `feed`")


class CommentsOut(serializers.Serializer):
    results = CommentOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `feed`")
