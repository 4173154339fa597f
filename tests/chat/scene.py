"""A chat in which things happen: people who write by REST and socket, and views that follow by events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import httpx

from chat.models import Chat, Message
from chat.services import member_add, message_send, reaction_set
from tests.chat.state import ChatView, Inbox
from tests.harness import law
from tests.harness.client import Client
from tests.harness.law import Watcher
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.views import Rest
from tests.uploads.samples import PNG


@dataclass(eq=False)
class Person:
    """Somebody, and what they write: by REST, and by socket what only sockets can."""

    site: Site
    user: Any
    chat_id: int
    rest: Rest
    socket: Client | None = None  # while they are watching

    @property
    def api(self) -> httpx.Client:
        return self.rest.api

    @property
    def url(self) -> str:
        return f"/api/chats/{self.chat_id}/"

    async def say(self, content: str, **more: Any) -> int:
        body = {"content": content, **more}
        message_id: int = self.api.post(f"{self.url}messages/", json=body).raise_for_status().json()["id"]
        return message_id

    async def edit(self, message_id: int, content: str) -> None:
        self.api.patch(f"/api/messages/{message_id}/", json={"content": content}).raise_for_status()

    async def delete(self, message_id: int) -> None:
        self.api.delete(f"/api/messages/{message_id}/").raise_for_status()

    async def change(self, **fields: Any) -> None:
        self.api.patch(self.url, json=fields).raise_for_status()

    async def add(self, other: Person) -> None:
        self.api.post(f"{self.url}members/", json={"user_id": other.user.pk}).raise_for_status()

    async def promote(self, other: Person) -> None:
        body = {"role": "owner"}
        self.api.patch(f"{self.url}members/{other.user.pk}/", json=body).raise_for_status()

    async def remove(self, other: Person) -> None:
        self.api.delete(f"{self.url}members/{other.user.pk}/").raise_for_status()

    def upload(self) -> str:
        attachment: str = self.api.post("/api/uploads/", files={"file": PNG}).json()["attachment"]
        return attachment

    async def react(self, message_id: int, emoji: str, *, added: bool = True) -> None:
        await self._command(type="react", message_id=message_id, emoji=emoji, added=added)

    async def read(self, message_id: int) -> None:
        await self._command(type="read", message_id=message_id)

    async def _command(self, **frame: Any) -> None:
        async with AsyncExitStack() as stack:
            path = f"messages/{self.chat_id}"
            socket = self.socket
            if socket is None:
                socket = await stack.enter_async_context(self.site.open(path, self.user))
            answer = await socket.command(frame)
            assert answer["type"] == "ack", answer


@asynccontextmanager
async def watching(person: Person) -> AsyncIterator[Watcher]:
    """From now on the person follows the chat, by its own channel and by that of all chats; what only sockets
    can say goes by the first."""
    views: list[law.ViewKind] = [partial(ChatView, chat_id=person.chat_id), Inbox]
    async with law.watching(person.site, {person: person.user}, views) as watch:
        watcher = watch.watchers[person]
        person.socket = watcher.sockets[0]
        yield watcher
        person.socket = None


@dataclass
class Scene:
    """Alice owns the chat, Bob is in it from the beginning, Carol since the second message; Dave is not."""

    alice: Person
    bob: Person
    carol: Person
    dave: Person
    said: list[int]  # message ids: by Alice before Carol came, by Alice, by Bob with a reaction of Alice's

    @classmethod
    def begin(cls, site: Site, people: People) -> Self:
        """A new chat of new people."""
        users = people.users("alice", "bob", "carol", "dave")
        chat = people.chat(*users[:2], title="Plans")
        said = site.run(_begin, chat, *users[:3])
        alice, bob, carol, dave = (Person(site, user, chat.pk, Rest(site, user)) for user in users)
        return cls(alice, bob, carol, dave, said)


def _begin(chat: Chat, alice: Any, bob: Any, carol: Any) -> list[int]:
    first, _ = message_send(chat=chat, sender=alice, content="first")
    member_add(chat=chat, actor=alice, user_id=carol.pk)
    second, _ = message_send(chat=chat, sender=alice, content="second")
    third, _ = message_send(chat=chat, sender=bob, content="third", reply_to=second, ref="r3")
    reaction_set(message=Message(pk=third), user=alice, emoji="👍", added=True)
    return [first, second, third]


async def everything(scene: Scene, *, marks: bool = True) -> AsyncIterator[str]:
    """Every service that writes, in a row; yields the name of each when it is done. ``marks``: reading, too.

    Who came late is shown more by a change of `history`, and no event can tell that: Carol is gone by then.
    """
    alice, bob, carol, dave = scene.alice, scene.bob, scene.carol, scene.dave
    first, second, third = scene.said
    await alice.edit(first, "1")
    await bob.react(first, "👍")
    yield "edit and react to what Carol cannot see"
    fourth = await bob.say("fourth", attachment=bob.upload(), reply_to=second, ref="r4")
    yield "say"
    await bob.edit(third, "3")
    yield "edit"
    await carol.react(third, "👍")
    yield "react"
    await carol.react(fourth, "🎉")
    await alice.react(third, "👍", added=False)
    yield "take a reaction back"
    if marks:
        await carol.read(third)
        yield "read"
    await bob.delete(third)
    yield "delete"
    await alice.react(fourth, "👍")
    await alice.delete(fourth)
    yield "delete as owner"
    await alice.add(dave)
    yield "add a member"
    await dave.say("hello")
    yield "say as newcomer"
    await alice.promote(bob)
    yield "role"
    await alice.change(title="New plans")
    yield "title"
    await bob.remove(carol)
    yield "remove a member"
    await bob.remove(dave)
    await bob.change(history="all")
    yield "history"
    await alice.remove(alice)
    yield "leave"
