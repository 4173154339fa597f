"""The law of every event of chat: *state read before + events received = state read after*."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chat.models import Chat, Message
from chat.services import chat_create, message_delete, message_edit, message_send
from tests.chat.rows import TYPES
from tests.chat.scene import Person, Scene, everything, watching
from tests.chat.state import ChatView, Inbox
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import left_open


@pytest.fixture(autouse=True, params=["site", "postgres_site"])
def on_both(request: pytest.FixtureRequest) -> Site:
    """The database is that of a real server, on SQLite and on PostgreSQL."""
    server: Site = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def scene(on_both: Site, people: People) -> Scene:
    return Scene.begin(on_both, people)


# ── live ────────────────────────────────────────────────────────────────────────────────────


async def test_state_before_and_events_make_the_state_after_every_write(scene: Scene) -> None:
    async with watching(scene.alice) as alice, watching(scene.bob) as bob, watching(scene.carol) as carol:
        async for write in everything(scene):
            for watcher in (alice, bob, carol):
                await watcher.agrees()
            assert bob.changed() == {"messages"}, f"{write} changed nothing"
        told = {kind for watcher in (alice, bob) for client in watcher.sockets for kind in client.types}
        assert told >= TYPES - {"typing", "chat_added"}


actions = st.tuples(
    st.sampled_from(["alice", "bob", "carol"]),
    st.sampled_from(["say", "say", "edit", "delete", "react", "take back", "read"]),
    st.integers(0, 30),  # which message, of those that are there
)


@pytest.mark.parametrize("on_both", ["site"], indirect=True)
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],  # shrinking takes minutes; a failure shows its whole history
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(actions, min_size=5, max_size=16))
async def test_state_and_unread_counts_are_exact_after_any_history(
    on_both: Site, people: People, history: list[tuple[str, str, int]]
) -> None:
    scene = Scene.begin(on_both, people)
    async with watching(scene.alice), watching(scene.bob) as bob, watching(scene.carol) as carol:
        authors = dict(zip(scene.said, (scene.alice, scene.alice, scene.bob), strict=True))
        unseen = {"carol": scene.said[0]}
        for name, action, number in history:
            await act(getattr(scene, name), action, number, authors, unseen.get(name))
        for watcher in (bob, carol):
            await watcher.settle()


async def act(who: Person, action: str, number: int, authors: dict[int, Person], unseen: int | None) -> None:
    """One step of a random history; ``authors`` of what is there, by message id."""
    if action == "say" or not authors:
        authors[await who.say(f"message {number}")] = who
        return
    message_id = list(authors)[number % len(authors)]
    match action:
        case "edit":
            await authors[message_id].edit(message_id, f"edited {number}")
        case "delete":
            await authors.pop(message_id).delete(message_id)
        case "react" | "take back" | "read" if message_id == unseen:
            return
        case "react" | "take back":
            await who.react(message_id, "👍", added=action == "react")
        case "read":
            await who.read(message_id)


# ── lists, and their cursors ────────────────────────────────────────────────────────────────

SOCKETS = 8  # of one person at once, at most; the server allows 20


@pytest.mark.parametrize("until", ["delete as owner", "remove a member", "leave"])
async def test_since_the_cursor_of_a_list_nothing_is_missing(scene: Scene, until: str) -> None:
    everyone = (scene.alice, scene.bob, scene.carol, scene.dave)
    before = [(who, ChatView(who.rest, who.chat_id), Inbox(who.rest)) for who in everyone]
    async for write in everything(scene, marks=False):
        if write == until:
            break
    for who, chat, inbox in before:
        after = Inbox(who.rest)
        async with who.site.open("messages", who.user, since=inbox.cursor) as client:
            assert client.opening[0]["recovered"]
            inbox.apply_all(client.opening)
        assert inbox.facts == after.facts
        if who.chat_id in after.chats and chat.cursor:
            async with who.site.open(f"messages/{who.chat_id}", who.user, since=chat.cursor) as client:
                assert client.opening[0]["recovered"]
                chat.apply_all(client.opening)
            assert chat.facts == after.facts[who.chat_id]


async def test_read_marks_set_since_the_list_are_in_the_state_frame(scene: Scene) -> None:
    before = ChatView(scene.bob.rest, scene.bob.chat_id)
    await scene.bob.read(scene.said[1])
    await scene.carol.read(scene.said[2])
    channel = f"messages/{scene.bob.chat_id}"
    async with scene.bob.site.open(channel, scene.bob.user, since=before.cursor) as client:
        before.apply_all(client.opening)
    assert before.facts == before.again().facts


async def test_listing_and_subscribing_while_others_write_misses_nothing(scene: Scene) -> None:
    site, chat_id = scene.bob.site, scene.bob.chat_id

    def write(user: Any, number: int) -> None:
        """As another process does, on a connection of its own."""
        for index in range(15):
            content = f"{number}.{index}"
            message_id, _ = message_send(chat=Chat(pk=chat_id), sender=user, content=content)
            if index % 3 == 0:
                message_edit(message=Message(pk=message_id), user=user, content=f"{content} edited")
            if index % 5 == 0:
                message_delete(message=Message(pk=message_id), user=user)

    async with AsyncExitStack() as sockets:
        writers = [
            asyncio.create_task(asyncio.to_thread(site.run, write, user, number))
            for number, user in enumerate([scene.alice.user, scene.bob.user, scene.carol.user])
        ]
        views: list[tuple[ChatView | Inbox, Client]] = []
        while len(views) < SOCKETS and not all(writer.done() for writer in writers):
            chat = await asyncio.to_thread(ChatView, scene.bob.rest, chat_id)
            inbox = await asyncio.to_thread(Inbox, scene.bob.rest)
            for state, channel in ((chat, f"messages/{chat_id}"), (inbox, "messages")):
                opening = site.open(channel, scene.bob.user, since=state.cursor)
                views.append((state, await sockets.enter_async_context(opening)))
        await asyncio.gather(*writers)
        await scene.alice.say("the end")
        after = Inbox(scene.bob.rest)
        for state, client in views:
            await client.until("new_message", content="the end")
            state.apply_all(client.seen)
            assert state.facts == (after.facts if isinstance(state, Inbox) else after.facts[chat_id])


async def test_chat_that_begins_while_one_lists_is_listed_or_told(scene: Scene) -> None:
    site, bob = scene.bob.site, scene.bob

    def begin() -> None:
        for number in range(12):
            chat_create(creator=scene.alice.user, member_ids=[bob.user.pk], title=f"{number}")

    async with AsyncExitStack() as sockets:
        writer = asyncio.create_task(asyncio.to_thread(site.run, begin))
        views: list[tuple[set[int], Client]] = []
        while len(views) < SOCKETS and not writer.done():
            listed = (await asyncio.to_thread(bob.api.get, "/api/chats/")).json()
            opening = site.open("messages", bob.user, since=listed["cursor"])
            client = await sockets.enter_async_context(opening)
            views.append(({row["id"] for row in listed["results"]}, client))
        await writer
        site.run(chat_create, creator=scene.alice.user, member_ids=[bob.user.pk], title="the last")
        expected = {row["id"] for row in bob.api.get("/api/chats/").json()["results"]}
        for listed_ids, client in views:
            await client.until("chat_added", title="the last")
            told = {frame["chat_id"] for frame in client.seen if frame["type"] == "chat_added"}
            assert listed_ids | told == expected


@pytest.mark.parametrize("on_both", ["postgres_site"], indirect=True)
async def test_what_was_uncommitted_when_the_chats_were_listed_is_not_skipped(
    scene: Scene, people: People
) -> None:
    other = people.chat(scene.alice.user, scene.bob.user)

    def say(content: str) -> None:
        message_send(chat=Chat(pk=scene.bob.chat_id), sender=scene.alice.user, content=content)

    with left_open(partial(say, "written first, committed last")):
        await replace(scene.alice, chat_id=other.pk).say("written last, committed first")
        inbox = Inbox(scene.bob.rest)
    async with scene.bob.site.open("messages", scene.bob.user, since=inbox.cursor) as client:
        assert "written first, committed last" in str(client.opening)
        inbox.apply_all(client.opening)
    assert inbox.facts == Inbox(scene.bob.rest).facts
