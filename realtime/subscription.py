"""One socket's hold on one channel: its taps, its rights, its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError

from realtime import protocol, threads
from realtime.channels import Channel
from realtime.conf import setting
from realtime.cursors import Cursor
from realtime.errors import Forbidden
from realtime.opening import Question, Snapshot
from realtime.replaying import Replayer
from realtime.states import StateTeller
from realtime.tallies import ALL_SEEN

if TYPE_CHECKING:
    from realtime.sockets import Socket
    from realtime.taps import Tap

RETRY_S = 1.0  # the database is away: try again


class ClosedMeanwhile(Exception):
    """The channel was closed while it was being opened or rerouted: let go of everything again."""


class Subscription:
    """One socket's hold on one channel: its taps, its rights, its cursor."""

    __slots__ = (
        *("socket", "channel", "name", "taps", "state", "unseen", "is_closed"),
        *("_replayer", "_caught_up", "_rerouting", "_reroute_from", "_changed", "_frozen"),
    )

    def __init__(self, socket: Socket, channel: Channel) -> None:
        self.socket = socket
        self.channel = channel
        self.name = channel.name
        self.taps: dict[str, Tap] = {}
        self.state = StateTeller(self)
        self.unseen = ALL_SEEN  # users whose acts it does not tell, and what they add to its totals
        self.is_closed = False
        self._replayer = Replayer(self)
        self._caught_up = False
        self._rerouting = False
        self._reroute_from: int | None = None  # a horizon below what made the reroute necessary
        self._changed = False  # since the rights were last looked at
        self._frozen: int | None = None  # the horizon below which it has everything; None: the hub's

    async def open(self, since: str | None, hello: dict[str, Any]) -> None:
        """Write ``hello`` with the channel's keys, the replay, the state frame and `caught_up`;
        from then on the hub writes.

        Raises:
            Forbidden, Overloaded, DatabaseError: nothing was written, the channel is not open.
        """
        try:
            async with self.socket.hub.admission:
                found = await self._join_and_read(since, most=setting("KITH_REPLAY_LIMIT"), with_state=True)
            await self._tell(found, hello)
        except ClosedMeanwhile:  # a tap that it shares was revoked
            raise Forbidden from None
        except BaseException:  # whatever an app's channel raises
            self.close()
            raise

    async def _tell(self, found: Snapshot, hello: dict[str, Any]) -> None:
        self.socket.subscriptions[self.name] = self
        self.channel.is_open = True
        self._frozen = found.horizon
        self._start_reroute()
        start = found.replay.start(found.cursor)
        opened = protocol.opened(self.name, cursor=str(start), recovered=found.replay.recovered)
        self.socket.tell(hello | opened)
        firsts = await self._replayer.write(found)
        await self._await_shared(found)
        if self.channel.has_state() and (self.state.is_stale or self._shares()):
            await self.state.tell(lambda: self._tell_caught_up(found, firsts))
        elif not self.is_closed:  # else a tap that it shared was revoked meanwhile
            if found.state is not None:
                self.socket.tell(found.state)
            self._tell_caught_up(found, firsts)

    def _tell_caught_up(self, found: Snapshot, firsts: Mapping[str, int]) -> None:
        self.state.opened()
        self.socket.tell(protocol.caught_up(self.name, str(found.cursor)))
        self._caught_up = True
        self._settle(found, firsts)
        self._start_reroute()

    def _shares(self) -> bool:
        """Whether another channel of this socket tells of a topic, and so what is newer than the snapshot."""
        return any(tap.is_placed for tap in self.taps.values())

    async def _join_and_read(self, since: str | None, *, most: int | None, with_state: bool) -> Snapshot:
        channel = self.channel
        if channel.several_topics:
            names = await threads.read(channel.topic_names)
        else:
            names = channel.topic_names()
        while not self.is_closed:
            for name in names:
                self._tap(name)
            found, is_whole = await self._read(Question(channel, since, most, {}, with_state))
            names = found.names
            # Else it was closed, or gained a topic in between: join that, too.
            if is_whole and self.taps.keys() >= set(names):
                self._keep_to(found)
                return found
        raise ClosedMeanwhile

    async def _read(self, question: Question) -> tuple[Snapshot, bool]:
        """Its answer, and whether that knows what is written by now."""
        with self._keeping_backlogs():
            question.written = self._written()
            found = await self.socket.hub.snapshots.ask(question)
            return found, self._note_written(found, question.written)

    def _keep_to(self, found: Snapshot) -> None:
        """Let go of other topics, and hide whom this user does not see."""
        for name in self.taps.keys() - set(found.names):
            self._untap(name)
        self.unseen = found.unseen
        for tap in self.taps.values():
            tap.hide()

    @contextmanager
    def _keeping_backlogs(self) -> Iterator[None]:
        """Inside, the streams keep what they deliver."""
        streams = [tap.stream for tap in self.taps.values()]
        for stream in streams:
            stream.waiting.add(self)
        try:
            yield
        finally:
            for stream in streams:
                stream.stop_waiting(self)

    def _written(self) -> dict[str, int]:
        """By topic: the seq up to which nothing will be written any more, by a tap or a replay."""
        written = {name: seq for name, tap in self.taps.items() if (seq := tap.written) is not None}
        for name, floor in self._replayer.floors():
            written[name] = min(floor, written.get(name, floor))
        return written

    def _note_written(self, found: Snapshot, before: Mapping[str, int]) -> bool:
        """Let ``found`` know what was written while it was read. False: it does not reach back as far as it
        must, or not on to here: read again. ``before``: what was written before it was read."""
        if not found.unseen.users:
            return True
        heads = {name: head.seq for name, head in found.heads.items() if name in self.taps}
        if any(seq < before.get(name, heads[name]) for name, seq in self._written().items() if name in heads):
            return False
        for name, head in heads.items():
            packets = self.taps[name].written_since(head)
            if packets is None:
                return False
            for packet in packets:
                found.unseen.note(packet)
        return True

    async def _await_shared(self, found: Snapshot) -> None:
        """What another channel of this socket is to write comes before the cursor that tells of it: else
        whoever breaks in between never gets it here."""
        hub = self.socket.hub
        while (late := self._late(found)) and not (self.is_closed or self.socket.closing):
            try:
                await hub.reader.fill([tap.stream for tap in late if tap.live])
            except DatabaseError:
                await asyncio.sleep(RETRY_S)
            await self.socket.level()

    def _late(self, found: Snapshot) -> list[Tap]:
        """Shared taps that have not written all up to the snapshot."""
        return [
            tap
            for name, tap in self.taps.items()
            if tap.is_placed and (tap.written or 0) < found.heads[name].seq
        ]

    def _settle(self, found: Snapshot, firsts: Mapping[str, int]) -> None:
        for tap in self.taps.values():
            head = found.heads[tap.topic].seq
            start = firsts.get(tap.topic, head + 1) - 1
            if tap.is_placed:
                tap.start = min(tap.start, start)
            else:
                tap.settle(head, start)
        self.socket.chase()

    def _tap(self, name: str) -> None:
        if name not in self.taps:
            tap = self.taps[name] = self.socket.tap(name)
            tap.subscriptions.add(self)

    def _untap(self, name: str) -> None:
        self.socket.untap(self.taps.pop(name), self)

    def close(self) -> None:
        """Let go of every topic; nothing is told."""
        self.is_closed = True
        self.channel.is_open = False
        if self.socket.subscriptions.get(self.name) is self:
            del self.socket.subscriptions[self.name]
        for name in list(self.taps):
            self._untap(name)

    def lose(self, topic: str) -> None:
        """The user lost the right to one topic: of several, the others go on."""
        if topic in self.taps:
            if self.channel.several_topics:
                self._untap(topic)
                self.reroute()  # it may have been gained again: topics have no order among each other
            else:
                was_open = self.channel.is_open  # else `open` refuses it
                self.close()
                if was_open:
                    self.socket.on_lost(self)

    # ── rights that changed ─────────────────────────────────────────────────────────────────

    def freeze(self) -> None:
        """A topic falls behind: from now on the hub's horizon runs ahead of this channel's."""
        if self._frozen is None:
            self._frozen = self.socket.hub.reader.horizon

    def thaw(self) -> None:
        """Every topic is live again."""
        if self._caught_up and not self._rerouting:
            self._frozen = None

    def reroute(self) -> None:
        """Ask again which topics belong to this channel, and whether it is still allowed.

        Called when the event that changed them is delivered: its transaction lies above the
        horizon below which this channel has everything, so gained topics are read from there.
        """
        horizon = self.socket.hub.reader.horizon if self._frozen is None else self._frozen
        self._reroute_from = horizon if self._reroute_from is None else min(horizon, self._reroute_from)
        self._changed = True
        self._start_reroute()

    def _start_reroute(self) -> None:
        if not self._rerouting and self._reroute_from is not None:
            self._rerouting = True
            self.socket.hub.spawn(self._reroute())

    async def _reroute(self) -> None:
        try:
            while self.taps and (horizon := self._reroute_from) is not None:
                try:
                    if self._caught_up:
                        self._reroute_from = None
                        await self._gain_and_drop(horizon)
                    elif self._changed and self.channel.is_open:
                        self._changed = False
                        await self._look_again()
                    else:
                        return  # what is gained waits for the opening, whose taps it would settle elsewhere
                except DatabaseError:
                    self._reroute_from, self._changed = horizon, True
                    await asyncio.sleep(RETRY_S)
        except ClosedMeanwhile:
            self.close()
        except Forbidden:
            self.close()
            self.socket.on_lost(self)
        finally:
            self._rerouting = False
            if all(tap.live for tap in self.taps.values()):
                self.thaw()

    async def _look_again(self) -> None:
        """Amid the opening: what is lost, and whose acts are hidden from here on."""
        while not self.is_closed:
            found, is_whole = await self._read(Question(self.channel, None, None, {}, with_state=False))
            if is_whole:
                self._keep_to(found)
                return

    async def _gain_and_drop(self, horizon: int) -> None:
        before = dict(self.taps)
        since = Cursor("horizon", horizon, self.socket.hub.reader.epoch)
        # No cursor of the client's: no limit.
        found = await self._join_and_read(str(since), most=None, with_state=False)
        # A topic that was lost and gained again meanwhile has a new tap, that has written nothing.
        kept = [name for name, tap in before.items() if self.taps.get(name) is tap]
        self._settle(found, await self._replayer.write(found, kept))
        if self.channel.state_follows_topics:
            self.state.renew()

    # ── frames told later ───────────────────────────────────────────────────────────────────

    def tell_cursor(self, horizon: int) -> None:
        """Everything below ``horizon`` was sent, unless a topic is still behind or being gained."""
        if not (self.channel.several_topics and self._caught_up) or self._rerouting:
            return
        if all(tap.live for tap in self.taps.values()):
            self.socket.tell(
                protocol.cursor(self.name, str(Cursor("horizon", horizon, self.socket.hub.reader.epoch)))
            )
