"""Reads of feed: who may see what is decided here, by who is connected with whom.

Of people hidden from the reader (who blocked whom) neither comments nor reactions are seen or counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from connections.selectors import hidden_ids, tie_of, ties, without_hidden
from feed.counters import comments_of, reactions_of
from feed.models import Comment, Post, Reaction
from realtime.errors import Forbidden
from realtime.tallies import Amount

# ── posts ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class PostEntry:
    """A post as one of its readers sees it."""

    post: Post
    comment_count: int
    counts: dict[str, int]  # reactions, of each kind that there are any of
    my_reaction: str | None


def posts_visible(*, user: Any) -> QuerySet[Post]:
    """Every post that the user may see: the user's own and those of accepted connections."""
    peers = ties(user_id=user.pk).values("peer_id")
    return Post.objects.filter(Q(author=user.pk) | Q(author__in=peers), deleted_at__isnull=True)


def post_author(*, user: Any, post_id: int) -> Any | None:
    """Key of the author of a post that the user may see, None of any other. One query, which looks for the
    one tie that matters, however many the user has."""
    tie = tie_of(one=user.pk, other=OuterRef("author"))
    rows = Post.objects.filter(Q(author=user.pk) | Exists(tie), pk=post_id, deleted_at__isnull=True)
    return rows.values_list("author_id", flat=True).first()


def post_entries(
    *, user: Any, before: int | None = None, limit: int | None = None, post_id: int | None = None
) -> list[PostEntry]:
    """The user's feed, the newest first, from before a post's id on. Three queries, however many posts."""
    said = without_hidden(Comment.objects.filter(post=OuterRef("pk")), user_id=user.pk, key="author")
    numbers = said.order_by().values("post").annotate(number=Count("pk")).values("number")
    rows = (
        posts_visible(user=user)
        .select_related("author")
        .annotate(comment_count=Coalesce(Subquery(numbers), 0))
    )
    if post_id is not None:
        rows = rows.filter(pk=post_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page: list[Any] = list(rows.order_by("-pk")[:limit])
    keys = [post.pk for post in page]
    counts = _counts(keys, user)
    mine = dict(Reaction.objects.filter(post__in=keys, user=user.pk).values_list("post_id", "kind"))
    return [PostEntry(post, post.comment_count, counts.get(post.pk, {}), mine.get(post.pk)) for post in page]


def reaction_state(*, user: Any, post_id: int) -> dict[str, Any]:
    """``post_id, user_id, kind, counts``: the user's reaction to a post, and how many of each kind the user
    sees."""
    mine = Reaction.objects.filter(post=post_id, user=user.pk).values_list("kind", flat=True).first()
    counts = _counts([post_id], user).get(post_id, {})
    return {"post_id": post_id, "user_id": user.pk, "kind": mine, "counts": counts}


def _counts(post_ids: Iterable[int], user: Any) -> dict[int, dict[str, int]]:
    reactions = Reaction.objects.filter(post__in=post_ids)
    rows = without_hidden(reactions, user_id=user.pk, key="user").order_by("kind")
    found: dict[int, dict[str, int]] = {}
    for post_id, kind, number in rows.values_list("post_id", "kind").annotate(Count("pk")):
        found.setdefault(post_id, {})[kind] = number
    return found


def readers(*, author_id: Any) -> QuerySet[Any]:
    """Keys of those who may see this user's posts, besides the user. Asked for only where it is looked at."""
    return ties(user_id=author_id).values_list("peer_id", flat=True)


def attachment_readable(*, user: Any, path: str) -> bool:
    """Whether a post that the user may see carries this upload, ``/upload/files/…``."""
    return posts_visible(user=user).filter(attachment=path).exists()


# ── what hidden people add to counts ────────────────────────────────────────────────────────


def hidden_tallies(*, user: Any) -> Iterator[tuple[Any, str, Amount]]:
    """``(key, counter, amount)`` of everyone hidden from the user, under posts that the user sees. Three
    queries."""
    # The keys themselves: what a few people said is found by its author, not by looking through all comments.
    hidden, posts = hidden_ids(user_id=user.pk), posts_visible(user=user).values("pk")
    said = Comment.objects.filter(author__in=hidden, post__in=posts).values_list("author", "post")
    for key, post_id, number in said.annotate(Count("pk")):
        yield key, comments_of(post_id), number
    reactions = Reaction.objects.filter(user__in=hidden, post__in=posts)
    for key, post_id, kind in reactions.values_list("user", "post", "kind"):
        yield key, reactions_of(post_id), {kind: 1}


# ── comments ────────────────────────────────────────────────────────────────────────────────


def comments_page(*, user: Any, post_id: int, before: int | None = None, limit: int) -> list[Comment]:
    """What the user sees under a post, the newest first, from before a comment's id on.

    Raises:
        Forbidden: there is no such post that the user may see.
    """
    if not posts_visible(user=user).filter(pk=post_id).exists():
        raise Forbidden
    rows = without_hidden(Comment.objects.filter(post=post_id), user_id=user.pk, key="author")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related("author").order_by("-pk")[:limit])


def comment(*, comment_id: int) -> Comment | None:
    """For an id that is known to be visible, such as that of one just made."""
    return Comment.objects.filter(pk=comment_id).select_related("author").first()
