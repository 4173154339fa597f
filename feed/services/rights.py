"""What a write of feed relies on, held until it is committed.

Locks are taken in one order, so that no two writes wait for each other: the tie, shared, then the post, then
its comments and reactions. So the end of a tie commits wholly before or wholly after what was said by its
right, and what is counted on a post changes one at a time. The post is locked with ``no_key``: foreign keys,
which PostgreSQL checks at commit, pass by.
"""

from __future__ import annotations

from typing import Any

from connections.services import tie_held
from feed import selectors
from feed.models import Post
from realtime.errors import Forbidden


def post_locked(post: Post, **of: Any) -> Post:
    """The post (where it is ``of`` somebody, such as ``author=…``) with its author, which nobody else changes
    meanwhile, nor what is counted on it.

    Raises:
        Forbidden: it is deleted, or there is none.
    """
    rows = Post.objects.select_for_update(no_key=True, of=("self",)).select_related("author")
    locked = rows.filter(pk=post.pk, deleted_at__isnull=True, **of).first()
    if locked is None:
        raise Forbidden
    return locked


def post_read(post: Post, reader: Any) -> Post:
    """The post, locked, which this user may see until the transaction ends.

    Raises:
        Forbidden: the user may not, or there is none.
    """
    author_id = selectors.post_author(user=reader, post_id=post.pk)
    if author_id is None:
        raise Forbidden
    # Asked again, since it is held only now. Whoever may not see the post does not come so far: a refusal
    # takes what it takes where there is no post, and waits for nobody.
    if author_id != reader.pk and not tie_held(user_id=author_id, other_id=reader.pk):
        raise Forbidden
    return post_locked(post)


def post_owned(post: Post, user: Any) -> Post:
    """The post, locked.

    Raises:
        Forbidden: the user is not its author, or there is none.
    """
    return post_locked(post, author=user.pk)
