"""What is said under a post."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from feed import selectors
from feed.models import Comment, Post
from feed.services.rights import post_locked, post_read
from notifications.selectors import mentioned
from notifications.services import inboxes_hold, mentions_notify, notifications_withdraw, notify
from realtime import refs
from realtime.content import clean_content
from realtime.errors import Forbidden


@transaction.atomic
def comment_create(*, post: Post, author: Any, content: str, ref: str | None = None) -> tuple[int, bool]:
    """Say something under a post: ``(comment_id, duplicate)``, as of `post_create`. The post's author is
    notified, and whoever may see the post and is mentioned.

    Raises:
        Forbidden: the user does not see the post.
        InvalidMessage, TooLarge: the content.
        Conflict: ``ref`` was used for other content.
    """
    content = clean_content(content)
    post = post_read(post, author)

    def make() -> Comment:
        comment = Comment.objects.create(post=post, author=author, content=content)
        _notify(comment)
        return comment

    return refs.once(user=author, scope=f"post:{post.pk}", ref=ref, content=[content], make=make)


def _notify(comment: Comment) -> None:
    """Tell the post's author, and whom the comment names of the others who may see the post."""
    post, actor, text = comment.post, comment.author, comment.content
    readers = selectors.readers(author_id=post.author_id)
    named = {person.pk for person in mentioned(actor=actor, text=text, audience=readers)}
    inboxes_hold(user_ids=[post.author_id, *named])
    place: dict[str, Any] = {"post_id": post.pk, "comment_id": comment.pk}
    notify(recipient=post.author, type="comment_on_post", actor=actor, text=text, **place)
    mentions_notify(actor=actor, text=text, audience=named, **place)


@transaction.atomic
def comment_delete(*, comment: Comment, user: Any) -> None:
    """Take a comment away: the right of its author, whether or not the post is still to be seen, and of the
    post's author.

    Raises:
        Forbidden: the user is neither, or there is none.
    """
    found = Comment.objects.filter(pk=comment.pk).select_related("post").first()
    if found is None or user.pk not in (found.author_id, found.post.author_id):
        raise Forbidden
    comment_remove(comment=found)


@transaction.atomic
def comment_remove(*, comment: Comment) -> None:
    """Delete a comment whoever asks: for moderators.

    Raises:
        Forbidden: it or its post is gone.
    """
    post_locked(comment.post)  # before its comment, as everyone does
    found = Comment.objects.filter(pk=comment.pk).first()
    if found is None:
        raise Forbidden
    found.delete()
    notifications_withdraw(comment_id=comment.pk)
