"""What feed pushes: one class for each row of PROTOCOL §4 under ``feed``.

A fact is told once, on the stream of the post's author, however many people read it. Its counts are
everyone's, and its tally lets a reader be told them without people whom the reader does not see. Whoever
creates or deletes what is counted holds the post's row until the commit, so that counts are exact and grow in
the order of the stream.
"""

from __future__ import annotations

from typing import ClassVar, Self

import msgspec
from django.db.models import Count

from feed.counters import comments_of, reactions_of
from feed.leaving import still_told
from feed.models import Comment, Post, Reaction
from realtime import log, topics
from realtime.erasing import erase_rewritten
from realtime.events import CREATED, DELETED, UPDATED, Change, Event, ModelEvent, before
from realtime.protocol import Time
from realtime.tallies import Tally
from realtime.topics import Topic
from realtime.users import display_name, wire_key

UserKey = int | str

# What the first clients already speak.
CAMEL_CASE = {"user_id": "userId", "user_name": "userName"}


class PostTold(msgspec.Struct, frozen=True, rename=CAMEL_CASE):
    """A post inside an event."""

    id: int
    user_id: UserKey
    user_name: str
    content: str
    attachment: str | None
    timestamp: Time
    edited_at: Time | None

    @classmethod
    def of(cls, post: Post) -> Self:
        return cls(
            id=post.pk,
            user_id=wire_key(post.author_id),
            user_name=display_name(post.author),
            content=post.content,
            attachment=post.attachment or None,
            timestamp=post.timestamp,
            edited_at=post.edited_at,
        )


class CommentTold(msgspec.Struct, frozen=True, rename=CAMEL_CASE):
    """A comment inside an event."""

    id: int
    user_id: UserKey
    user_name: str
    content: str
    timestamp: Time

    @classmethod
    def of(cls, comment: Comment) -> Self:
        return cls(
            id=comment.pk,
            user_id=wire_key(comment.author_id),
            user_name=display_name(comment.author),
            content=comment.content,
            timestamp=comment.timestamp,
        )


class OfAuthor:
    """An event on the stream of a post's author, who is not on the wire."""

    __slots__ = ()
    channel: ClassVar[str | None] = "feed"
    hidden: ClassVar[tuple[str, ...]] = ("author_id",)
    author_id: UserKey

    def topic(self) -> Topic:
        return topics.author(self.author_id)


# ── posts ───────────────────────────────────────────────────────────────────────────────────


class AboutPost(OfAuthor):
    """An event whose subject is a post, and whose actor is its author."""

    __slots__ = ()
    post: PostTold

    def subject(self) -> str:
        return f"post:{self.post.id}"

    def actor(self) -> UserKey:
        return self.author_id


class NewPost(AboutPost, ModelEvent, model=Post, on=(CREATED,)):
    """Somebody whom you are connected with, or you yourself, posted something."""

    type = "new_post"
    author_id: UserKey
    post: PostTold

    @classmethod
    def of(cls, instance: Post, change: Change) -> Self:
        return cls(author_id=wire_key(instance.author_id), post=PostTold.of(instance))


class PostEdited(AboutPost, ModelEvent, model=Post, on=(UPDATED,), fields=("content", "attachment")):
    """A post says something else now."""

    type = "post_edited"
    rewrites = ("post",)
    author_id: UserKey
    post: PostTold

    @classmethod
    def of(cls, instance: Post, change: Change) -> Self | None:
        if instance.is_deleted:
            return None
        return cls(author_id=wire_key(instance.author_id), post=PostTold.of(instance))


class PostDeleted(OfAuthor, ModelEvent, model=Post, on=(UPDATED, DELETED), fields=("deleted_at",)):
    """A post is gone, and its comments and reactions with it."""

    type = "post_deleted"
    rewrites = ("post",)
    author_id: UserKey
    post_id: int

    @classmethod
    def of(cls, instance: Post, change: Change) -> Self | None:
        if (change is UPDATED) != instance.is_deleted:
            return None  # a tombstone that is cleared away, or that somebody's code brought back
        return cls(author_id=wire_key(instance.author_id), post_id=instance.pk)

    def subject(self) -> str:
        return f"post:{self.post_id}"


# ── comments ────────────────────────────────────────────────────────────────────────────────


class NewComment(OfAuthor, ModelEvent, model=Comment, on=(CREATED,)):
    """Somebody said something under a post."""

    type = "new_comment"
    author_id: UserKey
    post_id: int
    comment: CommentTold
    comment_count: int

    @classmethod
    def of(cls, instance: Comment, change: Change) -> Self | None:
        post = _held(instance)
        if post is None or post.is_deleted:
            return None
        return cls(
            author_id=wire_key(post.author_id),
            post_id=post.pk,
            comment=CommentTold.of(instance),
            comment_count=post.comments.count(),
        )

    def subject(self) -> str:
        return f"comment:{self.comment.id}"

    def actor(self) -> UserKey:
        return self.comment.user_id

    def tally(self) -> Tally:
        return Tally("comment_count", comments_of(self.post_id), 1)


