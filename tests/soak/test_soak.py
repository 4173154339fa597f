"""A crowd in tides, over two processes: at each ebb nothing is left of it, and nothing acknowledged is lost.

The long form, outside `make test`, takes 20 minutes: `make soak` (SOAK_MINUTES, SOAK_CROWD).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from pathlib import Path

import pytest

from tests.faults.arena import Arena, Form
from tests.faults.conftest import SETTINGS
from tests.faults.ledger import Row
from tests.harness.people import People
from tests.harness.process import LOG_TAIL
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Site, Sites
from tests.soak.report import as_markdown, draw
from tests.soak.town import Town, lasting_token
from tests.soak.visits import DEVICES, live
from tests.soak.watch import Watch, settled, slope_per_hour

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))  # 0: the short form
CROWD = int(os.environ.get("SOAK_CROWD", "100" if MINUTES else "20"))
REPORT = os.environ.get("SOAK_REPORT")  # the folder of soak.md and soak.png
TIDES = 20 if MINUTES else 2
TIDE_S = 60 * MINUTES / TIDES if MINUTES else 3.0
LOOK_S = 2.0 if MINUTES else 0.5
EBB_WITHIN_S = 60.0
DEAF_S = 2.0

# More than before anybody came: threads of pools, their connections to the database (20) and to Redis.
# A leak of one for each visit would be hundreds.
SLACK = {"tasks": 0.0, "files": 50.0, "threads": 18.0}
MB_PER_HOUR = 40.0  # one socket kept of ten that opened is more


@pytest.fixture
def cluster(sites: Sites, redis: RedisServer) -> Cluster:
    settings = SETTINGS | {"KITH_PRESENCE_GRACE_S": "0.5", "WEBSOCKET_PING_TIMEOUT": "30"}
    left, right = sites.start_cluster(2, "postgres", redis=redis, settings=settings)
    return Cluster(left, right, redis)


async def trouble(arena: Arena, town: Town) -> None:
    """Of those who must miss nothing some lose their link, or do not read for a while."""
    while town.is_open:
        await town.pause(1.0)
        reader = random.choice(arena.readers)
        if random.random() < 0.5:
            reader.reading.clear()
            await town.pause(DEAF_S)
            reader.reading.set()
        elif reader.socket is not None:
            reader.socket.transport.abort()
            town.passed["links cut"] += 1


async def tide(arena: Arena, town: Town) -> None:
    """Everybody comes, stays for `TIDE_S`, and leaves."""
    arena.row = Row("", 0)
    async with arena.run("tides of clients"), town.client() as town.http:
        town.until = time.monotonic() + TIDE_S
        async with asyncio.TaskGroup() as group:
            group.create_task(trouble(arena, town))
            for visitor in town.visitors * DEVICES:
                group.create_task(live(town, visitor))


def passed(arena: Arena, town: Town, tides: int) -> dict[str, int]:
    """What the tides brought, the promise first."""
    row = arena.row
    kept = {
        "messages acknowledged": row.acknowledged,
        "deliveries due": row.due,
        "delivered": row.delivered,
        "lost": row.lost,
        "doubled or stored twice": row.doubled + row.stored_twice,
        "out of order": row.out_of_order,
        "tides": tides,
    }
    return kept | dict(sorted(town.passed.items()))


def errors(site: Site) -> list[str]:
    """What it logged as errors, each with what follows; not uvicorn's words to frames that are no UTF-8."""
    log = site.log()
    starts = [log.rfind("\n", 0, at.start()) + 1 for at in re.finditer(" ERROR ", log)]
    found = [log[start : start + LOG_TAIL] for start in starts]
    return [text for text in found if "Invalid UTF-8 sequence" not in text.splitlines()[0]]


async def test_nothing_grows_and_nothing_is_lost_while_crowds_come_and_go(
    cluster: Cluster, people: People, tmp_path: Path
) -> None:
    form = Form("soak", strikes=0, people=6, pace_s=0.2, flow=0)
    arena = Arena(cluster, people, form, [])
    arena.tokens = [lasting_token(user) for user in arena.users]
    town = Town(arena.sites, people, CROWD, arena.ledger)
    watch = Watch(arena.sites, LOOK_S)
    try:
        async with watch.watching():
            for _ in range(TIDES):
                await tide(arena, town)
                await watch.ebb(SLACK, EBB_WITHIN_S)
    finally:
        folder = Path(REPORT or tmp_path)
        draw(watch.gauges, folder / "soak.png")
        what = passed(arena, town, len(watch.gauges[-1].ebbs))
        (folder / "soak.md").write_text(as_markdown(watch.gauges, what, watch.minutes))
    assert arena.row.due == arena.row.delivered > 0
    for site, gauge in zip(arena.sites, watch.gauges, strict=True):
        assert not errors(site)
        if MINUTES:
            assert slope_per_hour(settled(gauge.ebbs), "memory") < MB_PER_HOUR
