"""Blocking: each disappears for the other, at once and everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from connections import pairs
from connections.models import Block, Connection, Request
from connections.services.ties import pair, requests_close
from notifications.services import pair_separate
from realtime import refs
from realtime.errors import InvalidMessage, NotFound
from realtime.users import parse_key


@transaction.atomic
def block_add(*, user: Any, user_id: Any, ref: str | None = None) -> tuple[int, bool]:
    """Hide somebody from the user and the user from them: ``(block's key, duplicate)``. Their tie ends and
    what they asked each other closes. ``duplicate``: blocked already, or by this ``ref`` before.

    Raises:
        InvalidMessage: no user's key, or one's own.
        NotFound: no such user.
        Conflict: ``ref`` was used for something else.
    """
    key = parse_key(user_id)
    if key == user.pk:
        raise InvalidMessage("You cannot block yourself.", field="user_id")
    pairs.lock(user.pk, key)
    existed = False

    def make() -> Block:
        nonlocal existed
        if not get_user_model()._default_manager.filter(pk=key).exists():
            raise NotFound("There is no such user.", field="user_id")
        block, created = Block.objects.get_or_create(user=user, blocked_id=key)
        existed = not created
        # After the block: what a closed request looks like depends on who blocked.
        requests_close(user.pk, key, Request.Status.BLOCKED)
        for tie in Connection.objects.filter(pair(user.pk, key)).select_related("one", "other"):
            tie.delete()
        pair_separate(one_id=user.pk, other_id=key)
        return block

    scope, content = "connections:blocks", [str(key)]
    block_id, duplicate = refs.once(user=user, scope=scope, ref=ref, content=content, make=make)
    return block_id, duplicate or existed


@transaction.atomic
def block_remove(*, user: Any, user_id: Any) -> None:
    """The two may see each other again, unless the other one blocks, too. Nothing else comes back.

    Raises:
        InvalidMessage: no user's key.
        NotFound: the user does not block them.
    """
    key = parse_key(user_id)
    pairs.lock(user.pk, key)
    block = Block.objects.filter(user=user, blocked=key).select_related("blocked").first()
    if block is None:
        raise NotFound("You do not block this user.", field="user_id")
    block.delete()
