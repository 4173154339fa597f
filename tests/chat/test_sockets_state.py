"""The law of every event of chat: state read before + events received = state read after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from chat.models import Chat, Message
from chat.services import member_add, message_send, reaction_set
from tests.chat.test_sockets_uploads import upload
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.state import ChatState, Inbox


@pytest.fixture(autouse=True, params=["site", "postgres_site"])
def on_both(request: pytest.FixtureRequest) -> Site:
    """Real servers on SQLite and on PostgreSQL."""
    return request.getfixturevalue(request.param)


@dataclass(frozen=True)
class Scene:
    """Alice owns the chat, Bob is in it from the beginning, Carol since the second message; Dave is not."""

    site: Site
    chat: Chat
    alice: Any
    bob: Any
    carol: Any
    dave: Any
    said: list[int]  # message ids: by Alice before Carol came, by Alice, by Bob with a reaction of Alice's
    apis: dict[Any, httpx.Client] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"/api/chats/{self.chat.pk}/"

    def api(self, user: Any) -> httpx.Client:
        if user not in self.apis:
            self.apis[user] = self.site.api(user)
        return self.apis[user]

    async def command(self, user: Any, **frame: Any) -> Frame:
        """What a socket of this user's is answered."""
        async with self.site.open(f"messages/{self.chat.pk}", user) as client:
            answer = await client.command(frame)
            assert answer["type"] == "ack", answer
            return answer


@pytest.fixture
def scene(on_both: Site, people: People) -> Scene:
    alice, bob, carol, dave = people.users("alice", "bob", "carol", "dave")
    chat = people.chat(alice, bob, title="Plans")
    return Scene(on_both, chat, alice, bob, carol, dave, on_both.run(begin, chat, alice, bob, carol))


def begin(chat: Chat, alice: Any, bob: Any, carol: Any) -> list[int]:
    first, _ = message_send(chat=chat, sender=alice, content="first")
    member_add(chat=chat, actor=alice, user_id=carol.pk)
    second, _ = message_send(chat=chat, sender=alice, content="second")
    third, _ = message_send(chat=chat, sender=bob, content="third", reply_to=second, ref="r3")
    reaction_set(message=Message(pk=third), user=alice, emoji="👍", added=True)
    return [first, second, third]


# ── every service that writes ───────────────────────────────────────────────────────────────

Write = Callable[[Scene], Awaitable[Any]]


async def send(scene: Scene) -> None:
    said = {"content": "fourth", "attachment": upload(scene.api(scene.bob)), "reply_to": scene.said[2]}
    scene.api(scene.bob).post(f"{scene.url}messages/", json={**said, "ref": "r4"}).raise_for_status()


async def edit(scene: Scene) -> None:
    scene.api(scene.bob).patch(f"/api/messages/{scene.said[2]}/", json={"content": "3"}).raise_for_status()


async def delete(scene: Scene) -> None:
    scene.api(scene.bob).delete(f"/api/messages/{scene.said[2]}/").raise_for_status()


async def delete_as_owner(scene: Scene) -> None:
    scene.api(scene.alice).delete(f"/api/messages/{scene.said[2]}/").raise_for_status()


async def react(scene: Scene) -> None:
    await scene.command(scene.carol, type="react", message_id=scene.said[2], emoji="👍", added=True)


async def take_back(scene: Scene) -> None:
    await scene.command(scene.alice, type="react", message_id=scene.said[2], emoji="👍", added=False)


async def read(scene: Scene) -> None:
    await scene.command(scene.bob, type="read", message_id=scene.said[1])


async def member_joins(scene: Scene) -> None:
    scene.api(scene.alice).post(f"{scene.url}members/", json={"user_id": scene.dave.pk}).raise_for_status()


async def member_removed(scene: Scene) -> None:
    scene.api(scene.alice).delete(f"{scene.url}members/{scene.carol.pk}/").raise_for_status()


async def owner_leaves(scene: Scene) -> None:
    scene.api(scene.alice).delete(f"{scene.url}members/{scene.alice.pk}/").raise_for_status()


async def role(scene: Scene) -> None:
    scene.api(scene.alice).patch(f"{scene.url}members/{scene.bob.pk}/", json={"role": "owner"})


async def retitle(scene: Scene) -> None:
    scene.api(scene.alice).patch(scene.url, json={"title": "New plans"}).raise_for_status()


async def show_everything(scene: Scene) -> None:
    scene.api(scene.alice).patch(scene.url, json={"history": "all"}).raise_for_status()


WRITES = [send, edit, delete, delete_as_owner, react, take_back, read]
WRITES += [member_joins, member_removed, owner_leaves, role, retitle, show_everything]
CHANGES_NOTHING_FOR = {show_everything: "carol"}  # whom it shows more than before: she reads again


@pytest.mark.parametrize("write", WRITES)
async def test_state_before_and_events_make_the_state_after(scene: Scene, write: Write) -> None:
    async with AsyncExitStack() as sockets:
        watched: list[tuple[httpx.Client, Client, Client, ChatState, Inbox]] = []
        for name in {"alice", "bob", "carol"} - {CHANGES_NOTHING_FOR.get(write)}:
            user, api = getattr(scene, name), scene.api(getattr(scene, name))
            one = await sockets.enter_async_context(scene.site.open(f"messages/{scene.chat.pk}", user))
            all_ = await sockets.enter_async_context(scene.site.open("messages", user))
            watched.append((api, one, all_, ChatState.read(api, scene.chat.pk), Inbox(api)))
        befores = [state.facts for *_, state, _ in watched]
        await write(scene)
        for (api, one, all_, state, inbox), before in zip(watched, befores, strict=True):
            after = ChatState.read(api, scene.chat.pk)
            state.apply_all(await heard(one, closed=not after.is_open))
            inbox.apply_all(await heard(all_))
            assert after.facts != before
            assert state.facts == after.facts
            assert inbox.facts == Inbox(api).facts


async def heard(client: Client, *, closed: bool = False) -> list[Frame]:
    """All that a socket was told so far; ``closed``: it ends with the right to its channel."""
    if not closed:
        return await client.barrier()
    assert await client.closed() == 4403
    return client.seen[len(client.opening) :]
