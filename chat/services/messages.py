"""What was said: editing, deleting, reacting."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from chat import selectors
from chat.models import Membership, Message, Reaction
from chat.services.rights import joined, writable
from notifications.services import mentions_update, notifications_withdraw
from realtime import locks
from realtime.content import clean_content
from realtime.errors import Forbidden, InvalidMessage, NotFound

EMOJI_LENGTH = 32  # characters: the longest emoji, families with skin tones, take a dozen


@transaction.atomic
def message_edit(*, message: Message, user: Any, content: str) -> Message:
    """Say something else instead.

    Raises:
        Forbidden: the user is not its author or not in the chat any more, or it is direct and one of the two
            blocks the other.
        NotFound: it is deleted, or the user does not see it.
        InvalidMessage, TooLarge: the content.
    """
    content = clean_content(content)
    message, member = _message_locked(message, user)
    if message.sender_id != member.user_id:
        raise Forbidden
    if message.is_deleted:
        raise NotFound("The message is deleted.", field="message_id")
    writable(message.chat_id, user)
    if content != message.content:
        message.content, message.edited_at = content, timezone.now()
        message.save(update_fields=["content", "edited_at"])
        audience = selectors.member_ids(message=message)
        mentions_update(actor=user, text=content, audience=audience, **_place(message))
    return message


@transaction.atomic
def message_delete(*, message: Message, user: Any) -> None:
    """Leave a tombstone. Deleting again changes nothing.

    Raises:
        Forbidden: the user is neither its author nor an owner of the chat.
        NotFound: the user does not see it.
    """
    message, member = _message_locked(message, user)
    if message.sender_id != member.user_id and not member.is_owner:
        raise Forbidden
    message_tombstone(message=message)


@transaction.atomic
def message_tombstone(*, message: Message) -> None:
    """Delete a message whoever asks: for moderators. Nothing of what it said stays, nor its reactions."""
    message = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    if message.is_deleted:
        return
    message.content = message.attachment = ""
    message.deleted_at = timezone.now()
    message.save(update_fields=["content", "attachment", "deleted_at"])
    # After the save: reactions of a tombstone go without an event of their own (chat.events.Reacted).
    message.reactions.all().delete()
    notifications_withdraw(type="mention", **_place(message))


@transaction.atomic
def reaction_set(*, message: Message, user: Any, emoji: str, added: bool) -> None:
    """Put one's emoji on a message, or take it back. Doing so again changes nothing.

    Raises:
        InvalidMessage: more than one word, or longer than any emoji.
        Forbidden: the user is not in the chat any more, or it is direct and one of the two blocks the other.
        NotFound: the message is deleted, or the user does not see it.
    """
    emoji = _clean_emoji(emoji)
    found = locks.share(selectors.messages_visible(user=user).filter(pk=message.pk))
    if found is None or found.is_deleted:
        raise NotFound("No such message.", field="message_id")
    writable(found.chat_id, user)
    if added:
        Reaction.objects.get_or_create(message=found, user=user, emoji=emoji)
    else:
        found.reactions.filter(user=user, emoji=emoji).delete()


def _message_locked(message: Message, user: Any) -> tuple[Message, Membership]:
    rows = selectors.messages_visible(user=user).select_for_update(no_key=True, of=("self",))
    locked = rows.filter(pk=message.pk).first()
    if locked is None:
        raise NotFound("No such message.", field="message_id")
    return locked, joined(locked.chat_id, user)


def _place(message: Message) -> dict[str, Any]:
    """How notifications name a message."""
    return {"chat_id": message.chat_id, "data": {"message_id": message.pk}}


def _clean_emoji(emoji: str) -> str:
    emoji = clean_content(emoji, field="emoji")
    if len(emoji) > EMOJI_LENGTH or len(emoji.split()) > 1:
        raise InvalidMessage(f"emoji is one emoji, {EMOJI_LENGTH} characters at most.", field="emoji")
    return emoji
