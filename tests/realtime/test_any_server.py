"""Any ASGI server will do: the same laws on ours, which takes frames past `send`, and on others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.harness.people import People
from tests.harness.site import DAPHNE, SERVE, UVICORN, Site, Sites
from tests.harness.waiting import eventually
from tests.realtime.narrow import narrow
from tests.realtime.talking import say_together

LETTERS = [f"{number} {'z' * 10_000}" for number in range(800)]


@pytest.fixture(params=[SERVE, UVICORN, DAPHNE], ids=["ours", "uvicorn", "daphne"])
def any_site(request: pytest.FixtureRequest, sites: Sites) -> Site:
    server: Sequence[str] = request.param
    return sites.start("sqlite", server=server, settings={"KITH_POLL_S": "0.1"})


async def test_talking_resuming_and_being_refused(any_site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    long = "ü" * 4_000  # beyond the shortest form of a frame, in bytes that are no characters
    async with any_site.open(channel, alice) as one, any_site.open("messages", bob) as all_of_bob:
        for number in range(20):
            await one.send({"type": "message", "content": f"{number} {long}", "ref": str(number)})
        for client in (one, all_of_bob):
            for number in range(20):
                frame = await client.until("new_message")
                assert frame["content"] == f"{number} {long}"
        await one.until("ack", ref="19")
        cursor = one.cursor
        await one.send({"type": "message", "content": "missed"})
        await one.until("new_message", content="missed")
    async with any_site.open(channel, alice, since=cursor) as again:
        contents = [frame["content"] for frame in again.opening if frame["type"] == "new_message"]
        assert contents[-1] == "missed"
    async with any_site.connect("messages/999", token=any_site.token(alice)) as refused:
        assert await refused.closed() == 4403
        assert refused.seen[-1]["code"] == "forbidden"


async def test_one_that_reads_late_gets_everything_in_order(any_site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    with narrow(any_site.port) as link:
        options: dict[str, Any] = {"max_queue": 1, "sock": link}
        async with any_site.open(channel, alice) as quick, any_site.open(channel, bob, **options) as slow:
            for part in range(0, len(LETTERS), 50):
                some = LETTERS[part : part + 50]
                await asyncio.to_thread(any_site.run, say_together, chat, alice, *some)
                for content in some:
                    assert (await quick.until("new_message"))["content"] == content
            for content in LETTERS:
                assert (await slow.until("new_message"))["content"] == content
            await asyncio.to_thread(any_site.run, say_together, chat, alice, "live again")
            await slow.until("new_message", content="live again")
            assert await slow.barrier() == []


async def test_a_link_that_breaks_is_forgotten(any_site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with any_site.open(f"messages/{chat.pk}", alice) as client:
        client.abort()

    async def forgotten() -> bool:
        await asyncio.to_thread(any_site.run, say_together, chat, alice, "into the void")
        return (await asyncio.to_thread(any_site.health))["total_sockets"] == 0

    await eventually(forgotten)
    assert "Traceback" not in any_site.log()
