"""Reads of chat: who may see what is decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from chat.models import Chat, Membership, Message
from connections.selectors import is_hidden
from realtime.errors import Forbidden, NotFound

# ── chats ───────────────────────────────────────────────────────────────────────────────────


def membership_get(*, user: Any, chat_id: int) -> Membership:
    """The user's membership, with its chat.

    Raises:
        Forbidden: the user is not in the chat, or there is none.
    """
    found = Membership.objects.select_related("chat").filter(chat=chat_id, user=user).first()
    if found is None:
        raise Forbidden
    return found


def memberships(*, user: Any) -> QuerySet[Any]:
    """The user's memberships, with their chats, and of each in the same query:

    - ``unread``: visible messages of others after the read marker that are not deleted;
    - ``last_id``: the newest visible message, tombstones included; 0 where there is none.
    """
    visible = Message.objects.filter(chat=OuterRef("chat"), pk__gt=OuterRef("floor"))
    later = visible.filter(pk__gt=OuterRef("last_read_message_id"))
    unread = later.filter(deleted_at__isnull=True).exclude(sender=user)
    return (
        Membership.objects.filter(user=user)
        .select_related("chat")
        .annotate(
            floor=Case(When(chat__history=Chat.History.JOINED, then=F("joined_after")), default=0),
            last_id=Coalesce(Subquery(visible.order_by("-pk").values("pk")[:1]), 0),
            unread=Coalesce(Subquery(unread.values("chat").annotate(number=Count("pk")).values("number")), 0),
        )
    )


@dataclass(frozen=True)
class ChatEntry:
    """A chat as one of its members sees it in a list."""

    membership: Membership  # that member's, with the chat
    unread_count: int
    last_message: Message | None
    peer: Membership | None  # of a direct chat: the other one

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in `chat_entries`, for the next page's ``before``."""
        return self.last_message.pk if self.last_message else 0, self.membership.chat_id


def chat_entries(
    *, user: Any, before: tuple[int, int] | None = None, limit: int | None = None, chat_id: int | None = None
) -> list[ChatEntry]:
    """The user's chats, the one with the newest message first. Four or five queries, however many chats."""
    rows = memberships(user=user).order_by("-last_id", "-chat_id")
    if chat_id is not None:
        rows = rows.filter(chat=chat_id)
    if before is not None:
        last_id, before_chat = before
        rows = rows.filter(Q(last_id__lt=last_id) | Q(last_id=last_id, chat_id__lt=before_chat))
    page = list(rows[:limit])
    last = messages_by_id(ids=[row.last_id for row in page])
    others = _peers(user, [row.chat_id for row in page if row.chat.is_direct])
    return [ChatEntry(row, row.unread, last.get(row.last_id), others.get(row.chat_id)) for row in page]


def _peers(user: Any, chat_ids: list[int]) -> dict[int, Membership]:
    rows = Membership.objects.filter(chat__in=chat_ids).exclude(user=user).select_related("user")
    return {row.chat_id: row for row in rows}


def unread_count(*, user: Any, chat_id: int) -> int:
    """See `memberships`; 0 for someone who is not in the chat."""
    return memberships(user=user).filter(chat=chat_id).values_list("unread", flat=True).first() or 0


def peer_ids(*, user: Any, chat_id: int) -> list[Any]:
    """The other one of a direct chat, as a list; of a group it is empty."""
    rows = Membership.objects.filter(chat=chat_id, chat__kind=Chat.Kind.DIRECT).exclude(user=user)
    return list(rows.values_list("user_id", flat=True))


def is_read_only(*, membership: Membership) -> bool:
    """Whether it is a direct chat of which either blocked the other."""
    if not membership.chat.is_direct:
        return False
    user = membership.user_id
    peers = peer_ids(user=user, chat_id=membership.chat_id)
    return any(is_hidden(user_id=user, other_id=peer) for peer in peers)


def chat_ids(*, user: Any) -> list[int]:
    """All chats that the user is in."""
    return list(Membership.objects.filter(user=user).values_list("chat_id", flat=True))


def chats_from_joining(*, user: Any) -> list[int]:
    """Those of the user's chats of which a member sees only what was said since joining."""
    rows = Membership.objects.filter(user=user, chat__history=Chat.History.JOINED)
    return list(rows.values_list("chat_id", flat=True))


def members(*, chat_id: int) -> QuerySet[Membership]:
    """A chat's members with their users, the longest-standing first."""
    return Membership.objects.filter(chat=chat_id).select_related("user").order_by("pk")


def joined_after(*, chat_id: int, message_id: int) -> list[Any]:
    """Keys of the chat's members who do not see this message, because they joined after it."""
    late = Membership.objects.filter(
        chat=chat_id, chat__history=Chat.History.JOINED, joined_after__gte=message_id
    )
    return list(late.values_list("user_id", flat=True))


# ── messages ────────────────────────────────────────────────────────────────────────────────


def messages_visible(*, user: Any) -> QuerySet[Message]:
    """Every message that the user may see, tombstones included, in all chats."""
    mine = Membership.objects.filter(chat=OuterRef("chat"), user=user).filter(
        Q(chat__history=Chat.History.ALL) | Q(joined_after__lt=OuterRef("pk"))
    )
    return Message.objects.filter(Exists(mine))


def with_details(messages: QuerySet[Message]) -> QuerySet[Message]:
    """What showing them takes: senders and reactions, in one more query whatever their number."""
    return messages.select_related("sender").prefetch_related("reactions")


def messages_page(*, membership: Membership, before: int | None, limit: int) -> list[Message]:
    """What this member sees of the chat, the newest first, from before a message id on."""
    rows = Message.objects.filter(chat=membership.chat_id, pk__gt=membership.visible_after)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(with_details(rows).order_by("-pk")[:limit])


def messages_by_id(*, ids: Iterable[int]) -> dict[int, Message]:
    """For ids that are known to be visible, such as `memberships`' ``last_id``; 0 is none's."""
    return with_details(Message.objects.all()).in_bulk(set(ids) - {0})


def message_get(*, user: Any, message_id: int, chat_id: int | None = None) -> Message:
    """One message, of this chat where one is named.

    Raises:
        NotFound: there is none that the user may see.
    """
    rows = messages_visible(user=user).filter(pk=message_id)
    found = (rows if chat_id is None else rows.filter(chat=chat_id)).first()
    if found is None:
        raise NotFound("No such message.", field="message_id")
    return found


def member_ids(*, message: Message) -> QuerySet[Any]:
    """Keys of those who may see the message, and be mentioned in it; asked for only where somebody is."""
    rows = Membership.objects.filter(chat=message.chat_id)
    seeing = rows.filter(Q(chat__history=Chat.History.ALL) | Q(joined_after__lt=message.pk))
    return seeing.values_list("user_id", flat=True)


def attachment_readable(*, user: Any, path: str) -> bool:
    """Whether a message that the user may see carries this upload, ``/upload/files/…``."""
    return messages_visible(user=user).filter(attachment=path).exists()
