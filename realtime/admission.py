"""Admission: when many sockets arrive at once, some open, some wait their turn, and the rest are sent off.

After a restart every client of a process comes back within seconds. Opened all side by side they would share
the readers' threads so thinly that each takes as long as all of them, and clients that give up and come again
would keep it so.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from realtime.conf import setting
from realtime.errors import Overloaded


class Admission:
    """``async with admission:`` is one opening. KITH_OPENINGS_AT_ONCE run, KITH_OPENINGS_WAITING wait, in the
    order in which they came.

    Raises:
        Overloaded: as many wait as may; the socket is closed 1013, and its client backs off.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(setting("KITH_OPENINGS_AT_ONCE"))
        self._waiting = 0

    async def __aenter__(self) -> None:
        if self._places.locked() and self._waiting >= setting("KITH_OPENINGS_WAITING"):
            raise Overloaded
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._places.release()
