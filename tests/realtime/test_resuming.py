"""However often a client breaks, wherever in a history it comes back: it ends knowing what one that never
broke knows. Histories are hypothesis's, against real servers; the same ones in every run (`derandomize`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chat import services
from chat.models import Chat, Message
from realtime import send_to_users
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.client_state import Said, State
from tests.realtime.noted import Noted
from tests.realtime.talking import say, say_together

EMOJI = "👍"
END = "the end"

Operation = tuple[str, int, int]  # what, and two numbers to choose by

WRITES = ["say", "edit", "delete", "react", "join", "leave", "role", "title"]
operations = st.lists(
    st.tuples(
        st.sampled_from(
            [*WRITES, "say", "say", "edit", "read", "break", "come back", "half open", "half open"]
        ),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=15,
    max_size=30,
)
histories = settings(
    max_examples=25,
    deadline=None,  # a server takes the time it takes
    derandomize=True,
    phases=[Phase.generate],  # to shrink a failure would play hundreds of histories
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_S": "0.05"}


class Story:
    """alice and others write in chats; bob listens twice, once steadily, once breaking all the time."""

    def __init__(self, site: Site, people: People, chats: int, *, several_topics: bool) -> None:
        self.site = site
        self.several_topics = several_topics
        self.alice, self.bob, *self.others = people.users("alice", "bob", "carol", "dave")
        self.chats = [people.chat(self.alice, self.bob) for _ in range(chats)]
        self.channel = "messages" if several_topics else f"messages/{self.chats[0].pk}"
        self.steady, self.broken = State(), State()
        self.client: Client | None = None  # the breaking one's socket

    # ── what is written ─────────────────────────────────────────────────────────────────────

    async def write(self, operation: Operation) -> None:
        what, one, other = operation
        work: Callable[[Chat, int], object] = getattr(self, f"_{what}")
        await asyncio.to_thread(self.site.run, work, self.chats[one % len(self.chats)], other)

    def _say(self, chat: Chat, count: int) -> None:
        say_together(chat, self.alice, *[f"{number} of {count}" for number in range(count + 1)])

    def _message(self, chat: Chat, number: int) -> Message | None:
        kept = chat.messages.filter(deleted_at=None).order_by("pk")
        return kept[number % len(kept)] if kept else None

    def _edit(self, chat: Chat, number: int) -> None:
        if message := self._message(chat, number):
            services.message_edit(message=message, user=self.alice, content=f"{message.content}+")

    def _delete(self, chat: Chat, number: int) -> None:
        if message := self._message(chat, number):
            services.message_delete(message=message, user=self.alice)

    def _react(self, chat: Chat, number: int) -> None:
        if message := self._message(chat, number):
            added = not message.reactions.exists()
            services.reaction_set(message=message, user=self.alice, emoji=EMOJI, added=added)

    def _join(self, chat: Chat, number: int) -> None:
        services.member_add(chat=chat, actor=self.alice, user_id=self._someone(number).pk)

    def _leave(self, chat: Chat, number: int) -> None:
        if chat.memberships.filter(user=self._someone(number)).exists():
            services.member_remove(chat=chat, actor=self.alice, user_id=self._someone(number).pk)

    def _someone(self, number: int) -> Any:
        """On several topics bob himself comes and goes."""
        return self.bob if self.several_topics else self.others[number % len(self.others)]

    def _role(self, chat: Chat, number: int) -> None:
        if member := chat.memberships.exclude(user=self.alice).order_by("pk").first():
            role = ("owner", "member")[number % 2]
            services.member_role(chat=chat, actor=self.alice, user_id=member.user_id, role=role)

    def _title(self, chat: Chat, number: int) -> None:
        services.chat_update(chat=chat, actor=self.alice, title=f"title {number}")

    def last_words(self) -> None:
        """Something that bob hears on each topic, whatever happened."""
        for chat in self.chats:
            self._join(chat, 0)
            say_together(chat, self.alice, END)
        if self.several_topics:
            send_to_users([self.bob.pk], self.channel, Noted(text=END))

    # ── who listens ─────────────────────────────────────────────────────────────────────────

    async def come_back(self, stack: contextlib.AsyncExitStack) -> Client:
        """Open with the last cursor; nothing is read."""
        token = self.site.token(self.bob)
        link = self.site.connect(self.channel, token=token, since=self.broken.cursor)
        return await stack.enter_async_context(link)

    async def listen(self, operation: Operation, stack: contextlib.AsyncExitStack) -> None:
        """Read what came, break with or without having read it, come back, or break while coming back."""
        what, one, _ = operation
        if self.client is not None and (what == "read" or one % 2):
            self.take(self.broken, await self.client.barrier())
        if self.client is not None and what != "read":
            self.client.abort()
            self.client = None
        if what == "come back":
            self.client = await self.come_back(stack)
            self.take(self.broken, await self.client.opened())
        elif what == "half open":
            client = await self.come_back(stack)
            for _ in range(1 + one):
                self.take(self.broken, [frame := await client.recv()])
                if frame["type"] == "caught_up":
                    break
            client.abort()

    def take(self, state: State, frames: list[Frame]) -> None:
        assert not [frame for frame in frames if frame.get("recovered") is False]
        state.apply(frames, several_topics=self.several_topics)

    async def finish(self, state: State, client: Client) -> None:
        """Read until the last words of every topic were heard, and what comes with them."""
        for chat in self.chats:
            while END not in [text for text, _ in state.said.get(f"messages/{chat.pk}", {}).values()]:
                self.take(state, [await client.recv()])
        while self.several_topics and Noted.type not in client.types:
            self.take(state, [await client.recv()])
        self.take(state, await client.barrier())

    async def play(self, history: list[Operation]) -> None:
        async with contextlib.AsyncExitStack() as stack, self.site.open(self.channel, self.bob) as steady:
            self.take(self.steady, steady.opening)
            self.broken.apply(steady.opening, several_topics=self.several_topics)
            for operation in history:
                if operation[0] in WRITES:
                    await self.write(operation)
                else:
                    await self.listen(operation, stack)
            await asyncio.to_thread(self.site.run, self.last_words)
            if self.client is None:
                self.client = await self.come_back(stack)
            await self.finish(self.steady, steady)
            await self.finish(self.broken, self.client)
        assert self.broken.knowledge == self.steady.knowledge


@pytest.mark.parametrize("channel", ["messages/{chat}", "messages"])
@pytest.mark.parametrize("read", range(5))
async def test_one_who_breaks_during_the_replay_goes_on_where_it_was(
    site: Site, people: People, channel: str, read: int
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = channel.format(chat=chat.pk)
    state = State()
    async with site.open(channel, bob) as client:
        state.apply(client.opening, several_topics=channel == "messages")
    site.run(say, chat, alice, "one", "two", "three")
    async with site.connect(channel, token=site.token(bob), since=state.cursor) as client:
        state.apply([await client.recv() for _ in range(read)], several_topics=channel == "messages")
    async with site.open(channel, bob, since=state.cursor) as client:
        state.apply(client.opening, several_topics=channel == "messages")
    assert [content for content, _ in state.said[f"messages/{chat.pk}"].values()] == ["one", "two", "three"]


async def test_a_server_that_is_killed_amid_messages_loses_none_and_doubles_none(
    fresh_site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel, state = f"messages/{chat.pk}", State()
    commands = [{"type": "message", "content": f"{number}", "ref": f"r{number}"} for number in range(100)]
    for _ in range(3):
        link = fresh_site.connect(channel, token=fresh_site.token(bob), since=state.cursor or 0)
        async with link as reader, fresh_site.open(channel, alice) as writer:
            for command in commands:
                await writer.send(command)
            await reader.until("new_message")
            fresh_site.kill()
            assert await reader.closed() == 1006
            state.apply(reader.seen)
        fresh_site.start()
    async with fresh_site.open(channel, alice) as writer:
        assert {(await writer.command(command))["type"] for command in commands} == {"ack"}
    async with fresh_site.open(channel, bob, since=state.cursor) as reader:
        state.apply(reader.opening)
    contents = [content for content, _ in state.said[channel].values()]
    assert sorted(contents, key=int) == [command["content"] for command in commands]
    assert state.said[channel] == await asyncio.to_thread(fresh_site.run, truth, chat)


def truth(chat: Chat) -> Said:
    """What the database says of a chat."""
    rows = chat.messages.prefetch_related("reactions")
    return {
        row.pk: (row.content, frozenset((each.user_id, each.emoji) for each in row.reactions.all()))
        for row in rows
    }


@histories
@given(history=operations)
def test_a_client_that_breaks_ends_like_one_that_never_did(
    site: Site, people: People, history: list[Operation]
) -> None:
    story = Story(site, people, chats=1, several_topics=False)
    asyncio.run(story.play(history))
    [chat] = story.chats
    assert story.steady.said[story.channel] == truth(chat)
    assert story.steady.members[story.channel] == dict(chat.memberships.values_list("user_id", "role"))


@histories
@given(history=operations)
def test_a_client_of_several_topics_that_breaks_ends_like_one_that_never_did(
    postgres_site: Site, people: People, history: list[Operation]
) -> None:
    story = Story(postgres_site, people, chats=3, several_topics=True)
    asyncio.run(story.play(history))
