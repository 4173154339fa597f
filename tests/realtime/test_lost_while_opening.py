"""The right to a channel ends while it is being opened, on a socket that hears its topic already."""

from __future__ import annotations

import asyncio

from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site

TIMES = 40


async def test_a_removal_during_the_opening_is_a_refusal_or_a_loss(
    postgres_site: Site, people: People
) -> None:
    """However the two race: refused, or opened and lost; never a failure, and never both."""
    site = postgres_site
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    async with site.connect(token=site.token(bob)) as client, site.http(alice) as api:
        await client.send({"type": "subscribe", "channel": "messages"})
        await client.until("caught_up", channel="messages")
        for number in range(TIMES):
            await client.send({"type": "subscribe", "channel": channel, "ref": str(number)})
            await asyncio.sleep(0.0005 * (number % 20))
            await api.delete(f"/api/chats/{chat.pk}/members/{bob.pk}/")
            frames = await told(client)
            kinds = [frame["type"] for frame in frames]
            assert "internal" not in [frame.get("code") for frame in frames], frames
            assert kinds.count("error") + kinds.count("unsubscribed") == 1, frames
            await api.post(f"/api/chats/{chat.pk}/members/", json={"user_id": bob.pk})
            await client.until("chat_added")
            welcome = f"welcome {number}"
            await api.post(f"/api/chats/{chat.pk}/messages/", json={"content": welcome})
            await client.until("new_message", content=welcome)  # `messages` hears the chat again


async def told(client: Client) -> list[Frame]:
    """What came of the opening, up to its end."""
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] not in ("error", "unsubscribed"):
        frames.append(await client.recv())
    return frames + await client.barrier()
