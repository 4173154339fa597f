"""What a write of chat relies on, held until it is committed.

Locks are taken in one order, so that no two writes wait for each other: a change of members
locks the chat, then memberships; the others lock the message, then the membership, shared, so
that a removal commits wholly before or wholly after them. The chat is locked with ``no_key``:
the foreign keys of messages being sent, which PostgreSQL checks at commit, pass by.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, OuterRef

from chat import selectors
from chat.models import Chat, Membership
from connections.services import hidden_held, visible_now
from realtime import locks, rows, statements
from realtime.errors import Conflict, Forbidden
from realtime.users import parse_key


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


def writable_now(places: Collection[tuple[int, Any]]) -> Callable[[], set[tuple[int, Any]]]:
    """Of these chats and keys of users those that are `writable`, and held to be so, as far as that is known
    without waiting: what another transaction is changing is left out. Three statements at most; the first is
    made now, or with the next one, if that comes before the answer is wanted."""
    if not places:
        return set
    connection = connections[router.db_for_write(Membership)]
    prepare = Membership._meta.get_field("user").get_db_prep_value
    asked = list(places)
    values = ((chat_id, prepare(key, connection)) for chat_id, key in asked)
    packed = rows.packed(("chat_id", "user_id"), values)
    found = statements.ask(connection, _writable_now(connection), [packed])

    def held() -> set[tuple[int, Any]]:
        peers = {asked[place - 1]: peer for place, peer in found.rows()}
        couples = {place: (place[1], parse_key(peer)) for place, peer in peers.items() if peer is not None}
        visible = visible_now(couples=set(couples.values()))
        return {place for place in peers if place not in couples or couples[place] in visible}

    return held


def _writable_now(connection: BaseDatabaseWrapper) -> str:
    """Of each place that is somebody's, the other one of a direct chat. On PostgreSQL it holds them, too: the
    function is that of migration 0002."""
    if connection.vendor == "postgresql":
        return "SELECT place, peer FROM kith_chat_writable(%s)"
    members, chats = Membership._meta.db_table, Chat._meta.db_table
    columns = rows.columns_of(Membership, ("chat_id", "user_id"), connection)
    return f"""
        SELECT place, CASE WHEN c.kind = '{Chat.Kind.DIRECT}' THEN (
            SELECT p.user_id FROM {members} p WHERE p.chat_id = m.chat_id AND p.user_id <> m.user_id LIMIT 1
        ) END
        FROM {rows.unpacking(connection.vendor, columns)}
        JOIN {members} m ON m.chat_id = r.chat_id AND m.user_id = r.user_id
        JOIN {chats} c ON c.id = m.chat_id"""  # noqa: S608  # our own names


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
