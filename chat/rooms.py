"""What a chat's channel tells those who open it, read for many of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from chat import selectors
from chat.events import Member
from chat.models import Chat, Membership
from connections.selectors import hidden_pairs
from realtime import log, topics
from realtime.errors import Forbidden

Place = tuple[int, Any]  # a chat's id and a user's key


class Held(NamedTuple):
    """A membership and its chat, as far as an opening asks. No instances: half of their cost is dates."""

    pk: int
    chat_id: int
    user_id: Any
    kind: str
    history: str

    @property
    def is_direct(self) -> bool:
        return self.kind == Chat.Kind.DIRECT


class Rooms:
    """Chats as some of their members see them. A kind of fact is one query, made when first asked."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = set(places)

    def room(self, chat_id: int, user_id: Any) -> Room:
        """Raises Forbidden: the user is not in the chat, or there is none."""
        membership = self._memberships.get((chat_id, user_id))
        if membership is None:
            raise Forbidden
        return Room(self, membership)

    @cached_property
    def _memberships(self) -> dict[Place, Held]:
        chats, users = {chat for chat, _ in self._places}, {user for _, user in self._places}
        rows = Membership.objects.filter(chat__in=chats, user__in=users)
        held = map(Held._make, rows.values_list("pk", "chat_id", "user_id", "chat__kind", "chat__history"))
        return {place: row for row in held if (place := (row.chat_id, row.user_id)) in self._places}

    @cached_property
    def _rows(self) -> dict[int, list[Membership]]:
        """Of each chat its members, with their users, the longest-standing first."""
        found: dict[int, list[Membership]] = {chat: [] for chat, _ in self._memberships}
        for row in selectors.members(chat_ids=found):
            found[row.chat_id].append(row)
        return found

    @cached_property
    def members(self) -> dict[int, list[Member]]:
        """Of each chat, as the wire has them: made once for all who open it."""
        return {chat: [Member.of(row) for row in rows] for chat, rows in self._rows.items()}

    @cached_property
    def unread_counts(self) -> dict[int, int]:
        """By membership."""
        rows = Membership.objects.filter(pk__in=[row.pk for row in self._memberships.values()])
        return dict(selectors.with_unread(rows).values_list("pk", "unread"))

    @cached_property
    def joined_seqs(self) -> dict[tuple[str, str], int]:
        """Where those joined who see a chat only from then on: by topic and the user's key as text."""
        late = [row for row in self._memberships.values() if row.history == Chat.History.JOINED]
        return log.granted_seqs((topics.chat(row.chat_id).name, row.user_id) for row in late)

    @cached_property
    def parted(self) -> set[int]:
        """Direct chats of which either blocked the other."""
        direct = {chat for (chat, _), row in self._memberships.items() if row.is_direct}
        pairs = {chat: frozenset(row.user_id for row in self._rows[chat]) for chat in direct}
        hidden = hidden_pairs(pairs.values())
        return {chat for chat, pair in pairs.items() if pair in hidden}


class Room:
    """One chat as one member sees it."""

    def __init__(self, rooms: Rooms, membership: Held) -> None:
        self._rooms = rooms
        self._membership = membership

    @property
    def is_read_only(self) -> bool:
        """A direct chat of two who do not see each other any more."""
        return self._membership.is_direct and self._membership.chat_id in self._rooms.parted

    @property
    def joined_seq(self) -> int:
        """The last seq of the topic that this member may not see."""
        place = topics.chat(self._membership.chat_id).name, str(self._membership.user_id)
        return self._rooms.joined_seqs.get(place, 0)

    @property
    def members(self) -> list[Member]:
        return self._rooms.members[self._membership.chat_id]

    @property
    def unread_count(self) -> int:
        return self._rooms.unread_counts[self._membership.pk]