class CommentDeleted(OfAuthor, ModelEvent, model=Comment, on=(DELETED,)):
    """A comment is gone."""

    type = "comment_deleted"
    hidden = ("author_id", "commenter_id")
    rewrites = ("comment",)
    author_id: UserKey
    commenter_id: UserKey
    post_id: int
    comment_id: int
    comment_count: int

    @classmethod
    def of(cls, instance: Comment, change: Change) -> Self | None:
        post = _held(instance)
        if post is None:
            return None
        told = cls(
            author_id=wire_key(post.author_id),
            commenter_id=wire_key(instance.author_id),
            post_id=post.pk,
            comment_id=instance.pk,
            comment_count=post.comments.count() + len(still_told(instance)),
        )
        if post.is_deleted:  # `post_deleted` says it all; the log forgets the comment all the same
            erase_rewritten(told, told.topic().name, using=log.database())
            return None
        return told

    def subject(self) -> str:
        return f"comment:{self.comment_id}"

    def actor(self) -> UserKey:
        return self.commenter_id

    def tally(self) -> Tally:
        return Tally("comment_count", comments_of(self.post_id), -1)


# ── reactions ───────────────────────────────────────────────────────────────────────────────


class PostReaction(OfAuthor, ModelEvent, model=Reaction, on=(CREATED, UPDATED, DELETED), fields=("kind",)):
    """Somebody reacted to a post (``added``; a former kind of theirs is replaced) or took it back.
    ``counts``: how many of each kind that there are any of."""

    type = "post_reaction"
    hidden = ("author_id", "adds")
    author_id: UserKey
    post_id: int
    user_id: UserKey
    kind: str
    added: bool
    counts: dict[str, int]
    adds: dict[str, int]  # to the counts

    @classmethod
    def of(cls, instance: Reaction, change: Change) -> Self | None:
        post = _held(instance)
        if post is None or post.is_deleted:
            return None
        counts = dict(post.reactions.values_list("kind").annotate(Count("pk")).order_by("kind"))
        if change is DELETED:
            for other in still_told(instance):
                counts[other.kind] = counts.get(other.kind, 0) + 1
        return cls(
            author_id=wire_key(post.author_id),
            post_id=post.pk,
            user_id=wire_key(instance.user_id),
            kind=instance.kind,
            added=change is not DELETED,
            counts=counts,
            adds=_adds(instance, change),
        )

    def actor(self) -> UserKey:
        return self.user_id

    def tally(self) -> Tally:
        return Tally("counts", reactions_of(self.post_id), self.adds)


def _adds(reaction: Reaction, change: Change) -> dict[str, int]:
    """How a reaction's change alters the counts of its post."""
    if change is UPDATED:
        return {before(reaction)["kind"]: -1, reaction.kind: 1}
    return {reaction.kind: 1 if change is CREATED else -1}


def _held(row: Comment | Reaction) -> Post | None:
    """The row's post, to which until the commit nobody else adds what is counted; None: it is gone."""
    return Post.objects.select_for_update(no_key=True).filter(pk=row.post_id).first()


# ── whose posts one reads ───────────────────────────────────────────────────────────────────


class ToReader:
    """An event on the reader's own stream; an open feed covers one author more, or one less."""

    __slots__ = ()
    channel: ClassVar[str | None] = "feed"
    hidden: ClassVar[tuple[str, ...]] = ("reader_id",)
    reroutes: ClassVar[bool] = True
    reader_id: UserKey

    def topic(self) -> Topic:
        return topics.user(self.reader_id, "feed")


class AudienceAdded(ToReader, Event):
    """You read this user's posts from now on: read the feed again."""

    type = "audience_added"
    reader_id: UserKey
    user_id: UserKey


class AudienceRemoved(ToReader, Event):
    """You do not read this user's posts any more: drop them."""

    type = "audience_removed"
    reader_id: UserKey
    user_id: UserKey


class FeedChanged(ToReader, Event):
    """Comments and reactions of somebody are hidden now, or are seen again: read the feed again. Names
    nobody, as one of the two is not told of the block."""

    type = "feed_changed"
    reroutes = False  # the block itself made open channels look again
    reader_id: UserKey


class ReaderLost(OfAuthor, Event):
    """Takes effect in its place on the author's stream: the reader gets nothing of what follows. Told to
    nobody."""

    type = "reader_lost"
    silent = True
    hidden = ("author_id", "reader_id")
    author_id: UserKey
    reader_id: UserKey

    def revokes(self) -> UserKey:
        return self.reader_id
