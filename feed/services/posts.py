"""Posting, editing, deleting."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from feed import selectors
from feed.models import Post
from feed.services.rights import post_owned
from notifications.services import mentions_notify, mentions_update, notifications_withdraw
from realtime import refs
from realtime.content import clean_content
from realtime.errors import InvalidMessage
from uploads.selectors import upload_owned

KEEP = object()  # an attachment that stays as it is


@transaction.atomic
def post_create(
    *, author: Any, content: str, attachment: str | None = None, ref: str | None = None
) -> tuple[int, bool]:
    """Tell one's connections something: ``(post_id, duplicate)``. ``duplicate``: this ``ref`` had posted it
    before, and the id is the first one's, also when that was deleted since. Whoever of the audience is
    mentioned by ``@username`` is notified.

    Raises:
        InvalidMessage, TooLarge: the content; an attachment that is not the author's upload.
        Conflict: ``ref`` was used for other content.
    """
    content = clean_content(content)

    def make() -> Post:
        post = Post.objects.create(author=author, content=content, attachment=_attachment(author, attachment))
        audience = selectors.readers(author_id=author.pk)
        mentions_notify(actor=author, text=content, audience=audience, post_id=post.pk)
        return post

    said = [content, attachment or ""]
    return refs.once(user=author, scope="posts", ref=ref, content=said, make=make)


@transaction.atomic
def post_edit(*, post: Post, user: Any, content: str | None = None, attachment: Any = KEEP) -> Post:
    """Say something else instead. What is left out stays; an attachment of None or "" goes.

    Raises:
        Forbidden: the user is not its author, or there is none.
        InvalidMessage, TooLarge: the content; an attachment that is not the author's upload.
    """
    post = post_owned(post, user)
    before = post.content, post.attachment
    if content is not None:
        post.content = clean_content(content)
    if attachment is not KEEP:
        post.attachment = _attachment(user, attachment)
    if (post.content, post.attachment) != before:
        post.edited_at = timezone.now()
        post.save(update_fields=["content", "attachment", "edited_at"])
        audience = selectors.readers(author_id=user.pk)
        mentions_update(actor=user, text=post.content, audience=audience, post_id=post.pk)
    return post


@transaction.atomic
def post_delete(*, post: Post, user: Any) -> None:
    """Leave a tombstone, which nobody sees.

    Raises:
        Forbidden: the user is not its author, or there is none.
    """
    post_tombstone(post=post_owned(post, user))


@transaction.atomic
def post_tombstone(*, post: Post) -> None:
    """Delete a post whoever asks: for moderators. Nothing of what was said in it and under it stays."""
    post = Post.objects.select_for_update(no_key=True, of=("self",)).select_related("author").get(pk=post.pk)
    if post.is_deleted:
        return
    post.content = post.attachment = ""
    post.deleted_at = timezone.now()
    post.save(update_fields=["content", "attachment", "deleted_at"])
    # After the save: what goes with a tombstone goes without an event of its own (feed.events).
    post.comments.all().delete()
    post.reactions.all().delete()
    notifications_withdraw(post_id=post.pk)


def _attachment(owner: Any, path: str | None) -> str:
    if path and upload_owned(user=owner, path=path) is None:
        raise InvalidMessage("No such upload of yours.", field="attachment")
    return path or ""
