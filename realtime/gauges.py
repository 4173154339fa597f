"""What one process holds now, measured from time to time: a figure that only rises is a leak."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from realtime import metrics

if TYPE_CHECKING:
    from realtime.hub import Hub

MEASURE_EVERY_S = 2.0  # to count 10,000 tasks takes some milliseconds


async def measure_forever(hub: Hub) -> None:
    """Set the gauges that are not kept by those who open and close; first when all work has begun."""
    while True:
        await asyncio.sleep(MEASURE_EVERY_S)
        metrics.users.set(len(hub.users))
        metrics.streams.set(len(hub.streams))
        metrics.tasks.set(len(asyncio.all_tasks()))
        metrics.threads.set(threading.active_count())
