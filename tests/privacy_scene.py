"""The scene of tests/test_privacy.py: people who stand to one subject as the columns of the tables say, and a
stage on which the subject acts while all are watching."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from functools import cache
from typing import Any, NamedTuple

import httpx
from django.core.files.base import ContentFile

from chat.services import member_remove, message_send
from connections.services import block_add, connection_remove
from feed.models import Post
from feed.services import comment_create, post_create, reaction_set
from notifications.models import Notification
from realtime import log, topics
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import wait_until
from tests.privacy_table import SEES, cells
from uploads.services import upload_create

MINE = ("feed", "notifications", "connections", "online", "messages")


class Scene(NamedTuple):
    """What stands before anything is watched."""

    people: dict[str, Any]  # by their column, all but nobody
    host: Any
    names: dict[str, Any]  # what the tables call {name}
    everyone: str  # a text that names all of them
    cursors: dict[str, str]  # by channel: taken while former, barred and barring were still allowed


def set_scene() -> Scene:
    columns = [column for column in cells(SEES)["me"] if column != "nobody"]
    people, make = dict(zip(columns, People().users(*columns), strict=True)), People()
    host, subject = make.user("host"), people["self"]
    for person in people.values():
        make.connect(host, person)
    for column in ("friend", "unseen", "former", "barred", "barring"):
        make.connect(subject, people[column])
    group = make.chat(
        host,
        subject,
        *(people[column] for column in ("friend", "stranger", "former", "barring")),
        title="early-title",
    )
    direct = make.direct(subject, people["barred"])
    names = {"subject": subject.pk, "name": subject.username, "group": group.pk, "direct": direct.pk}
    names["common"] = make.chat(host, *people.values()).pk
    names["hosts"], _ = post_create(author=host, content="the host's")
    with log.snapshot():
        horizon = log.horizon_cursor()
        chats = {f"messages/{pk}": log.cursor_of(topics.chat(pk).name) for pk in (group.pk, direct.pk)}
    cursors = {**dict.fromkeys(MINE, horizon), **chats}

    everyone = " ".join(f"@{person.username}" for person in people.values())
    upload, _ = upload_create(owner=subject, file=ContentFile(b"an early-file of text", name="a.txt"))
    names["file"] = upload.attachment
    names["post"], _ = post_create(
        author=subject, content=f"early-post {everyone}", attachment=upload.attachment
    )
    comment_create(post=Post(pk=names["post"]), author=subject, content="early-remark")
    hosts = Post(pk=names["hosts"])
    names["comment"], _ = comment_create(post=hosts, author=subject, content=f"early-comment {everyone}")
    reaction_set(post=hosts, user=subject, kind="sad")
    names["message"], _ = message_send(chat=group, sender=subject, content=f"early-message {everyone}")
    message_send(chat=direct, sender=subject, content="early-direct")
    names["notice"] = Notification.objects.get(recipient=people["friend"], post_id=names["post"]).pk

    connection_remove(user=subject, user_id=people["former"].pk)
    member_remove(chat=group, actor=host, user_id=people["former"].pk)
    block_add(user=subject, user_id=people["barred"].pk)
    block_add(user=people["barring"], user_id=subject.pk)
    return Scene(people, host, names, everyone, cursors)


def ask(api: httpx.Client, path: str) -> str:
    """All that an answer says, as `text_of` does."""
    answer = api.get(path)
    is_json = answer.headers["content-type"].startswith("application/json")
    return text_of(answer.json()) if is_json else answer.text


def text_of(heard: Any) -> str:
    return json.dumps(heard, ensure_ascii=False)


async def through(client: Client, fence: str) -> None:
    """Read on until a frame holds this text, and everything that was sent before the answer to a ping."""
    while fence not in text_of(await client.recv()):
        pass
    await client.barrier()


async def opening(site: Site, user: Any, channel: str, since: str) -> list[Frame]:
    """What a new socket hears until it is up to date, or is refused."""
    async with site.connect(channel, token=site.token(user), since=since) as client:
        if (await client.recv())["type"] == "error":
            assert await client.closed() == 4403
        else:
            await client.opened()
            await client.barrier()
        return client.seen


class Stage:
    """The server with everyone's sockets open, and the subject and the host who act."""

    def __init__(self, site: Site, scene: Scene, stack: AsyncExitStack) -> None:
        self.site, self.scene, self._stack = site, scene, stack
        self.sockets: dict[tuple[str, str], Client] = {}  # by column and channel
        self.names = dict(scene.names)
        self.api = cache(lambda column: site.api(scene.people.get(column)))
        self.subject, self.host = self.api("self"), site.api(scene.host)

    async def open(self, channel: str, user: Any) -> Client:
        return await self._stack.enter_async_context(self.site.open(channel, user))

    async def open_all(self) -> None:
        """The invisible one comes first, so that nobody is there yet to see them before they hide."""
        hidden = self.scene.people["unseen"]
        hiding = self.sockets["unseen", "online"] = await self.open("online", hidden)
        assert (await hiding.command({"type": "status", "status": "invisible"}))["type"] == "ack"
        shown = f"/api/presence/?users={hidden.pk}"
        wait_until(lambda: self.host.get(shown).json()["results"][0]["status"] == "offline")
        self.hosting = await self.open("online", self.scene.host)
        self.device = await self.open(f"messages/{self.names['group']}", self.scene.people["self"])
        self.phone = await self.open("online", self.scene.people["self"])
        in_group = cells(SEES)["a group message now"]
        for column, person in self.scene.people.items():
            chats = [f"messages/{self.names['group']}"] if in_group[column] == "x" else []
            for channel in [*MINE, *chats]:
                if (column, channel) not in self.sockets:
                    self.sockets[column, channel] = await self.open(channel, person)

    def post(self, api: httpx.Client, path: str, **body: Any) -> Any:
        return api.post(path.format(**self.names), json=body).raise_for_status().json()["id"]

    async def act(self) -> None:
        """The subject's things of now."""
        named = self.scene.everyone
        self.names["new_post"] = self.post(self.subject, "/api/posts/", content=f"late-post {named}")
        self.names["new_comment"] = self.post(
            self.subject, "/api/posts/{hosts}/comments/", content=f"late-comment {named}"
        )
        self.post(self.subject, "/api/posts/{hosts}/reactions/", kind="wow")
        asked = self.scene.people["asked"].pk
        self.names["request"] = self.post(self.subject, "/api/connections/requests/", to_user_id=asked)
        said = self.names["new_message"] = self.post(
            self.subject, "/api/chats/{group}/messages/", content=f"late-message {named}"
        )
        await self.device.send({"type": "typing", "is_typing": True})
        for command in ({"type": "read"}, {"type": "react", "emoji": "🦊", "added": True}):
            answer = await self.device.command({**command, "message_id": said})
            assert answer["type"] == "ack", answer
        await self.status(self.phone, "busy")

    async def status(self, client: Client, status: str) -> None:
        answer = await client.command({"type": "status", "status": status})
        assert answer["type"] == "ack", answer

    async def fence(self) -> None:
        """What everyone hears, later and in the same streams; and each has read as far."""
        named = self.scene.everyone
        self.post(self.host, "/api/posts/{hosts}/comments/", content="by the host")
        self.post(self.host, "/api/posts/{hosts}/reactions/", kind="like")
        post = self.post(self.host, "/api/posts/", content=f"a fence {named}")
        self.post(self.host, "/api/chats/{group}/messages/", content="a fence")
        self.post(self.host, "/api/chats/{common}/messages/", content="a last fence")
        await self.status(self.hosting, "away")
        nobody = await asyncio.to_thread(People().user, "blocked")
        fences = {
            "connections": nobody.username,
            "notifications": f'"post_id": {post},',
            "online": '"away"',
            "messages": "a last fence",
        }
        for (_, channel), client in self.sockets.items():
            if channel == "connections":
                await client.send({"type": "block", "user_id": nobody.pk})
            await through(client, fences.get(channel, "a fence"))

    def ways(self, channel: str) -> list[str]:
        """From where a channel is replayed."""
        return ["0", self.scene.cursors[channel]]

    async def heard(self, column: str, channel: str) -> dict[str, str]:
        """By way: all that this channel told; replays are asked for now."""
        told = {}
        if (column, channel) in self.sockets:
            told["live"] = text_of(self.sockets[column, channel].seen)
        ways = dict(zip(("since=0", "since=old"), self.ways(channel), strict=True))
        person = self.scene.people[column]
        replays = await asyncio.gather(
            *(opening(self.site, person, channel, since) for since in ways.values())
        )
        told |= dict(zip(ways, map(text_of, replays), strict=True))
        return told
