"""A server process's part in presence: it holds its users in the store and tells its watchers.

Two loops, which go on after any failure of what they depend on:

    _keep    what the store holds for this process is made what it should be, every round and
             whenever a user comes or is gone; a round renews the lease and sweeps those of others
    _follow  the store's changes → the view → this process's watchers

Every process reads all changes, and delivers them to its own sockets alone: through the broker,
packets of two processes could overtake each other, and who opens a channel could miss one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error as DatabaseError

from presence.events import CHANNEL, Presence, PresenceState, topic_of
from presence.saving import LastSeenWriter
from presence.store import (
    LIMBO,
    Change,
    ChangesMissed,
    Everyone,
    PresenceStore,
    Status,
    StoreAway,
    StoreLost,
)
from presence.telling import events_of, packet_of
from presence.view import View
from realtime import threads
from realtime.conf import setting
from realtime.errors import Unavailable
from realtime.hub import Hub

logger = logging.getLogger("kith.presence")

ROUND_S = 5.0  # at most: a killed process's users are gone within 10 s after their lease ends
RETRY_S = 0.5
WAIT_S = 1.0  # one read of the changes
FAREWELL_S = 1.0


class Runner:
    """The presence of one process. All methods but `tell_state` are for the hub's event loop."""

    def __init__(self, hub: Hub, store: PresenceStore) -> None:
        self.view = View()
        self._hub = hub
        self._store = store
        self._holder = secrets.token_hex(8)
        self._here: dict[str, Status] = {}  # with a socket here, or in grace; as last known
        self._held: set[str] = set()  # whom the store holds for us, as far as we know
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._last_seen = LastSeenWriter()
        self._position: int | None = None  # None: everyone must be read
        self._lost = False  # the store is a new one, and must be told whom we know
        self._is_away = False
        self._reached = hub.loop.time()  # when the lease was last renewed
        self._next_round = 0.0
        self._ticked = hub.loop.time()
        self._stale = False  # this process stood still, and what it knows is too old
        self._writing = asyncio.Lock()  # what the store is told, in the order in which it is told
        self._wake = asyncio.Event()

    def start(self) -> None:
        self._hub.spawn(self._live())

    async def _live(self) -> None:
        """Until the hub stops: it cancels this, and waits for the farewell."""
        works = (self._forever(self._keep), self._forever(self._follow), self._tick(), self._last_seen.run())
        try:
            await asyncio.gather(*works)
        finally:
            for timer in self._leaving.values():
                timer.cancel()
            await self._farewell()

    # ── users of this process ───────────────────────────────────────────────────────────────

    def came(self, user: str) -> None:
        """The user's first socket here."""
        if timer := self._leaving.pop(user, None):
            timer.cancel()
        if user not in self._here:
            self._here[user] = self.view.statuses.get(user, Status.ONLINE)
            self._wake.set()

    def left(self, user: str) -> None:
        """The last one is gone. A page that is loaded again returns within the grace time."""
        self._leaving[user] = self._hub.loop.call_later(setting("KITH_PRESENCE_GRACE_S"), self._gone, user)

    def _gone(self, user: str) -> None:
        del self._leaving[user]
        self._here.pop(user, None)
        self._wake.set()

    def is_here(self, user: str) -> bool:
        return user in self._here

    async def set_status(self, user: str, status: Status) -> None:
        """A command of the user's.

        Raises:
            Unavailable: the store does not answer; the status may have changed or not.
        """
        try:
            async with self._writing:
                hidden = await self._store.mark(user, status)
        except StoreAway as error:
            raise Unavailable("Presence is away; try again.") from error
        except StoreLost as error:
            self._lose()
            raise Unavailable("Presence is starting anew; try again.") from error
        if user in self._here:
            self._here[user] = status
        if hidden is None:  # the round that holds the user for the first time says it
            self._held.discard(user)
        self._last_seen.note(hidden or [])
        self._wake.set()

    # ── the store ───────────────────────────────────────────────────────────────────────────

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except StoreLost:
                self._lose()
            except StoreAway as error:
                self._away(error)
                await asyncio.sleep(RETRY_S)

    def _lose(self) -> None:
        logger.warning("the presence store lost what it knew; it is told anew")
        self._lost, self._position = True, None
        self._wake.set()

    def _away(self, error: StoreAway) -> None:
        if not self._is_away:
            logger.warning("the presence store is away: %s", error)
        self._is_away = True
        # Of a call that failed nobody knows whether it took effect: hold again who should be held.
        # Who should not still is in `_held`, and is released again.
        self._held.difference_update(self._here)

    async def _keep(self) -> None:
        async with self._writing:
            await self._round()
        delay = self._next_round - self._hub.loop.time()
        with contextlib.suppress(TimeoutError):  # nobody came or went
            await asyncio.wait_for(self._wake.wait(), max(delay, 0))

    async def _round(self) -> None:
        self._wake.clear()
        lease: float = setting("KITH_PRESENCE_LEASE_S")
        await self._put_back(lease)
        new = {user: status for user, status in self._here.items() if user not in self._held}
        # Leases are renewed four times in their life: an outage of less than half of one ends none.
        returned = self._hub.loop.time() - self._reached > lease / 2
        held = await self._store.hold(self._holder, new, lease_s=lease, returned=returned)
        self._last_seen.note(held.hidden)
        if held.lapsed and self._held:
            self._held.clear()
            self._wake.set()
        self._held.update(new)
        self._is_away, self._reached = False, self._hub.loop.time()
        gone = self._held - self._here.keys()
        if gone:
            self._last_seen.note(await self._store.release(self._holder, gone))
            self._held -= gone
        if self._hub.loop.time() >= self._next_round:
            self._last_seen.note(await self._store.sweep(quiet_s=lease / 2))
            self._next_round = self._hub.loop.time() + min(ROUND_S, lease / 4)
            self.view.forget(int(time.time() * 1000))

    async def _put_back(self, lease: float) -> None:
        """A store that lost everything gets back whom we know, for one lease: until then their
        own processes can return, and nobody is told that anyone left."""
        if not self._lost:
            return
        if not self._stood_still(lease):
            await self._store.hold(LIMBO, self.view.statuses, lease_s=lease)
        self._held.clear()
        self._lost = False

    async def _tick(self) -> None:
        while True:
            lease: float = setting("KITH_PRESENCE_LEASE_S")
            await asyncio.sleep(lease / 4)
            self._stale = self._stood_still(lease)
            self._ticked = self._hub.loop.time()

    def _stood_still(self, lease: float) -> bool:
        """Whether this process was stopped for so long that others dropped it, and has not heard since."""
        return self._stale or self._hub.loop.time() - self._ticked > lease

    # ── watchers ────────────────────────────────────────────────────────────────────────────

    async def _follow(self) -> None:
        after = self._position
        if after is None:
            everyone = await self._everyone()
            self._position, self._stale = everyone.position, False
            self._remember(everyone.statuses.items())
            await self._tell(self.view.replace(everyone))
            return
        try:
            changes = await self._store.changes(after, wait_s=WAIT_S)
        except ChangesMissed:
            self._position = None
            return
        if self._position == after:  # else the store was lost meanwhile
            self._position, self._stale = after + len(changes), False
            self._remember((user, status) for user, status, _ in changes)
            await self._tell(self.view.apply(changes))

    async def _everyone(self) -> Everyone:
        async with self._writing:
            await self._put_back(setting("KITH_PRESENCE_LEASE_S"))
            return await self._store.everyone()

    def _remember(self, statuses: Any) -> None:
        for user, status in statuses:
            if status is not None and user in self._here:
                self._here[user] = status

    async def _tell(self, changes: list[Change]) -> None:
        """To those of this process who watch; who opens the channel after this reads the view."""
        watched = [change for change in changes if topic_of(change.user).name in self._hub.streams]
        while watched:
            try:
                events = await threads.read(events_of, watched)
            except DatabaseError as error:
                logger.warning("names cannot be read: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            for event in events:
                self._hub.receive(packet_of(event))
            return

    def tell_state(self, socket_id: str, people: list[Presence]) -> None:
        """Tell a socket its state frame anew: of these, who is online at that very moment.
        Thread-safe. (A frame made on a thread could be overtaken by what changes meanwhile.)"""
        self._hub.loop.call_soon_threadsafe(self._tell_state, socket_id, people)

    def _tell_state(self, socket_id: str, people: list[Presence]) -> None:
        if (socket := self._hub.sockets.get(socket_id)) and CHANNEL in socket.subscriptions:
            socket.tell(PresenceState(users=seen_now(self.view, people)).frame(CHANNEL))

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    async def _farewell(self) -> None:
        """Shorten the lease, so that who does not return elsewhere is soon gone. Where that fails,
        the lease ends by itself. A store of this process alone ends with it."""
        try:
            async with asyncio.timeout(FAREWELL_S):
                if self._store.shared:
                    await self._store.hold(self._holder, {}, lease_s=setting("KITH_PRESENCE_GRACE_S"))
                else:
                    self._last_seen.note(await self._store.release(self._holder, self._held))
                await self._store.close()
                await self._last_seen.save()
        except (StoreAway, StoreLost, DatabaseError, TimeoutError) as error:
            logger.warning("presence ended without farewell: %s: %s", type(error).__name__, error)


def seen_now(view: View, people: list[Presence]) -> list[Presence]:
    """Of these, those whom others see online, with their statuses."""
    return [
        Presence(person.user_id, person.full_name, status.value, person.last_seen)
        for person in people
        if (status := view.seen(str(person.user_id)))
    ]
