"""Reacting to a post, and taking it back."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from feed.models import Post, Reaction
from feed.services.rights import post_locked, post_read
from notifications.services import notifications_withdraw, notify
from realtime import refs
from realtime.errors import Forbidden, InvalidMessage

TYPE = "reaction_on_post"


@transaction.atomic
def reaction_set(*, post: Post, user: Any, kind: str, ref: str | None = None) -> tuple[int, bool]:
    """React, in place of what one's reaction was: ``(key, duplicate)``. ``duplicate``: it was this already,
    or this ``ref`` had set it before, also when it was taken back or replaced since.

    Raises:
        Forbidden: the user does not see the post.
        InvalidMessage: no such kind.
        Conflict: ``ref`` was used for another kind.
    """
    if kind not in Reaction.Kind:
        raise InvalidMessage(f"kind is one of {', '.join(Reaction.Kind)}.", field="kind")
    post = post_read(post, user)
    existed = False

    def make() -> Reaction:
        nonlocal existed
        reaction, created = Reaction.objects.get_or_create(post=post, user=user, defaults={"kind": kind})
        existed = not created and reaction.kind == kind
        if created:
            notify(recipient=post.author, type=TYPE, actor=user, post_id=post.pk)
        elif not existed:
            reaction.kind = kind
            reaction.save(update_fields=["kind"])
        return reaction

    scope = f"post:{post.pk}:reactions"
    key, duplicate = refs.once(user=user, scope=scope, ref=ref, content=[kind], make=make)
    return key, duplicate or existed


@transaction.atomic
def reaction_clear(*, post: Post, user: Any) -> None:
    """Take one's reaction back. Where there is none, nothing changes.

    Raises:
        Forbidden: the user does not see the post.
    """
    reaction = Reaction.objects.filter(post=post_read(post, user), user=user).first()
    if reaction is not None:
        reaction_remove(reaction=reaction)


@transaction.atomic
def reaction_remove(*, reaction: Reaction) -> None:
    """Take a reaction back whoever asks: for moderators.

    Raises:
        Forbidden: it or its post is gone.
    """
    post = post_locked(reaction.post)  # before its reactions, as everyone does
    found = Reaction.objects.filter(pk=reaction.pk).select_related("user").first()
    if found is None:
        raise Forbidden
    found.delete()
    notifications_withdraw(recipient=post.author, type=TYPE, actor=found.user, post_id=post.pk)
