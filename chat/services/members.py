"""Who is in a chat, in what role, and how far each has read."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from chat import selectors
from chat.events import Read
from chat.models import Chat, Membership
from chat.services.people import check_size, people_get
from chat.services.rights import group_locked, owned
from realtime import refs
from realtime.errors import Conflict, NotFound
from realtime.publishing import publish
from realtime.users import parse_key, wire_key

OWNER = Membership.Role.OWNER


@transaction.atomic
def member_add(*, chat: Chat, actor: Any, user_id: Any, ref: str | None = None) -> tuple[int, bool]:
    """Let somebody in: ``(membership's key, duplicate)``. ``duplicate``: in it already, or added by this
    ``ref`` before, also when removed since.

    Raises:
        Forbidden: the actor is not an owner.
        InvalidMessage: no such user, or one hidden from the actor.
        TooLarge: the chat has ``KITH_CHAT_MEMBERS`` members.
        Conflict: a direct chat, or ``ref`` was used for someone else.
    """
    chat = group_locked(chat, actor)
    owned(chat, actor)
    user_key = parse_key(user_id)
    existed = False

    def make() -> Membership:
        nonlocal existed
        member = Membership.objects.filter(chat=chat, user=user_key).first()
        existed = member is not None
        if member is None:
            check_size(Membership.objects.filter(chat=chat).count() + 1, field="user_id")
            [person] = people_get([user_key], by=actor, field="user_id")
            member = Membership.objects.create(chat=chat, user=person)
        return member

    scope = f"chat:{chat.pk}:members"
    key, duplicate = refs.once(user=actor, scope=scope, ref=ref, content=[str(user_key)], make=make)
    return key, duplicate or existed


@transaction.atomic
def member_remove(*, chat: Chat, actor: Any, user_id: Any) -> None:
    """Take somebody out; oneself to leave. The last owner hands over to the longest-standing member.

    Raises:
        Forbidden: the actor is neither that member nor an owner.
        NotFound: no such member.
        Conflict: a direct chat.
    """
    chat = group_locked(chat, actor)
    leaver = _member_locked(chat, user_id)
    if leaver.user_id != actor.pk:
        owned(chat, actor)
    if leaver.is_owner and not _other_owners(leaver).exists():
        heir = Membership.objects.filter(chat=chat).exclude(pk=leaver.pk).order_by("pk").first()
        if heir is not None:
            heir.role = OWNER
            heir.save(update_fields=["role"])
    leaver.delete()


@transaction.atomic
def member_role(*, chat: Chat, actor: Any, user_id: Any, role: str) -> Membership:
    """Make a member owner, or an owner member.

    Raises:
        Forbidden: the actor is not an owner.
        NotFound: no such member.
        Conflict: a direct chat, or the chat would be left without an owner.
    """
    chat = group_locked(chat, actor)
    owned(chat, actor)
    member = _member_locked(chat, user_id)
    if role != OWNER and member.is_owner and not _other_owners(member).exists():
        raise Conflict("A chat needs an owner; make another member owner first.", field="role")
    member.role = role
    member.save(update_fields=["role"])
    return member


@transaction.atomic
def read_mark(*, chat: Chat, user: Any, message_id: int) -> None:
    """Everything up to this message is read. The mark only moves forward.

    Raises:
        NotFound: the user sees no such message in this chat.
    """
    selectors.message_get(user=user, message_id=message_id, chat_id=chat.pk)
    behind = Membership.objects.filter(chat=chat.pk, user=user, last_read_message_id__lt=message_id)
    if behind.update(last_read_message_id=message_id):
        publish(Read(chat_id=chat.pk, user_id=wire_key(user.pk), message_id=message_id))


def _member_locked(chat: Chat, user_id: Any) -> Membership:
    rows = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    member = rows.filter(chat=chat, user=parse_key(user_id)).first()
    if member is None:
        raise NotFound("No such member.", field="user_id")
    return member


def _other_owners(member: Membership) -> QuerySet[Membership]:
    return Membership.objects.filter(chat=member.chat_id, role=OWNER).exclude(pk=member.pk)
