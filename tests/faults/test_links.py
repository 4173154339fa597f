"""Links that break, and readers that stop reading."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import psutil
import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import SETTINGS
from tests.faults.link import Servers
from tests.faults.proxy import proxied

EVERY_S = 2.0
TIMES = {"short": 4, "long": 30}
MESSAGES = {"short": 1_000, "long": 10_000}
DEAF_S = {"short": 0.0, "long": 30.0}  # at least; until all messages are said
LONG = "x" * 10_000
# Bytes; a server that keeps what waits grows by 10 MB in the short form, by 100 in the long one.
GROWTH = {"short": 7 * 2**20, "long": 20 * 2**20}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """With pings of the usual length: who does not read does not answer them either."""
    return SETTINGS | {"WEBSOCKET_PING_INTERVAL": "25", "WEBSOCKET_PING_TIMEOUT": "60"}


async def test_links_that_are_cut_again_and_again(arena: Arena) -> None:
    """Both at once, whatever is on them: half a frame, a command whose answer is lost."""
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(proxied(site.port)) for site in arena.sites]
        arena.servers = Servers([proxy.port for proxy in proxies])
        async with arena.run(f"links cut and made again every {EVERY_S:.0f} s"):
            for _ in range(TIMES[arena.form.name]):
                arena.row.struck += 1
                await arena.outage(EVERY_S)
                async with arena.unanswered():
                    for proxy in proxies:
                        proxy.cut()


async def test_readers_that_stop_reading_cost_a_server_little(arena: Arena) -> None:
    """One socket on one chat and one on `/ws`; the others go on. The delays are those of the others."""
    count = MESSAGES[arena.form.name]
    arena.cast()
    deaf = arena.readers[2:4]
    for reader in deaf:
        reader.narrow, reader.witness.is_timed = True, False
    async with arena.run(f"two readers stop reading while {count:,} long messages pass"):
        arena.row.struck = 1
        async for _ in arena.flood(count // 5, LONG):  # what reading and writing cost in any case
            await arena.level()
        for reader in deaf:
            reader.reading.clear()
        until = time.monotonic() + DEAF_S[arena.form.name]
        growth = await grown(arena, arena.flood(count, LONG))
        await arena.outage(until - time.monotonic())
        missed = sum(len(arena.ledger.missing(reader.witness)) for reader in deaf)
        for reader in deaf:
            reader.reading.set()
        await arena.level()
        arena.row.notes += [f"servers grew by {growth / 2**20:.1f} MB for {missed} unread frames"]
    assert missed > count
    assert growth < GROWTH[arena.form.name]


async def grown(arena: Arena, work: AsyncIterator[None]) -> int:
    """The most bytes by which a server grew over ``work``."""
    processes = [psutil.Process(site.pid) for site in arena.sites]
    before = [process.memory_info().rss for process in processes]
    most = 0
    async for _ in work:
        sizes = [process.memory_info().rss for process in processes]
        most = max(most, *(now - then for now, then in zip(sizes, before, strict=True)))
    return most
