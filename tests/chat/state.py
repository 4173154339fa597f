"""What the law of events (tests/harness/law.py) needs to know of chat.

    ChatView    one chat as one of its members knows it: the channel `messages/N`
    Inbox       all chats of a user: the channel `messages`

A frame that does not fit its row, or tells of what the user cannot see, raises.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.chat.rows import Row
from tests.harness.client import Frame
from tests.harness.views import Rest, View

SAID = ("content", "attachment", "reply_to", "ref", "timestamp", "sender_id", "sender_name")


class ChatView(View):
    """One chat; nothing of it once the user left."""

    rows = Row

    def __init__(self, rest: Rest, chat_id: int) -> None:
        self.chat_id = chat_id
        self.channel = f"messages/{chat_id}"
        super().__init__(rest)

    def read(self) -> None:
        """As ``GET /api/chats/{id}/`` and all pages of its messages tell it."""
        self.about: dict[str, Any] = {}
        self.members: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, dict[str, Any]] = {}
        self._counted: dict[str, Any] = {}  # what REST itself counts
        chat = self.rest.find(f"/api/chats/{self.chat_id}/")
        self.is_open = chat is not None
        if chat is None:
            return
        self.about = {name: chat[name] for name in ("id", "chat_id", "kind", "title", "history")}
        self.members = {
            member["user_id"]: {
                name: member[name] for name in ("user_id", "user_name", "role", "last_read_message_id")
            }
            for member in chat["members"]
        }
        found = self.rest.pages(f"/api/chats/{self.chat_id}/messages/")
        self.cursor = found[0]["cursor"]
        self.messages = {row["id"]: _read_message(row) for page in found for row in page["results"]}
        last = chat["last_message"]
        self._counted = {
            "role": chat["role"],
            "last_read_message_id": chat["last_read_message_id"],
            "unread_count": chat["unread_count"],
            "last_message": last and _read_message(last),
        }

    @property
    def facts(self) -> dict[str, Any]:
        """Empty for one who is not in the chat."""
        if not self.is_open:
            return {}
        return deepcopy(
            {
                **self.about,
                **(self._counted or self._count()),
                "members": self.members,
                "messages": dict(sorted(self.messages.items())),
            }
        )

    @property
    def unread_count(self) -> int:
        """Messages of others after one's own mark that are not deleted, counted here."""
        mark = self.members[self.rest.user_id]["last_read_message_id"]
        return sum(
            number > mark and message["sender_id"] != self.rest.user_id and not message["deleted"]
            for number, message in self.messages.items()
        )

    def _count(self) -> dict[str, Any]:
        mine = self.members[self.rest.user_id]
        return {
            "role": mine["role"],
            "last_read_message_id": mine["last_read_message_id"],
            "unread_count": self.unread_count,
            "last_message": self.messages[max(self.messages)] if self.messages else None,
        }

    def lose(self) -> None:
        self.is_open = False

    def apply(self, frame: Frame) -> None:
        self._counted = {}
        super().apply(frame)

    def on_new_message(self, *, message_id: int, **said: Any) -> None:
        new: dict[str, Any] = {"id": message_id, "message_id": message_id, "chat_id": self.chat_id}
        new |= {"edited_at": None, "deleted": False, "reactions": {}}
        self.messages[message_id] = new | self.messages.get(message_id, {}) | said

    def on_message_edited(self, *, message_id: int, content: str, edited_at: str, **_: Any) -> None:
        self.messages[message_id] |= {"content": content, "edited_at": edited_at}

    def on_message_deleted(self, *, message_id: int, **_: Any) -> None:
        gone: dict[str, Any] = {"content": "", "attachment": None, "deleted": True, "reactions": {}}
        self.messages[message_id] |= gone

    def on_reaction(self, *, message_id: int, user_id: int, emoji: str, added: bool, **_: Any) -> None:
        reactions = self.messages[message_id]["reactions"]
        users = set(reactions.pop(emoji, ())) - {user_id} | ({user_id} if added else set())
        if users:
            reactions[emoji] = sorted(users)

    def on_member_joined(self, *, user_id: int, timestamp: str, **fields: Any) -> None:
        mark = {"last_read_message_id": 0}
        self.members[user_id] = mark | self.members.get(user_id, {}) | {"user_id": user_id, **fields}

    def on_member_left(self, *, user_id: int, **_: Any) -> None:
        self.members.pop(user_id, None)
        self.is_open = self.is_open and user_id != self.rest.user_id

    def on_member_role(self, *, user_id: int, role: str, **_: Any) -> None:
        self.members[user_id]["role"] = role

    def on_chat_updated(self, *, title: str, history: str, **_: Any) -> None:
        self.about |= {"title": title, "history": history}

    def on_read(self, *, user_id: int, message_id: int, **_: Any) -> None:
        self.members[user_id]["last_read_message_id"] = message_id

    def on_typing(self, **_: Any) -> None:
        """Passes, and leaves no trace."""

    def on_chat_state(self, *, members: list[dict[str, Any]], unread_count: int, **_: Any) -> None:
        self.members = {member["user_id"]: member for member in members}
        assert unread_count == self.unread_count


class Inbox(View):
    """All chats of one user; each is read after the list, as an app does."""

    channel = "messages"
    rows = Row

    def read(self) -> None:
        found = self.rest.pages("/api/chats/")
        self.cursor = found[0]["cursor"]
        keys = [row["id"] for page in found for row in page["results"]]
        self.chats = {chat_id: ChatView(self.rest, chat_id) for chat_id in keys}

    @property
    def facts(self) -> dict[int, dict[str, Any]]:
        return {chat_id: chat.facts for chat_id, chat in sorted(self.chats.items())}

    def covers(self, channel: str | None) -> bool:
        return channel is not None and channel.partition("/")[0] == self.channel

    def apply(self, frame: Frame) -> None:
        """Topics are not ordered among themselves: an event of a chat may come before the `chat_added` after
        which the chat is read whole, and the last one after `chat_removed`."""
        if frame["type"] in ("chat_added", "chat_removed"):
            super().apply(frame)
        elif chat := self.chats.get(int(frame["channel"].rpartition("/")[2])):
            chat.apply(frame)

    def beside(self) -> list[str]:
        """Where read marks are told."""
        return [chat.channel for chat in self.chats.values()]

    def on_chat_added(self, *, chat_id: int, **_: Any) -> None:
        self.chats[chat_id] = ChatView(self.rest, chat_id)

    def on_chat_removed(self, *, chat_id: int, **_: Any) -> None:
        self.chats.pop(chat_id, None)


def _read_message(row: dict[str, Any]) -> dict[str, Any]:
    """What REST tells of a message and events tell too; reactions without their order."""
    reactions = {emoji: sorted(users) for emoji, users in row["reactions"].items()}
    names = ("id", "message_id", "chat_id", *SAID, "edited_at", "deleted")
    return {name: row[name] for name in names} | {"reactions": reactions}
