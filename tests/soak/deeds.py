"""What a visitor does: by REST here, by command on a socket in `COMMANDS`.

Everything that is made is taken away again, chats, blocks and posts alike: what a user has does not grow, and
so what a server must hold for that user does not.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.harness.client import Frame
from tests.soak.town import POSTS, Chat, Town, Visitor, new_ref

Deed = Callable[[Town, Visitor], Awaitable[None]]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WORDS = [
    "the",
    "tide",
    "comes",
    "in",
    "and",
    "the",
    "tide",
    "goes",
    "out",
    "and",
    "nothing",
    "is",
    "left",
    "on",
    "the",
    "sand",
]


def words() -> str:
    """Something to say; now and then a lot."""
    return " ".join(random.choices(WORDS, k=1000 if random.random() < 0.03 else random.randrange(1, 12)))


async def say(town: Town, visitor: Visitor, **more: Any) -> None:
    """A message by REST, perhaps twice with one ref."""
    if not (chats := town.chats_of(visitor)):
        return
    chat, ref, began = random.choice(chats), new_ref(), time.monotonic()
    body = {"content": words(), "ref": ref, **more}
    for _ in range(random.choice([1, 1, 1, 2])):
        if made := await town.ask(visitor, "POST", f"/api/chats/{chat.pk}/messages/", json=body):
            town.acknowledged(ref, chat.pk, made["message_id"], began, duplicate=made["duplicate"])
            town.passed["messages by REST"] += not made["duplicate"]


async def send_picture(town: Town, visitor: Visitor) -> None:
    made = await town.ask(visitor, "POST", "/api/uploads/", files={"file": ("pixel.png", PIXEL)})
    if made:
        town.passed["uploads"] += 1
        await say(town, visitor, attachment=made["attachment"])


async def make_chat(town: Town, visitor: Visitor) -> None:
    """A new chat, and one less of the old ones where there are enough."""
    members = town.others(visitor, random.randrange(2, 7))
    body = {"member_ids": [member.user_id for member in members], "title": "tide", "ref": new_ref()}
    if random.random() < 0.3:
        body["history"] = "all"
    made = await town.ask(visitor, "POST", "/api/chats/", json=body)
    if made:
        town.chats[made["id"]] = Chat(made["id"], visitor, [visitor, *members])
        town.passed["chats made"] += 1
    while len(town.chats) > len(town.visitors):
        await leave(town, town.chats.pop(next(iter(town.chats))))


async def leave(town: Town, chat: Chat) -> None:
    """Everybody leaves, the owner last."""
    for member in [*chat.members[1:], chat.owner]:
        by = random.choice([chat.owner, member])
        await town.ask(by, "DELETE", f"/api/chats/{chat.pk}/members/{member.user_id}/")
    town.passed["chats left"] += 1


async def come_and_go(town: Town, visitor: Visitor) -> None:
    """One member of a chat is taken out, and perhaps let in again."""
    mine = [chat for chat in town.chats_of(visitor) if chat.owner is visitor]
    if not mine:
        return
    chat = random.choice(mine)
    member, path = random.choice(chat.members[1:]), f"/api/chats/{chat.pk}/members/"
    await town.ask(visitor, "DELETE", f"{path}{member.user_id}/")
    await town.pause(0.5)
    await town.ask(visitor, "POST", path, json={"user_id": member.user_id})


async def block(town: Town, visitor: Visitor) -> None:
    """Somebody is blocked for a moment, and connected again after it."""
    [other] = town.others(visitor, 1)
    if not await town.ask(visitor, "POST", "/api/blocks/", json={"user_id": other.user_id}):
        return
    await town.pause(0.5)
    await town.ask(visitor, "DELETE", f"/api/blocks/{other.user_id}/")
    town.passed["blocks"] += 1
    await connect(town, visitor, other)


async def connect(town: Town, visitor: Visitor, other: Visitor | None = None) -> None:
    """A friend of the circle becomes one again; anybody else for a moment."""
    [other] = [other] if other else town.others(visitor, 1)
    asked = await town.ask(visitor, "POST", "/api/connections/requests/", json={"to_user_id": other.user_id})
    if not asked:
        return
    answer = random.choice(["accept", "accept", "accept", "decline"])
    await town.ask(other, "POST", f"/api/connections/requests/{asked['id']}/{answer}/")
    town.passed["requests"] += 1
    apart = abs(town.visitors.index(visitor) - town.visitors.index(other))
    if apart > 4:
        await town.ask(visitor, "DELETE", f"/api/connections/{other.user_id}/")


async def post(town: Town, visitor: Visitor) -> None:
    made = await town.ask(visitor, "POST", "/api/posts/", json={"content": words(), "ref": new_ref()})
    if made:
        town.posts.append((made["id"], visitor))
        town.passed["posts"] += 1
    while len(town.posts) > POSTS:
        old, author = town.posts.popleft()
        await town.ask(author, "DELETE", f"/api/posts/{old}/")


async def speak_of_post(town: Town, visitor: Visitor) -> None:
    """A comment or a reaction, perhaps taken back; a mention in it, too."""
    if not town.posts:
        return
    pk, _ = random.choice(town.posts)
    if random.random() < 0.5:
        made = await town.ask(visitor, "POST", f"/api/posts/{pk}/comments/", json={"content": words()})
        town.passed["comments"] += made is not None
        if made and random.random() < 0.3:
            await town.ask(visitor, "DELETE", f"/api/comments/{made['id']}/")
    elif random.random() < 0.7:
        kind = random.choice(["like", "love", "wow"])
        await town.ask(visitor, "POST", f"/api/posts/{pk}/reactions/", json={"kind": kind})
    else:
        await town.ask(visitor, "DELETE", f"/api/posts/{pk}/reactions/")


async def read(town: Town, visitor: Visitor) -> None:
    """What a page reads when it opens."""
    paths = ["/api/chats/", "/api/feed/", "/api/notifications/", "/api/connections/", "/api/me/"]
    for path in random.sample(paths, 2):
        await town.ask(visitor, "GET", path)


async def read_notifications(town: Town, visitor: Visitor) -> None:
    await town.ask(visitor, "POST", "/api/notifications/read/", json={"all": True})


DEEDS: dict[Deed, float] = {
    say: 6,
    send_picture: 1,
    make_chat: 2,
    come_and_go: 1,
    block: 1,
    connect: 1,
    post: 2,
    speak_of_post: 4,
    read: 3,
    read_notifications: 1,
}


async def do_something(town: Town, visitor: Visitor) -> None:
    """Any of the deeds."""
    [deed] = random.choices(list(DEEDS), list(DEEDS.values()))
    await deed(town, visitor)


def command_on(town: Town, visitor: Visitor, channel: str) -> Frame:
    """A command that fits the channel; its refusal is no failure."""
    name, _, pk = channel.partition("/")
    if name == "messages" and pk:
        chat = town.chats.get(int(pk))
        said = random.choice(chat.said) if chat and chat.said else 1
        return random.choice(
            [
                {"type": "message", "content": words()},
                {"type": "message", "content": words(), "reply_to": said},
                {"type": "typing", "is_typing": random.random() < 0.5},
                {"type": "read", "message_id": said},
                {"type": "react", "message_id": said, "emoji": "🌊", "added": random.random() < 0.7},
                {"type": "edit", "message_id": said, "content": words()},
                {"type": "delete", "message_id": said},
            ]
        )
    if name == "online":
        return {"type": "status", "status": random.choice(["online", "away", "busy", "invisible"])}
    if name == "notifications":
        return {"type": "read", "all": True}
    if name == "connections":
        [other] = town.others(visitor, 1)
        return {"type": random.choice(["request", "accept", "withdraw"]), "user_id": other.user_id}
    return {"type": "ping"}
