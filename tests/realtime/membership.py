"""Coming into a chat and leaving it, in the server's process (REST) or in another one (here), amid talk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chat.models import Chat, Membership
from chat.services import member_add, member_remove
from tests.harness.client import Client, Frame
from tests.harness.site import Site

WITHIN_S = 15.0  # "within 1 s" is promised; the rest is for a busy machine. What is missed never comes
ROUNDS = 5  # of each race


def name(chat: Chat) -> str:
    return f"messages/{chat.pk}"


def contents(frames: list[Frame]) -> list[str]:
    return [frame["content"] for frame in frames if frame["type"] == "new_message"]


def heard_once(client: Client, chat: Chat) -> list[str]:
    """What the client heard in this chat; on several topics a frame may come again, and is dropped."""
    mine = {row["id"]: row for row in client.seen if "id" in row and row["channel"] == name(chat)}
    return contents(list(mine.values()))


def removed_here(site: Site, chat: Chat, owner: Any, user: Any) -> None:
    site.run(member_remove, chat=chat, actor=owner, user_id=user.pk)


def removed_by_rest(site: Site, chat: Chat, owner: Any, user: Any) -> None:
    site.api(owner).delete(f"/api/chats/{chat.pk}/members/{user.pk}/").raise_for_status()


def row_deleted(site: Site, chat: Chat, _owner: Any, user: Any) -> None:
    site.run(lambda: Membership.objects.get(chat=chat, user=user).delete())


def added_here(site: Site, chat: Chat, owner: Any, user: Any) -> None:
    site.run(member_add, chat=chat, actor=owner, user_id=user.pk)


def added_by_rest(site: Site, chat: Chat, owner: Any, user: Any) -> None:
    added = site.api(owner).post(f"/api/chats/{chat.pk}/members/", json={"user_id": user.pk})
    added.raise_for_status()


Change = Callable[[Site, Chat, Any, Any], None]
LOST, GAINED = [removed_here, removed_by_rest, row_deleted], [added_here, added_by_rest]


async def talk(site: Site, chat: Chat, user: Any, done: asyncio.Event) -> None:
    """Say things without a pause until ``done``."""
    async with site.open(name(chat), user) as client:
        number = 0
        while not done.is_set():
            assert (await client.command({"type": "message", "content": str(number)}))["type"] == "ack"
            number += 1
