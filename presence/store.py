"""Who is online, as all processes agree: leases, the statuses of people, and what changed.

A *holder* (a server process) holds the users who have a socket on it. Its lease covers them all
and is renewed in one round trip; when it ends, by the store's own clock, whoever sweeps first
drops the holder. A user is online while anyone holds them. Every change is numbered in the order
in which it became true, and all processes read the same row of changes: packets of two processes
that overtake each other cannot leave anyone online for ever.

Two versions keep these promises: `memory.MemoryStore` and `redis_store.RedisStore`.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple

LIMBO = "limbo"  # holds for one lease whom a lost store knew, so that their own holders can return
CHANGES_KEPT = 10_000  # a reader further behind reads everyone anew


class Status(enum.StrEnum):
    """What a user is, on all devices together."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    INVISIBLE = "invisible"  # to others: gone


class Change(NamedTuple):
    """One user became ``status`` (None: gone). ``at``: ms since 1970 by the store's clock."""

    user: str
    status: Status | None
    at: int


class Held(NamedTuple):
    """``lapsed``: the store did not know the holder, and holds nobody for it but those just named."""

    lapsed: bool
    hidden: list[Change]


class Everyone(NamedTuple):
    """All who are online after change number ``position``."""

    position: int
    at: int
    statuses: dict[str, Status]


class StoreAway(Exception):
    """The store does not answer; whether the call took effect is not known. Every call may be repeated."""


class StoreLost(Exception):
    """The store is a new one and knows nothing: put back who was online. This call did nothing."""


class ChangesMissed(Exception):
    """The changes asked for are not kept any more: read everyone."""


class PresenceStore(ABC):
    """Four methods write, three read. ``hidden`` and what `release`, `mark` and `sweep` return are
    those whom others stopped seeing by this very call: each such moment is returned to exactly one
    caller, whatever the others do at the same time. ``at`` is that moment.

    All may raise StoreAway, all but `statuses` StoreLost.
    """

    shared: ClassVar[bool]  # it outlives this process, and others read it

    @abstractmethod
    async def hold(
        self, holder: str, users: Mapping[str, Status], *, lease_s: float, returned: bool = False
    ) -> Held:
        """``holder`` lives, for ``lease_s`` from now, and holds these users besides those it held.

        Who was offline takes the status given here; who is online keeps theirs, except that
        INVISIBLE prevails: a process that is late with what it knows exposes nobody.
        ``returned``: the holder could not reach the store for a while, and perhaps others could
        not either: no lease ends before this one.
        """

    @abstractmethod
    async def release(self, holder: str, users: Iterable[str]) -> list[Change]:
        """``holder`` holds these no more; whom nobody holds is gone."""

    @abstractmethod
    async def mark(self, user: str, status: Status) -> list[Change] | None:
        """The user's new status. None, and nothing happened: nobody holds the user."""

    @abstractmethod
    async def sweep(self, *, quiet_s: float) -> list[Change]:
        """Drop the holders whose lease has ended. ``at``: when it did.

        The first sweep after ``quiet_s`` without one drops nobody: if the store itself was away,
        those who are alive can say so before the next.
        """

    @abstractmethod
    async def everyone(self) -> Everyone:
        """All who are online, the invisible included."""

    @abstractmethod
    async def changes(self, after: int, *, wait_s: float) -> list[Change]:
        """The changes that follow number ``after``, in order and without a gap; waits up to
        ``wait_s`` for the first.

        Raises:
            ChangesMissed: not all of them are kept, or the store is another one by now.
        """

    @abstractmethod
    def statuses(self, users: Iterable[str]) -> dict[str, Status]:
        """Of these, who is online, the invisible included. For threads: it may block."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections; nothing is released."""
