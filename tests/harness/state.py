"""The law of every event: *state read by REST before + events received = state read by REST after*.

    state = ChatState.read(api, chat.pk)        what GET says of one chat, as this user
    state.apply_all(await client.barrier())     what the frames make of it
    assert state.facts == ChatState.read(api, chat.pk).facts

`Inbox` does the same for all of a user's chats: `GET /api/chats/` and the channel `messages`.
Both keep the ``cursor`` of their list. Applying a frame again changes nothing, as PROTOCOL §4 promises.
A frame that does not fit its row, or tells of what the user cannot see, raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any, Self

import httpx

from tests.harness.client import Frame
from tests.harness.rows import events, told

PAGE = 4  # few, so that reading a state turns pages
SAID = ("content", "attachment", "reply_to", "ref", "timestamp", "sender_id", "sender_name")


def pages(api: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """All pages of a list."""
    url = f"{path}?limit={PAGE}"
    while url:
        page = api.get(url).raise_for_status().json()
        yield page
        url = page["next"]


class ChatState:
    """One chat as one of its members knows it; nothing of it once that member left."""

    def __init__(self, chat_id: int, user_id: int) -> None:
        self.chat_id, self.user_id = chat_id, user_id
        self.cursor = ""
        self.is_open = False
        self.about: dict[str, Any] = {}
        self.members: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, dict[str, Any]] = {}
        self._counted: dict[str, Any] = {}  # what REST itself counts

    @classmethod
    def read(cls, api: httpx.Client, chat_id: int) -> Self:
        """The chat as ``GET /api/chats/{id}/`` and all pages of its messages tell it."""
        state = cls(chat_id, _own_id(api))
        answer = api.get(f"/api/chats/{chat_id}/")
        if answer.status_code == 404:
            return state
        chat = answer.raise_for_status().json()
        state.is_open = True
        state.about = {name: chat[name] for name in ("id", "chat_id", "kind", "title", "history")}
        state.members = {
            member["user_id"]: {
                name: member[name] for name in ("user_id", "user_name", "role", "last_read_message_id")
            }
            for member in chat["members"]
        }
        found = list(pages(api, f"/api/chats/{chat_id}/messages/"))
        state.cursor = found[0]["cursor"]
        state.messages = {row["id"]: _read_message(row) for page in found for row in page["results"]}
        last = chat["last_message"]
        state._counted = {
            "role": chat["role"],
            "last_read_message_id": chat["last_read_message_id"],
            "unread_count": chat["unread_count"],
            "last_message": last and _read_message(last),
        }
        return state

    @property
    def facts(self) -> dict[str, Any]:
        """All there is to compare; empty for one who is not in the chat."""
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
        mark = self.members[self.user_id]["last_read_message_id"]
        return sum(
            number > mark and message["sender_id"] != self.user_id and not message["deleted"]
            for number, message in self.messages.items()
        )

    def _count(self) -> dict[str, Any]:
        mine = self.members[self.user_id]
        return {
            "role": mine["role"],
            "last_read_message_id": mine["last_read_message_id"],
            "unread_count": self.unread_count,
            "last_message": self.messages[max(self.messages)] if self.messages else None,
        }

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """Apply those of the frames that are events, in their order."""
        for frame in events(list(frames)):
            self.apply(frame)

    def apply(self, frame: Frame) -> None:
        """What this frame changes.

        Raises:
            msgspec.ValidationError: it does not fit its row.
            KeyError: it tells of a message or a member that this user cannot know.
        """
        fields = told(frame)
        assert frame["channel"] == f"messages/{self.chat_id}"
        self._counted = {}
        getattr(self, f"_{fields.pop('type')}")(**{"timestamp": frame.get("timestamp"), **fields})

    # ── one method for each type: its fields as keywords ────────────────────────────────────

    def _new_message(self, *, message_id: int, **said: Any) -> None:
        new: dict[str, Any] = {"id": message_id, "message_id": message_id, "chat_id": self.chat_id}
        new |= {"edited_at": None, "deleted": False, "reactions": {}}
        self.messages[message_id] = new | self.messages.get(message_id, {}) | said

    def _message_edited(self, *, message_id: int, content: str, edited_at: str, **_: Any) -> None:
        self.messages[message_id] |= {"content": content, "edited_at": edited_at}

    def _message_deleted(self, *, message_id: int, **_: Any) -> None:
        gone: dict[str, Any] = {"content": "", "attachment": None, "deleted": True, "reactions": {}}
        self.messages[message_id] |= gone

    def _reaction(self, *, message_id: int, user_id: int, emoji: str, added: bool, **_: Any) -> None:
        reactions = self.messages[message_id]["reactions"]
        users = set(reactions.pop(emoji, ())) - {user_id} | ({user_id} if added else set())
        if users:
            reactions[emoji] = sorted(users)

    def _member_joined(self, *, user_id: int, timestamp: str, **fields: Any) -> None:
        mark = {"last_read_message_id": 0}
        self.members[user_id] = mark | self.members.get(user_id, {}) | {"user_id": user_id, **fields}

    def _member_left(self, *, user_id: int, **_: Any) -> None:
        self.members.pop(user_id, None)
        self.is_open = self.is_open and user_id != self.user_id

    def _member_role(self, *, user_id: int, role: str, **_: Any) -> None:
        self.members[user_id]["role"] = role

    def _chat_updated(self, *, title: str, history: str, **_: Any) -> None:
        self.about |= {"title": title, "history": history}

    def _read(self, *, user_id: int, message_id: int, **_: Any) -> None:
        self.members[user_id]["last_read_message_id"] = message_id

    def _typing(self, **_: Any) -> None:
        """Passes, and leaves no trace."""

    def _chat_state(self, *, members: list[dict[str, Any]], unread_count: int, **_: Any) -> None:
        self.members = {member["user_id"]: member for member in members}
        assert unread_count == self.unread_count


class Inbox:
    """All chats of one user."""

    def __init__(self, api: httpx.Client) -> None:
        """As ``GET /api/chats/`` tells them; each chat is read after the list, as an app does."""
        self._api = api
        found = list(pages(api, "/api/chats/"))
        self.cursor: str = found[0]["cursor"]
        rows = [row["id"] for page in found for row in page["results"]]
        self.chats = {chat_id: ChatState.read(api, chat_id) for chat_id in rows}

    @property
    def facts(self) -> dict[int, dict[str, Any]]:
        """All there is to compare."""
        return {chat_id: chat.facts for chat_id, chat in sorted(self.chats.items())}

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """Apply those of the frames that are events, in their order. Raises as `ChatState.apply`."""
        for frame in events(list(frames)):
            match told(frame):
                case {"type": "chat_added", "chat_id": chat_id}:
                    self.chats[chat_id] = ChatState.read(self._api, chat_id)
                case {"type": "chat_removed", "chat_id": chat_id}:
                    self.chats.pop(chat_id, None)
                case _:
                    self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        """An event of one chat. Topics are not ordered among themselves: it may come before the
        `chat_added` after which the chat is read whole, and the last one after `chat_removed`."""
        chat = self.chats.get(int(frame["channel"].rpartition("/")[2]))
        if chat is not None:
            chat.apply(frame)


@cache
def _own_id(api: httpx.Client) -> int:
    user_id: int = api.get("/api/me/").raise_for_status().json()["id"]
    return user_id


def _read_message(row: dict[str, Any]) -> dict[str, Any]:
    """What REST tells of a message and events tell too; reactions without their order."""
    reactions = {emoji: sorted(users) for emoji, users in row["reactions"].items()}
    names = ("id", "message_id", "chat_id", *SAID, "edited_at", "deleted")
    return {name: row[name] for name in names} | {"reactions": reactions}
