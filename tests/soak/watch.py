"""What servers hold: read from /proc and /metrics, every while and at each ebb."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.site import PLAIN, Site
from tests.harness.waiting import eventually
from tests.soak.town import ONCE

GAUGES = {
    "sockets": "kith_sockets",
    "topics": "kith_streams",
    "tasks": "kith_tasks",
    "threads": "kith_threads",
}
CROWD = ("sockets", "topics", "links")  # what is 0 when nobody is left
START_WITHIN_S = 30.0

Held = dict[str, float]  # by the name of the quantity


@dataclass
class Moment:
    """What one server held ``at`` so many seconds after the beginning."""

    at: float
    held: Held


@dataclass
class Gauge:
    """One server, looked at again and again."""

    site: Site
    http: httpx.AsyncClient
    floor: Held = field(default_factory=dict)  # before anybody came
    moments: list[Moment] = field(default_factory=list)
    ebbs: list[Moment] = field(default_factory=list)

    async def read(self) -> Held:
        """Now, but for what the server itself measures only every two seconds."""
        answer = await self.http.get(f"{self.site.url}/metrics")
        told = {
            sample.name: sample.value
            for family in text_string_to_metric_families(answer.raise_for_status().text)
            for sample in family.samples
        }
        process = psutil.Process(self.site.pid)
        own = {"memory": process.memory_info().rss / 2**20, "files": float(process.num_fds())}
        mine = [link for link in process.net_connections("tcp") if link.laddr.port == self.site.port]
        own["links"] = float(sum(link.status != psutil.CONN_LISTEN for link in mine))
        return own | {quantity: told[name] for quantity, name in GAUGES.items()}

    async def measured(self) -> Held:
        """The same, once the server has measured itself; until then nothing."""
        held = await self.read()
        return held if held["tasks"] else {}


class Watch:
    """All servers, from when it is made."""

    def __init__(self, sites: Sequence[Site], every_s: float) -> None:
        self._every_s = every_s
        self._began = time.monotonic()
        self._http = httpx.AsyncClient(timeout=60, trust_env=False, verify=PLAIN, limits=ONCE)
        self.gauges = [Gauge(site, self._http) for site in sites]

    @property
    def minutes(self) -> float:
        """Since it was made."""
        return (time.monotonic() - self._began) / 60

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look every while, from before anybody comes."""
        async with self._http:
            for gauge in self.gauges:
                gauge.floor = await eventually(gauge.measured, within=START_WITHIN_S)
            looking = asyncio.create_task(self._look())
            yield
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        while True:
            for gauge in self.gauges:
                gauge.moments.append(await self._moment(gauge))
            await asyncio.sleep(self._every_s)

    async def _moment(self, gauge: Gauge) -> Moment:
        held = await gauge.read()
        return Moment(60 * self.minutes, held)

    async def ebb(self, slack: Held, within: float) -> None:
        """Everybody has left. Wait until each server holds nothing of them: no more than before anybody came,
        and ``slack``.

        Raises:
            TimeoutError: it goes on holding something; says what.
        """
        for gauge in self.gauges:
            moment = await self._moment(gauge)
            deadline = time.monotonic() + within
            while over := left_over(moment.held, gauge.floor, slack):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{gauge.site.url} goes on holding {over}; at first {gauge.floor}")
                await asyncio.sleep(self._every_s)
                moment = await self._moment(gauge)
            gauge.ebbs.append(moment)
            gauge.moments.append(moment)


def left_over(held: Held, floor: Held, slack: Held) -> Held:
    """What is more than it may be when nobody is there."""
    most = dict.fromkeys(CROWD, 0.0) | {name: floor[name] + spare for name, spare in slack.items()}
    return {name: held[name] for name, value in most.items() if held[name] > value}


def slope_per_hour(moments: Sequence[Moment], quantity: str) -> float:
    """Of the straight line that is nearest to all of them; 0 for fewer than two."""
    if len(moments) < 2:
        return 0.0
    times = [moment.at / 3600 for moment in moments]
    values = [moment.held[quantity] for moment in moments]
    mid_time, mid_value = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - mid_time) ** 2 for at in times)
    pairs = zip(times, values, strict=True)
    return sum((at - mid_time) * (value - mid_value) for at, value in pairs) / spread


def settled(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Those of the last half: caches, pools and the allocator are warm by then."""
    return moments[len(moments) // 2 :]
