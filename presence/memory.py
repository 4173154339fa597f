"""Presence of one process alone: `PresenceStore` in its memory."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import ClassVar

from presence.store import (
    CHANGES_KEPT,
    Change,
    ChangesMissed,
    Everyone,
    Held,
    PresenceStore,
    Status,
)


class MemoryStore(PresenceStore):
    """Used on one event loop. It is never away and never lost."""

    shared: ClassVar[bool] = False

    def __init__(self) -> None:
        self._statuses: dict[str, Status] = {}
        self._held: dict[str, set[str]] = {}  # holder: users
        self._ends: dict[str, int] = {}  # holder: when its lease does, ms
        self._holds: dict[str, int] = {}  # user: by how many holders
        self._swept = 0
        self._position = 0
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)
        self._news = asyncio.Event()

    async def hold(
        self, holder: str, users: Mapping[str, Status], *, lease_s: float, returned: bool = False
    ) -> Held:
        now = _now()
        ends = now + int(lease_s * 1000)
        lapsed = holder not in self._ends
        if returned:
            self._ends = {other: max(end, ends) for other, end in self._ends.items()}
        self._ends[holder] = ends
        mine = self._held.setdefault(holder, set())
        hidden = []
        for user, status in users.items():
            if user not in mine:
                mine.add(user)
                self._holds[user] = self._holds.get(user, 0) + 1
            if user not in self._statuses or status is Status.INVISIBLE:
                hidden += self._become(user, status, now)
        return Held(lapsed, hidden)

    async def release(self, holder: str, users: Iterable[str]) -> list[Change]:
        now = _now()
        return [change for user in users for change in self._drop(holder, user, now)]

    async def mark(self, user: str, status: Status) -> list[Change] | None:
        return self._become(user, status, _now()) if user in self._statuses else None

    async def sweep(self, *, quiet_s: float) -> list[Change]:
        now, before = _now(), self._swept
        self._swept = now
        if now - before > quiet_s * 1000:
            return []
        hidden = []
        for holder in [holder for holder, end in self._ends.items() if end <= now]:
            end = self._ends.pop(holder)
            for user in list(self._held[holder]):
                hidden += self._drop(holder, user, end)
            del self._held[holder]
        return hidden

    async def everyone(self) -> Everyone:
        return Everyone(self._position, _now(), dict(self._statuses))

    async def changes(self, after: int, *, wait_s: float) -> list[Change]:
        if after == self._position:
            with contextlib.suppress(TimeoutError):  # nothing happened
                await asyncio.wait_for(self._news.wait(), wait_s)
        missing = self._position - after
        if not 0 <= missing <= len(self._changes):
            raise ChangesMissed
        return list(self._changes)[len(self._changes) - missing :]

    def statuses(self, users: Iterable[str]) -> dict[str, Status]:
        return {user: status for user in users if (status := self._statuses.get(user))}

    async def close(self) -> None:
        pass

    def _become(self, user: str, status: Status, at: int) -> list[Change]:
        before = self._statuses.get(user)
        if before is status:
            return []
        self._statuses[user] = status
        change = self._tell(user, status, at)
        return [change] if status is Status.INVISIBLE and before is not None else []

    def _drop(self, holder: str, user: str, at: int) -> list[Change]:
        if user not in self._held.get(holder, ()):
            return []
        self._held[holder].discard(user)
        self._holds[user] -= 1
        if self._holds[user]:
            return []
        del self._holds[user]
        before = self._statuses.pop(user)
        change = self._tell(user, None, at)
        return [] if before is Status.INVISIBLE else [change]

    def _tell(self, user: str, status: Status | None, at: int) -> Change:
        change = Change(user, status, at)
        self._position += 1
        self._changes.append(change)
        self._news.set()
        self._news = asyncio.Event()
        return change


def _now() -> int:
    return int(time.time() * 1000)
