"""What a cursor has missed, written to one socket page by page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from realtime import log, metrics, threads
from realtime.opening import Replay, Snapshot
from realtime.packets import Packet
from realtime.streams import silent

if TYPE_CHECKING:
    from realtime.subscription import Subscription

logger = logging.getLogger("kith.sockets")

RETRY_S = 1.0  # the database is away: try again


class Replayer:
    """Writes replays to one subscription; what it hides by then is not told."""

    __slots__ = ("_subscription", "_under_way")

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._under_way: list[Mapping[str, log.Span]] = []

    def floors(self) -> Iterator[tuple[str, int]]:
        """Topics of replays under way, and the seq up to which each is not replayed."""
        for spans in self._under_way:
            for name, span in spans.items():
                yield name, span.floor

    async def write(self, found: Snapshot, but: Collection[str] = ()) -> dict[str, int]:
        """Write what the cursor missed, but of topics ``but``, and but what another channel of this
        socket has written, or will. The first seq of each topic."""
        firsts: dict[str, int] = {}
        self._under_way.append(found.replay.spans)
        try:
            await self._pages(found.replay, but, firsts)
        finally:
            self._under_way.remove(found.replay.spans)
        return firsts

    async def _pages(self, replay: Replay, but: Collection[str], firsts: dict[str, int]) -> None:
        while await self._page(replay.packets, but, firsts):
            metrics.replayed.inc(len(replay.packets))
            if not (replay.has_more and await self._turn_page(replay)):
                return

    async def _page(self, packets: Iterable[Packet], but: Collection[str], firsts: dict[str, int]) -> bool:
        """False: the log is another, and the client was asked to come back."""
        socket = self._subscription.socket
        run: list[Packet] = []
        size = 0
        for packet in packets:
            if packet.topic in but:
                continue
            if socket.hub.reader.is_ahead(packet):
                socket.restart()
                return False
            firsts.setdefault(packet.topic, packet.seq)
            if self._tells(packet):
                run.append(packet)
                size += len(packet.body)
            if size > socket.run_bytes:
                await self._write_run(run)
                run, size = [], 0
        await self._write_run(run)
        return True

    async def _write_run(self, run: Sequence[Packet]) -> None:
        """Nothing was awaited since it was asked of each whether it is told."""
        if run and self._subscription.socket.write_run(run, self._subscription.unseen):
            await self._subscription.socket.flushed()

    async def _turn_page(self, replay: Replay) -> bool:
        """False: there is nobody to tell what follows."""
        subscription, socket = self._subscription, self._subscription.socket
        while not (subscription.is_closed or socket.closing):
            try:
                await threads.read(replay.turn_page)
                return True
            except log.Pruned:  # the client comes back, and learns that its cursor cannot be served
                socket.restart()
            except DatabaseError as error:
                logger.warning("a replay waits: the log cannot be read: %s", error)
                await asyncio.sleep(RETRY_S)
        return False

    def _tells(self, packet: Packet) -> bool:
        subscription = self._subscription
        tap = subscription.taps.get(packet.topic)
        if tap is None or packet.actor in subscription.unseen.users or silent(packet):
            return False
        if subscription.socket.user_key in packet.withheld:
            return False
        return not tap.is_placed or packet.seq <= tap.start
