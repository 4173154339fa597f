"""Channels of chat: one chat, and all of mine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from chat import selectors, services
from chat.events import ChatState, Typing
from chat.models import Chat
from chat.rooms import Room, Rooms
from realtime import log, topics
from realtime.commands import APART, SIGNAL, Answer, Asked, Id, Ref, command
from realtime.consumers import ChannelConsumer
from realtime.errors import KithError
from realtime.publishing import publish_at_once
from realtime.rest import parse_id
from realtime.topics import Topic
from realtime.users import display_name, wire_key


def messages_say(asked: Sequence[Asked]) -> list[Answer]:
    """The batch form of `MessagesConsumer.message`."""
    sendings = [
        services.Sending(chat_id=channel.chat_id, sender=channel.user, **arguments)
        for channel, arguments in asked
    ]
    return [_sent(outcome) for outcome in services.messages_send(sendings=sendings)]


def _sent(outcome: tuple[int, bool] | KithError | None) -> Answer:
    if outcome is None:
        return APART
    if isinstance(outcome, KithError):
        return outcome
    message_id, duplicate = outcome
    return {"message_id": message_id, "duplicate": duplicate}


class MessagesConsumer(ChannelConsumer):
    """One chat: what is said in it, who is in it, who is typing and who has read how far."""

    channel = "messages/<chat_id>"
    read_only: bool  # a direct chat of two who do not see each other any more
    prepared: Rooms

    @property
    def chat_id(self) -> int:
        """Perhaps no chat's: `authorize` refuses it like one that is missing."""
        return parse_id(self.params["chat_id"])

    @property
    def chat(self) -> Chat:
        """A handle for the services, which read for themselves what they need to know."""
        return Chat(pk=self.chat_id)

    def topics(self) -> list[Topic]:
        return [topics.chat(self.chat_id)]

    @classmethod
    def prepare(cls, channels: Sequence[Self]) -> Rooms:
        return Rooms((channel.chat_id, channel.user.pk) for channel in channels)

    @property
    def room(self) -> Room:
        return self.prepared.room(self.chat_id, self.user.pk)

    def authorize(self) -> None:
        self.read_only = self.room.is_read_only

    def floors(self) -> Mapping[str, int]:
        return {topics.chat(self.chat_id).name: self.room.joined_seq}

    def state(self) -> ChatState:
        room = self.room
        return ChatState(members=room.members, unread_count=room.unread_count)

    @command(batch=messages_say)
    def message(
        self, *, content: str, attachment: str | None = None, reply_to: Id | None = None, ref: Ref = None
    ) -> dict[str, Any]:
        """Say something."""
        message_id, duplicate = services.message_send(
            chat=self.chat,
            sender=self.user,
            content=content,
            attachment=attachment,
            reply_to=reply_to,
            ref=ref,
        )
        return {"message_id": message_id, "duplicate": duplicate}

    @command
    def edit(self, *, message_id: Id, content: str) -> dict[str, Any]:
        """Say something else instead: the author's right."""
        services.message_edit(message=self._message(message_id), user=self.user, content=content)
        return {"message_id": message_id}

    @command
    def delete(self, *, message_id: Id) -> dict[str, Any]:
        """Leave a tombstone: the author's right, and the chat's owner's."""
        services.message_delete(message=self._message(message_id), user=self.user)
        return {"message_id": message_id}

    @command
    def react(self, *, message_id: Id, emoji: str, added: bool) -> dict[str, Any]:
        """Put an emoji on a message, or take it back."""
        services.reaction_set(message=self._message(message_id), user=self.user, emoji=emoji, added=added)
        return {"message_id": message_id}

    @command(rate=SIGNAL)
    def read(self, *, message_id: Id) -> dict[str, Any]:
        """Everything up to this message is read."""
        services.read_mark(chat=self.chat, user=self.user, message_id=message_id)
        return {"message_id": message_id}

    @command(rate=SIGNAL)
    async def typing(self, *, is_typing: bool) -> None:
        """Typing, or not any more. Not told to the socket that says it, nor where nothing can be said."""
        if self.read_only:
            return
        typing = Typing(
            chat_id=self.chat_id,
            user_id=wire_key(self.user.pk),
            user_name=display_name(self.user),
            is_typing=is_typing,
        )
        publish_at_once(typing, skip_socket=self.socket_id)

    def _message(self, message_id: int) -> Any:
        return selectors.message_get(user=self.user, message_id=message_id, chat_id=self.chat_id)


class AllMessagesConsumer(ChannelConsumer):
    """Everything of `MessagesConsumer` that is an event, of all the chats that I am in, as I come and go."""

    channel = "messages"
    several_topics = True
    covers = (MessagesConsumer.channel,)

    def topics(self) -> list[Topic]:
        mine = selectors.chat_ids(user=self.user)
        return [topics.user(self.user.pk, self.channel), *map(topics.chat, mine)]

    def floors(self) -> Mapping[str, int]:
        names = [topics.chat(chat_id).name for chat_id in selectors.chats_from_joining(user=self.user)]
        granted = log.granted_seqs((name, self.user.pk) for name in names)
        return {name: seq for (name, _key), seq in granted.items()}
