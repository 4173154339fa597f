"""Saying something: one message, or those of many senders at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import router, transaction
from django.utils import timezone

from chat import selectors
from chat.models import Chat, Message
from chat.services.rights import writable, writable_now
from notifications.selectors import names_anybody
from notifications.services import mentions_notify
from realtime import refs, rows, signals
from realtime.content import clean_content
from realtime.errors import InvalidMessage, KithError
from uploads.selectors import upload_owned

Sent = tuple[int, bool]  # the message's id; whether its ref had sent it before


class Sending(NamedTuple):
    """What somebody wants to say; as `message_send` takes it."""

    chat_id: int
    sender: Any
    content: str
    attachment: str | None = None
    reply_to: int | None = None
    ref: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be looked up for it, nor anybody else told."""
        return not self.attachment and self.reply_to is None and not names_anybody(text=self.content)

    @property
    def place(self) -> tuple[int, Any]:
        return self.chat_id, self.sender.pk


@transaction.atomic
def message_send(
    *,
    chat: Chat,
    sender: Any,
    content: str,
    attachment: str | None = None,
    reply_to: int | None = None,
    ref: str | None = None,
) -> Sent:
    """Say something: ``(message_id, duplicate)``. ``duplicate``: this ``ref`` had sent it before, and
    the id is the first one's, also when that was deleted since.

    Raises:
        Forbidden: the sender is not in the chat, or it is direct and one of the two blocks the other.
        InvalidMessage, TooLarge: the content; an attachment that is not the sender's upload; a reply to
            what the sender does not see in this chat.
        Conflict: ``ref`` was used for other content.
    """
    sending = _cleaned(Sending(chat.pk, sender, content, attachment, reply_to, ref))
    writable(chat.pk, sender)
    [outcome] = _send([sending], _reserve([sending])())
    if isinstance(outcome, KithError):
        raise outcome
    return outcome


@transaction.atomic(savepoint=False)
def messages_send(*, sendings: Sequence[Sending]) -> list[Sent | KithError | None]:
    """`message_send` for many, in a few statements whatever their number: of each what that returns or
    raises. None: not sent, for it would wait for somebody's lock, or is not plain; or has no right to be."""
    outcomes: list[Sent | KithError | None] = [None] * len(sendings)
    plain: dict[int, Sending] = {}
    for index, sending in enumerate(sendings):
        try:
            cleaned = _cleaned(sending)
        except KithError as error:
            outcomes[index] = error
        else:
            if cleaned.is_plain:
                plain[index] = cleaned
    if not plain:
        return outcomes
    held = writable_now({sending.place for sending in plain.values()})
    asked = _reserve(list(plain.values()))  # in the same round trip, so perhaps for more than may
    allowed = held()
    reserved = dict(zip(plain, asked(), strict=True))
    sent = {index: sending for index, sending in plain.items() if sending.place in allowed}
    _release([plain[index] for index in plain if index not in sent and reserved[index].first is None])
    send = _send(list(sent.values()), [reserved[index] for index in sent])
    for index, outcome in zip(sent, send, strict=True):
        outcomes[index] = outcome
    return outcomes


def _cleaned(sending: Sending) -> Sending:
    """Raises InvalidMessage, TooLarge."""
    if sending.ref is not None:
        refs.check(sending.ref)
    return sending._replace(content=clean_content(sending.content))


def _claim(sending: Sending) -> refs.Claim:
    content = [sending.content, sending.attachment or "", sending.reply_to]
    digest = refs.digest_of(content) if sending.ref is not None else ""
    return refs.Claim(sending.sender.pk, f"chat:{sending.chat_id}", sending.ref, digest)


def _reserve(sendings: Sequence[Sending]) -> Callable[[], list[refs.Reserved]]:
    return refs.reserve(Message, [_claim(sending) for sending in sendings])


def _release(sendings: Sequence[Sending]) -> None:
    refs.release(_claim(sending) for sending in sendings if sending.ref is not None)


def _send(sendings: Sequence[Sending], reserved: Sequence[refs.Reserved]) -> list[Sent | KithError]:
    """Of those who have the right to, and hold it."""
    new = [(key, sending) for sending, (key, first) in zip(sendings, reserved, strict=True) if first is None]
    if new:
        for _, sending in new:
            _check(sending)
        for message in _save(new, router.db_for_write(Message)):
            if names_anybody(text=message.content):
                _tell_mentioned(message)
    return [
        (key, False) if first is None else first if isinstance(first, KithError) else (int(first), True)
        for key, first in reserved
    ]


def _tell_mentioned(message: Message) -> None:
    mentions_notify(
        actor=message.sender,
        text=message.content,
        audience=selectors.member_ids(message=message),
        chat_id=message.chat_id,
        data={"message_id": message.pk},
    )


def _check(sending: Sending) -> None:
    """Raises InvalidMessage: what it carries, or answers, is not the sender's to use."""
    if sending.attachment and upload_owned(user=sending.sender, path=sending.attachment) is None:
        raise InvalidMessage("No such upload of yours.", field="attachment")
    if sending.reply_to is not None:
        visible = selectors.messages_visible(user=sending.sender).filter(chat=sending.chat_id)
        if not visible.filter(pk=sending.reply_to).exists():
            raise InvalidMessage("No such message in this chat.", field="reply_to")


_SENDER = Message._meta.get_field("sender")
_STORED = ("id", "chat_id", "sender_id", "content", "attachment", "reply_to_id", "ref", "timestamp")
_UNSET = {"edited_at": None, "deleted_at": None}  # are NULL anyway


def _save(new: Sequence[tuple[int, Sending]], using: str) -> list[Message]:
    """The messages that are made of these, with these keys."""
    now = timezone.now()
    values = [
        (key, one.chat_id, one.sender.pk, one.content, one.attachment or "", one.reply_to, one.ref, now)
        for key, one in new
    ]
    ours = signals.only_ours(Message)
    if ours:
        rows.insert(Message, _STORED, values, using=using)
    messages = []
    for row, (_, sending) in zip(values, new, strict=True):
        named = dict(zip(_STORED, row, strict=True)) | _UNSET
        message = rows.inserted(Message, named, using=using) if ours else Message(**named)
        _SENDER.set_cached_value(message, sending.sender)
        messages.append(message)
    if ours:
        signals.publish_created(messages, using=using)
    else:  # somebody else wants to hear of each
        for message in messages:
            message.save(force_insert=True, using=using)
    return messages
