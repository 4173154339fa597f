"""Starting a chat, and changing what it is called and shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from chat.models import Chat, Membership
from chat.services.people import keys_checked, people_get
from chat.services.rights import group_locked, owned
from realtime import refs
from realtime.content import clean_content
from realtime.errors import InvalidMessage, TooLarge

TITLE_LENGTH = 200  # characters


@transaction.atomic
def chat_create(
    *,
    creator: Any,
    member_ids: Iterable[Any] = (),
    title: str = "",
    kind: str = Chat.Kind.GROUP,
    history: str = Chat.History.JOINED,
    ref: str | None = None,
) -> tuple[int, bool]:
    """Start a chat: ``(chat_id, duplicate)``. The creator owns a group; a direct chat has no owner,
    no title, and shows its two members everything. ``duplicate``: this ``ref``, or this pair, had made it.

    Raises:
        InvalidMessage: no such member, or one hidden from the creator; a direct chat of other than two.
        TooLarge: more members than ``KITH_CHAT_MEMBERS``, or too long a title.
        Conflict: ``ref`` was used for another chat.
    """
    title = _clean_title(title)
    keys = keys_checked(member_ids, but=creator.pk)
    if kind == Chat.Kind.DIRECT and len(keys) != 1:
        raise InvalidMessage("A direct chat is between you and one other person.", field="member_ids")
    existed = False

    def make() -> Chat:
        nonlocal existed
        people = people_get(keys, by=creator, field="member_ids")
        if kind == Chat.Kind.GROUP:
            return _group_create(creator, people, title, history)
        chat, existed = _direct_get(creator, people[0])
        return chat

    wanted = [kind, sorted(str(key) for key in keys), title, history]
    chat_id, duplicate = refs.once(user=creator, scope="chats", ref=ref, content=wanted, make=make)
    return chat_id, duplicate or existed


def _group_create(creator: Any, people: list[Any], title: str, history: str) -> Chat:
    chat = Chat.objects.create(title=title, history=history)
    Membership.objects.create(chat=chat, user=creator, role=Membership.Role.OWNER, joined_after=0)
    for person in people:
        Membership.objects.create(chat=chat, user=person, joined_after=0)
    return chat


def _direct_get(creator: Any, other: Any) -> tuple[Chat, bool]:
    """``(chat, existed)``. Of two who start it at once, one waits for the other at the unique key."""
    chat, created = Chat.objects.get_or_create(
        direct_key=":".join(sorted([str(creator.pk), str(other.pk)])),
        defaults={"kind": Chat.Kind.DIRECT, "history": Chat.History.ALL},
    )
    for user in (creator, other):
        Membership.objects.get_or_create(chat=chat, user=user, defaults={"joined_after": 0})
    return chat, not created


@transaction.atomic
def chat_update(*, chat: Chat, actor: Any, title: str | None = None, history: str | None = None) -> Chat:
    """Give a group another title, or show newcomers more or less; None leaves it as it is.

    Raises:
        Forbidden: the actor is not its owner.
        InvalidMessage, TooLarge: the title does not fit.
        Conflict: a direct chat.
    """
    chat = group_locked(chat, actor)
    owned(chat, actor)
    if title is not None:
        chat.title = _clean_title(title)
    if history is not None:
        chat.history = history
    chat.save(update_fields=["title", "history"])
    return chat


def _clean_title(title: str) -> str:
    title = " ".join(title.split())
    title = clean_content(title, field="title") if title else ""
    if len(title) > TITLE_LENGTH:
        raise TooLarge(f"title is longer than {TITLE_LENGTH} characters.", field="title")
    return title
