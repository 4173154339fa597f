"""What a write of chat relies on, held until it is committed.

Locks are taken in one order, so that no two writes wait for each other: a change of members
locks the chat, then memberships; the others lock the message, then the membership, shared, so
that a removal commits wholly before or wholly after them. The chat is locked with ``no_key``:
the foreign keys of messages being sent, which PostgreSQL checks at commit, pass by.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from chat import selectors
from chat.models import Chat, Membership
from connections.services import hidden_held
from realtime import locks
from realtime.errors import Conflict, Forbidden


def joined(chat_id: int, user: Any) -> Membership:
    """The membership on which a write relies.

    Raises:
        Forbidden: there is none.
    """
    member = locks.share(Membership.objects.filter(chat=chat_id, user=user))
    if member is None:
        raise Forbidden
    return member


def writable(chat_id: int, user: Any) -> Membership:
    """The membership on which saying something relies: a direct chat whose two do not see each other any
    more is there to be read.

    Raises:
        Forbidden: there is none, or one of the two blocks the other.
    """
    member = joined(chat_id, user)
    for key in selectors.peer_ids(user=user, chat_id=chat_id):
        if hidden_held(user_id=user.pk, other_id=key):
            raise Forbidden
    return member


def owned(chat: Chat, actor: Any) -> None:
    """
    Raises:
        Forbidden: the actor is not an owner of the chat.
    """
    if not joined(chat.pk, actor).is_owner:
        raise Forbidden


def group_locked(chat: Chat, actor: Any) -> Chat:
    """The group, of which nobody else changes members meanwhile.

    Raises:
        Forbidden: the actor is not in it, or there is none.
        Conflict: a direct chat.
    """
    mine = Membership.objects.filter(chat=OuterRef("pk"), user=actor)  # who is not in it locks nothing
    locked = Chat.objects.select_for_update(no_key=True).filter(Exists(mine), pk=chat.pk).first()
    if locked is None or not Membership.objects.filter(chat=locked, user=actor).exists():
        raise Forbidden
    if locked.is_direct:
        raise Conflict("A direct chat stays between its two members.")
    return locked
