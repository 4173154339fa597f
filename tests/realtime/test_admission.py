"""Many sockets at once: some open, some wait their turn, the rest are sent off politely (1013)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.harness.waiting import wait_until

CROWD = 60

Answer = tuple[int | None, list[dict[str, Any]]]


async def opened_or_code(site: Site, user: Any, path: str) -> Answer:
    """How the server answered: its close code (None: it opened), and the frames."""
    async with site.connect(path, token=site.token(user)) as client:
        frame = await client.recv(within=20)
        if frame["type"] == "connected":
            if path:
                await client.opened(within=20)
            return None, client.seen
        return await client.closed(), client.seen


async def arrive(site: Site, people: People, count: int, path: str = "messages") -> list[Answer]:
    user = people.user()
    return await asyncio.gather(*(opened_or_code(site, user, path) for _ in range(count)))


@pytest.mark.parametrize("path", ["messages", ""])
@pytest.mark.parametrize("vendor", ["sqlite", "postgres"])
async def test_who_finds_the_queue_full_is_sent_off_and_may_come_again(
    sites: Sites, people: People, vendor: Any, path: str
) -> None:
    settings = {
        "KITH_OPENINGS_AT_ONCE": "1",
        "KITH_OPENINGS_WAITING": "3",
        "KITH_OPEN_SOCKETS_PER_USER": "0",
    }
    site = sites.start(vendor, settings=settings)
    answers = await arrive(site, people, CROWD, path)
    codes = [code for code, _ in answers]
    assert set(codes) == {None, 1013}
    for code, frames in answers:
        if code == 1013:
            assert [(frame["type"], frame["code"]) for frame in frames] == [("error", "unavailable")]
    assert [code for code, _ in await arrive(site, people, 1)] == [None]
    wait_until(lambda: site.health()["total_sockets"] == 0)


async def test_who_waits_is_opened_in_its_turn(sites: Sites, people: People) -> None:
    settings = {"KITH_OPENINGS_AT_ONCE": "1", "KITH_OPEN_SOCKETS_PER_USER": "0"}
    site = sites.start("sqlite", settings=settings)
    answers = await arrive(site, people, CROWD)
    assert [code for code, _ in answers] == [None] * CROWD


async def test_a_client_that_reads_slowly_holds_no_place(sites: Sites, people: People) -> None:
    """Its replay is written at its own pace, after the opening has let go of its place."""
    site = sites.start("sqlite", settings={"KITH_OPENINGS_AT_ONCE": "1", "KITH_SOCKET_BACKLOG_BYTES": "4096"})
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    site.run(lambda: [chat.messages.create(sender=alice, content="x" * 9000) for _ in range(400)])

    async with site.connect(token=site.token(alice), max_queue=1) as slow:
        await slow.until("connected")
        slow.socket.transport.pause_reading()
        await slow.send({"type": "subscribe", "channel": f"messages/{chat.pk}", "since": "0"})
        async with site.open("messages", bob) as client:
            assert_live(client)
        slow.abort()


def assert_live(client: Client) -> None:
    assert client.opening[-1]["type"] == "caught_up"


async def test_polls_that_find_the_queue_full_are_sent_off_too(sites: Sites, people: People) -> None:
    settings = {
        "KITH_OPENINGS_AT_ONCE": "1",
        "KITH_OPENINGS_WAITING": "3",
        "KITH_OPEN_SOCKETS_PER_USER": "0",
    }
    site = sites.start("sqlite", settings=settings)
    alice = people.user("alice")
    answers = await asyncio.gather(*(site.poll("feed", user=alice, since="0", wait=0) for _ in range(CROWD)))
    assert {answer.close for answer in answers} == {None, 1013}
    for answer in answers:
        if answer.close is not None:
            assert (answer.frames[-1]["code"], answer.cursor) == ("unavailable", "0")
            assert "channel" not in answer.frames[-1]
    assert (await site.poll("feed", user=alice)).close is None
