"""The hub: this process's topics and who listens to them; order, holes and fan-out.

It runs on the event loop, and nothing here awaits between looking at a stream and writing to
its sockets; so a subscription that finds itself level with the stream is live at once.
Whatever the fast path lost, doubled or swapped, the log decides: `reading` finds what is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from realtime import fanout, gathering, gauges, holding, metrics, pruning, signals
from realtime.admission import Admission
from realtime.auth import identify_each_at
from realtime.broker import Broker, configured
from realtime.conf import setting
from realtime.gathering import Gatherer
from realtime.inbox import Inbox
from realtime.opening import read_snapshots, read_states
from realtime.packets import Packet
from realtime.reading import LogReader
from realtime.streams import Stream, reroutes, silent

if TYPE_CHECKING:
    from realtime.sockets import Socket
    from realtime.taps import Tap

logger = logging.getLogger("kith.hub")

FLUSH_S = 2.0  # a client that takes nothing for so long is not waited for when the process stops


class Hub:
    """All streams and sockets of one process. Make one with `running`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.streams: dict[str, Stream] = {}
        self.sockets: dict[str, Socket] = {}
        self.users: dict[str, set[Socket]] = {}  # sockets by their user's key
        self.reader = LogReader(self)
        self.draining = False  # what clients send from now on is not handled: nobody acknowledged it
        self.admission = Admission()
        self.sign_ins = Gatherer(identify_each_at)
        self.snapshots = Gatherer(read_snapshots)
        self.states = Gatherer(read_states)
        # Who reads a state holds up the events of its topics: not while it waits for others.
        self.reading_states = asyncio.Semaphore(gathering.MOST)
        self._handling = 0  # commands under way
        self._idle = asyncio.Event()
        self.broker: Broker | None = None
        # More waits for them than their budget, since they were last looked at.
        self.slow: set[Socket] = set()
        self._holding = holding.here()
        self._holding.tell, self._holding.size = self.receive, self._size
        self._committed = Inbox(self.loop.call_soon_threadsafe, self._hand_on)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Begin to listen: to commits of this process, to the broker, and to the log."""
        await self.reader.start()
        if configured():
            heard = Inbox(self.loop.call_soon, lambda packets: self.receive(*packets))
            self.broker = Broker(on_packets=heard.put, on_lost=self._broker_lost)
            self.broker.start()
        fanout.connect(self._submit)
        self.spawn(self.reader.tail_forever())
        self.spawn(pruning.prune_forever())
        self.spawn(gauges.measure_forever(self))
        signals.hub_started.send(type(self), hub=self)

    async def stop(self) -> None:
        signals.hub_stopping.send(type(self), hub=self)
        fanout.disconnect(self._submit)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.broker is not None:
            await self.broker.stop()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run ``work`` beside; its failure is logged, its reference kept."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background work failed", exc_info=error)

    # ── joining ─────────────────────────────────────────────────────────────────────────────

    def join(self, tap: Tap) -> Stream:
        """From now on the stream keeps a backlog for this tap, until it is live or leaves."""
        name = tap.topic
        stream = self.streams.get(name)
        if stream is None:
            stream = self.streams[name] = Stream(name)
        stream.taps[tap.socket] = tap
        stream.waiting.add(tap)
        return stream

    def leave(self, tap: Tap) -> None:
        stream = tap.stream
        stream.taps.pop(tap.socket, None)
        stream.live.pop(tap.socket, None)
        stream.stop_waiting(tap)
        if not stream.taps and self.streams.get(stream.name) is stream:
            del self.streams[stream.name]

    def begin_anew(self) -> None:
        """The log is another: every client comes back, to streams that know nothing of the one before."""
        self.streams = {}  # whoever holds one of the old ones is on the way out
        self._send_back()

    # ── fan-out ─────────────────────────────────────────────────────────────────────────────

    def _submit(self, packets: list[Packet]) -> None:
        """`fanout`'s entrance: any thread, after a commit."""
        if not self.loop.is_closed():
            self._committed.put(packets)

    def _hand_on(self, packets: list[Packet]) -> None:
        self._holding.put(packets)
        if self.broker is not None:  # afterwards, for it takes as long as some sockets do
            self.loop.call_soon(self.broker.offer, packets)

    def _size(self, topic: str) -> int:
        stream = self.streams.get(topic)
        return 0 if stream is None else len(stream.live)

    def receive(self, *packets: Packet) -> None:
        """Packets from this process, the broker or the log, in any order, perhaps again. Those of one topic
        are told in as few writes as can be: topics have no order among each other."""
        runs: dict[str, list[Packet]] = {}
        for packet in packets:
            if packet.event_id <= self.reader.last_id or self.reader.note(packet):
                runs.setdefault(packet.topic, []).append(packet)
        for name, run in runs.items():
            if (stream := self.streams.get(name)) is not None:
                self._receive(stream, run)

    def _receive(self, stream: Stream, packets: list[Packet]) -> None:
        for packet in packets:
            if not packet.seq:
                self._deliver_early(stream)
                self._pass_on(stream, packet)
            elif stream.head is None or packet.seq > stream.head:
                stream.early[packet.seq] = packet
        self._deliver_early(stream)
        if stream.early and stream.head is not None:
            self.reader.note_hole(stream)

    def settle(self, stream: Stream, seq: int) -> None:
        """``seq`` was the head in the log at some moment: counting starts there, with what came early."""
        stream.settle(seq)
        self._deliver_early(stream)
        if stream.early:
            self.reader.note_hole(stream)
        if stream.unread:
            self.reader.look(stream)

    def _deliver_early(self, stream: Stream) -> None:
        while stream.early and stream.head is not None and (run := stream.next_run()):
            self._deliver(stream, run)

    def _deliver(self, stream: Stream, run: list[Packet]) -> None:
        """The next durable events, to every live socket."""
        ids = [stream.last_id, *(packet.event_id for packet in run)]
        if any(following <= before for before, following in pairwise(ids)):
            self.reader.now()  # ids are given again: is it still the same log?
            return
        packet = run[-1]
        stream.head, stream.last_id = packet.seq, packet.event_id
        stream.keep(run)
        if stream.live and not silent(packet):
            self._write(stream, run)
            metrics.delivered.inc(len(stream.live) * len(run))
        # What the packet changes is applied to whoever got it, also to those who fall behind with it.
        if packet.revokes is not None:
            self._revoke(stream, packet.revokes)
        if reroutes(packet):
            for tap in list(stream.live.values()):
                tap.reroute()
        self._leave_slow_behind()

    def _write(self, stream: Stream, run: list[Packet]) -> None:
        """The innermost loop of all: one call for each socket to which everyone's frame goes as it is."""
        withheld = bool(run[0].withheld)
        frames = run[0].frame if len(run) == 1 else b"".join([packet.frame for packet in run])
        for tap in stream.live.values():
            if tap.framed and not withheld:
                tap.socket.put(frames)
            else:
                for packet in run:
                    tap.write(packet)

    def _leave_slow_behind(self) -> None:
        while self.slow:
            socket = self.slow.pop()
            if socket.full and not socket.closing:
                socket.fall_behind()

    def _revoke(self, stream: Stream, user_key: str) -> None:
        """The user lost the topic: nothing after this packet reaches the user's live sockets.
        Sockets that are behind find the same event in the log, in its place."""
        for tap in [tap for tap in stream.live.values() if tap.socket.user_key == user_key]:
            tap.revoked()

    def _pass_on(self, stream: Stream, packet: Packet) -> None:
        """An event without a number: LATEST waits for those who are behind, EPHEMERAL does not."""
        framed = not packet.withheld
        for tap in list(stream.taps.values()):
            socket = tap.socket
            if socket.id == packet.skip_socket:
                continue
            if socket.full and tap.live:
                socket.fall_behind()
            if not tap.live:
                if packet.key:
                    socket.keep_latest(packet)
            elif framed and tap.framed:
                socket.put(packet.frame)
            else:
                tap.write(packet)

    def _broker_lost(self) -> None:
        """Something of other processes: the log has what is durable, and states tell the rest."""
        self.reader.now()
        for socket in list(self.sockets.values()):
            socket.tell_states()

    # ── the end ─────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def handling(self) -> Iterator[None]:
        """A command is under way: `drain` waits for its answer to be written."""
        self._handling += 1
        try:
            yield
        finally:
            self._handling -= 1
            if not self._handling:
                self._idle.set()

    def _send_back(self) -> list[Socket]:
        """Ask every client to come back, each at its own moment."""
        sockets = list(self.sockets.values())
        window_ms = max(setting("KITH_RECONNECT_MS"), 1000 * len(sockets) // setting("KITH_RECONNECTS_PER_S"))
        for socket in sockets:
            socket.restart(window_ms)
        return sockets

    async def drain(self) -> None:
        """The process is about to stop: answer what is under way, then send every client back."""
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(setting("KITH_DRAIN_S")):
                while self._handling:
                    self._idle.clear()
                    await self._idle.wait()
        flushed = [asyncio.ensure_future(socket.flushed()) for socket in self._send_back()]
        if flushed:
            await asyncio.wait(flushed, timeout=FLUSH_S)
        for socket in list(self.sockets.values()):
            socket.abort_if_stuck()


_hubs: dict[asyncio.AbstractEventLoop, asyncio.Task[Hub]] = {}  # one, but in tests


async def running() -> Hub:
    """The hub of the running loop, started if need be."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = loop.create_task(_start())
    return await asyncio.shield(_hubs[loop])


async def _start() -> Hub:
    hub = Hub()
    await hub.start()
    return hub


async def stop() -> None:
    """Stop the running loop's hub, if there is one."""
    if (starting := _hubs.pop(asyncio.get_running_loop(), None)) is not None:
        await (await starting).stop()


def current() -> Hub | None:
    """The hub of this process, if it runs: for health and metrics."""
    started = [task.result() for task in _hubs.values() if task.done() and not task.exception()]
    return started[-1] if started else None
