"""When people were last seen, on its way to the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseError

from presence import services
from presence.store import Change
from presence.telling import time_of
from realtime import threads
from realtime.users import parse_key

logger = logging.getLogger("kith.presence")

RETRY_S = 1.0


class LastSeenWriter:
    """Keeps what the store told this process alone, until it is written."""

    def __init__(self) -> None:
        self._seen: dict[Any, datetime] = {}
        self._wake = asyncio.Event()

    def note(self, hidden: Iterable[Change]) -> None:
        """Others stopped to see these users."""
        self._seen |= {parse_key(change.user): time_of(change.at) for change in hidden}
        if self._seen:
            self._wake.set()

    async def run(self) -> None:
        """Write what is noted, for ever; a database that is away is waited for."""
        while True:
            await self._wake.wait()
            try:
                await self.save()
            except DatabaseError as error:
                logger.warning("last_seen cannot be written: %s", error)
                await asyncio.sleep(RETRY_S)

    async def save(self) -> None:
        """Write what is noted, all in one transaction.

        Raises:
            DatabaseError: nothing was written, and it is still noted.
        """
        seen, self._seen = self._seen, {}
        self._wake.clear()
        if not seen:
            return
        try:
            await threads.write(services.last_seen_save, seen=seen)
        except BaseException:  # cancelled, too: the farewell writes it
            self._seen = seen | self._seen
            self._wake.set()
            raise
