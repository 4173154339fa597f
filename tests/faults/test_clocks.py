"""Two servers whose clocks are minutes apart. No order and no right hangs on the wall clock."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import SETTINGS
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Site, Sites

BEHIND_S, AHEAD_S = -200, 200


@pytest.fixture(scope="module")
def ground(module_sites: Sites, module_redis: RedisServer) -> Cluster:
    """One server is behind, the other ahead; this process, which issues the tokens, is right."""
    left = module_sites.start("postgres", redis=module_redis, settings=clock(BEHIND_S), active=False)
    right = module_sites.start(left.database, redis=module_redis, settings=clock(AHEAD_S), active=False)
    return Cluster(left, right, module_redis)


def clock(shift_s: int) -> dict[str, str]:
    """Settings of a server whose clock is wrong by so much."""
    folder = Path(__file__).parent / "shifted"
    return SETTINGS | {"PYTHONPATH": str(folder), "CLOCK_SHIFT_S": str(shift_s)}


def told(site: Site) -> float:
    """The wall clock of a server, seconds since 1970."""
    date = site.api().get("/health/").headers["date"]
    return parsedate_to_datetime(date).timestamp()


async def test_clocks_that_disagree_by_minutes(arena: Arena) -> None:
    left, right = await asyncio.gather(*[asyncio.to_thread(told, site) for site in arena.sites])
    assert right - left > (AHEAD_S - BEHIND_S) / 2
    async with arena.run(f"clocks {AHEAD_S - BEHIND_S} s apart, links cut"):
        for _ in arena.victims():
            await arena.flow()
            arena.cut()
            await arena.flow()
            await arena.level()
