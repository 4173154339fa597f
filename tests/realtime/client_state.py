"""What a client knows from the frames it was sent alone, to compare one that breaks with one that does not.
(REST plays no part: it would tell what a replay left out. With it: tests/harness/law.py.)"""

from __future__ import annotations

from typing import Any

from tests.harness.client import Frame

Said = dict[int, tuple[str, frozenset[tuple[int, str]]]]  # message: its text, and who reacted with what


class State:
    """A client's memory over all its sockets on one channel, and the cursor that it would return with."""

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}  # by the chat's channel
        self.members: dict[str, dict[int, str]] = {}  # by the chat's channel: roles; known where it was told
        self.titles: dict[str, tuple[int, str]] = {}  # with the id of the event that told it
        self.cursor: Any = None
        self.known: set[int] = set()  # ids of events: a replay may repeat
        self.told_by: dict[int, int] = {}  # of each message: the id of its event
        self.removed: dict[str, int] = {}  # by the chat's channel: the id of the newest `chat_removed`

    @property
    def knowledge(self) -> tuple[dict[str, Said], dict[str, dict[int, str]], dict[str, str]]:
        """What the client would show: what was said, members, titles."""
        return self.said, self.members, {channel: title for channel, (_, title) in self.titles.items()}

    def apply(self, frames: list[Frame], *, several_topics: bool = False) -> None:
        for frame in frames:
            if "cursor" in frame:
                self.cursor = frame["cursor"]
            if "id" in frame:
                if not several_topics:
                    self.cursor = frame["id"]
                if frame["id"] in self.known:
                    continue
                self.known.add(frame["id"])
            if (handler := getattr(self, f"_{frame['type']}", None)) is not None:
                handler(frame)

    def _chat(self, frame: Frame) -> Said:
        return self.said.setdefault(frame["channel"], {})

    def _new_message(self, frame: Frame) -> None:
        if frame["id"] > self.removed.get(frame["channel"], 0):
            self._chat(frame)[frame["message_id"]] = (frame["content"], frozenset())
            self.told_by[frame["message_id"]] = frame["id"]

    def _message_edited(self, frame: Frame) -> None:
        chat, message = self._chat(frame), frame["message_id"]
        if message in chat:  # else it is from before this client's time
            chat[message] = (frame["content"], chat[message][1])

    def _message_deleted(self, frame: Frame) -> None:
        chat = self._chat(frame)
        if frame["message_id"] in chat:
            chat[frame["message_id"]] = ("", frozenset())

    def _reaction(self, frame: Frame) -> None:
        chat, message = self._chat(frame), frame["message_id"]
        if message in chat:
            content, reactions = chat[message]
            one = {(frame["user_id"], frame["emoji"])}
            chat[message] = (content, reactions | one if frame["added"] else reactions - one)

    def _chat_state(self, frame: Frame) -> None:
        members = {member["user_id"]: member["role"] for member in frame["members"]}
        known = self.members.setdefault(frame["channel"], members)
        assert known == members, "the state frame and the events before it disagree"

    def _member_joined(self, frame: Frame) -> None:
        if frame["channel"] in self.members:
            self.members[frame["channel"]][frame["user_id"]] = frame["role"]

    _member_role = _member_joined

    def _member_left(self, frame: Frame) -> None:
        if frame["channel"] in self.members:
            self.members[frame["channel"]].pop(frame["user_id"], None)

    def _chat_updated(self, frame: Frame) -> None:
        self._title(frame["channel"], frame)

    def _title(self, channel: str, frame: Frame) -> None:
        self.titles[channel] = max(self.titles.get(channel, (0, "")), (frame["id"], frame["title"]))

    def _chat_added(self, frame: Frame) -> None:
        channel = f"messages/{frame['chat_id']}"
        self.said.setdefault(channel, {})
        self._title(channel, frame)

    def _chat_removed(self, frame: Frame) -> None:
        """Forget what was told before, by id: order is promised within a topic, and this is another one than
        the chat's. What is older may come after it, what is of a new membership before it."""
        channel = f"messages/{frame['chat_id']}"
        self.removed[channel] = frame["id"]
        chat = self.said.setdefault(channel, {})
        for message in [message for message in chat if self.told_by[message] < frame["id"]]:
            del chat[message]
