"""The scene of tests/test_law.py, in which every service is called once, and what a case is."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from chat.models import Chat, Message
from chat.services import member_add, message_send
from chat.services import reaction_set as emoji_set
from connections.services import block_add, request_send
from feed.models import Comment, Post
from feed.services import comment_create, post_create, reaction_set
from tests.chat.state import Inbox
from tests.connections.state import Ties
from tests.feed.state import Feed
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.views import View
from tests.notifications.state import Notices
from tests.presence.state import Friends

WATCHING = ("alice", "bob", "carol", "dave")


@dataclass
class Scene:
    """Alice is connected with Bob, Carol and Erin; Dave is a stranger, who asks her and whom Carol blocks.
    Alice owns the group, Bob and, later, Carol are members. Erin does not watch, but is online."""

    people: dict[str, Any]
    group: Chat
    messages: list[Message]  # by Alice before Carol came; by Alice; by Bob, with an emoji of Alice's
    post: Post  # Alice's, with a reaction of Bob's
    comments: list[Comment]  # under it: by Bob, by Carol
    request: int  # Dave's to Alice

    def __getattr__(self, name: str) -> Any:
        return self.people[name]

    @classmethod
    def set(cls, people: People) -> Self:
        """New people. Runs on the database, in a thread."""
        names = (*WATCHING, "erin")
        alice, bob, carol, dave, erin = users = people.users(*names)
        for friend in (bob, carol, erin):
            people.connect(alice, friend)
        request, _ = request_send(sender=dave, user_id=alice.pk)
        block_add(user=carol, user_id=dave.pk)
        group = people.chat(alice, bob, title="Plans")
        said = [message_send(chat=group, sender=alice, content="before Carol")[0]]
        member_add(chat=group, actor=alice, user_id=carol.pk)
        said += [message_send(chat=group, sender=sender, content="hello")[0] for sender in (alice, bob)]
        emoji_set(message=Message(pk=said[-1]), user=alice, emoji="👍", added=True)
        post = Post(pk=post_create(author=alice, content="hello")[0])
        comments = [comment_create(post=post, author=author, content="hi")[0] for author in (bob, carol)]
        reaction_set(post=post, user=bob, kind="like")
        return cls(
            people=dict(zip(names, users, strict=True)),
            group=group,
            messages=[Message.objects.get(pk=key) for key in said],
            post=Post.objects.get(pk=post.pk),
            comments=[Comment.objects.get(pk=key) for key in comments],
            request=request,
        )


VIEWS: tuple[type[View], ...] = (Inbox, Ties, Feed, Notices, Friends)


@dataclass
class Stage:
    """A server, the scene on its database, and Erin's device."""

    site: Site
    scene: Scene
    device: Client
    stack: contextlib.AsyncExitStack

    async def command(self, who: str, channel: str, **frame: Any) -> None:
        """A command of somebody's on a new socket."""
        async with self.site.open(channel, self.scene.people[who]) as client:
            answer = await client.command(frame)
            assert answer["type"] == "ack", answer


@dataclass(frozen=True)
class Case:
    """What somebody does by a service, and what that changes, by channel: for whom. ``{}``: nothing."""

    service: Callable[..., Any]
    about: str
    changes: Mapping[str, str]
    act: Callable[[Stage], Awaitable[object]]
    before: Callable[[Scene], object] = id  # what is done before anybody watches: nothing

    @property
    def watching(self) -> list[str]:
        """Whom it changes something for, and one for whom it must not."""
        named = {name for names in self.changes.values() for name in names.split()}
        others = [name for name in WATCHING if name not in named]
        return [*sorted(named), *others[:1]]

    def __str__(self) -> str:
        where = self.service.__module__.partition(".")[0]
        return f"{where}.{self.service.__name__}{': ' if self.about else ''}{self.about}"


def case(
    service: Callable[..., Any],
    arguments: Callable[[Scene], dict[str, Any]],
    about: str = "",
    /,
    *,
    before: Callable[[Scene], object] = id,
    **changes: str,
) -> Case:
    """The service, called as another process does."""

    async def act(stage: Stage) -> None:
        stage.site.run(lambda: service(**arguments(stage.scene)))

    return Case(service, about, MappingProxyType(changes), act, before)
