"""The state frame of one open channel, told so that it takes nothing back.

It is read on a thread. What happens meanwhile, told at once, would be taken back by the older state behind
it, and a LATEST event is told only once. So the channel's taps are held while its state is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

if TYPE_CHECKING:
    from realtime.subscription import Subscription

RETRY_S = 1.0  # the database is away: try again


class StateTeller:
    """Tells one subscription's state: in its opening, and again when the broker may have lost events."""

    __slots__ = ("_subscription", "_under_way", "is_stale")

    def __init__(self, subscription: Subscription) -> None:
        self.is_stale = False  # what only a state tells may have been lost since it was read
        self._subscription = subscription
        self._under_way = True  # until the opening has told it

    def renew(self) -> None:
        """Tell it again; where that is under way, read it anew."""
        self.is_stale = True
        if not self._under_way:
            self._under_way = True
            self._subscription.socket.hub.spawn(self._again())

    async def _again(self) -> None:
        try:
            await self.tell(lambda: None)
        finally:
            self._under_way = False

    def opened(self) -> None:
        """The opening has told it."""
        self._under_way = False

    async def tell(self, then: Callable[[], None]) -> None:
        """Write the state as of now, and let ``then`` write what belongs right behind it; of what is newer,
        nothing is before it. Nothing at all where the channel is closed meanwhile."""
        subscription = self._subscription
        while not subscription.is_closed:
            try:
                if await self._read_and_tell(then):
                    return
            except DatabaseError:
                await asyncio.sleep(RETRY_S)

    async def _read_and_tell(self, then: Callable[[], None]) -> bool:
        """False: it is stale again, and was not told."""
        subscription, socket = self._subscription, self._subscription.socket
        async with socket.hub.reading_states:
            with socket.holding(subscription.taps.values()):
                self.is_stale = False
                frame = await socket.hub.states.ask(subscription.channel)
                if self.is_stale or subscription.is_closed:
                    return False
                if frame is not None:
                    socket.tell(frame)
                then()
                return True
