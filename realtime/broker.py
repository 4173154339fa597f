"""The channel layer behind bounded queues: the fast path between processes, never waited for.

Every process hears every other. What one has to say at a moment goes to all of them in one message, a
*bundle*; who has no socket on a topic passes its packets over. So opening a channel subscribes to nothing,
and a group commit of fifty messages is published once.

Nothing tells of an outage, so bundles are numbered and each process hears its own: a number that is missing,
of whatever process, tells that something was lost, and no bundle of its own for a while that the broker is
away. What is dropped here, or lost while Redis is away, the log has; the hub's tail finds it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import itertools
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import get_channel_layer
from django.conf import settings

from realtime import topics
from realtime.conf import setting
from realtime.packets import Packet, dump, load
from realtime.redis_servers import shard

logger = logging.getLogger("kith.broker")

QUEUE_LENGTH = 10_000  # packets; beyond it the newest are dropped, and the tail finds them
BUNDLE_BYTES = 256 * 1024  # of bodies, not much more: Redis cuts off who is megabytes behind
ECHO_EVERY_S = 0.5  # who has nothing to say sends an empty bundle
ECHO_MISSING_S = 2.0  # four of them: a slow Redis is not an absent one
LOST_TOGETHER_S = 0.1  # an outage loses bundles of many processes: what follows is done once
RETRY_S = 0.5
FLUSH_AT_EXIT_S = 1.0  # a process that ends gives its last packets this long
MOST_SOURCES = 10_000  # whose numbers are remembered

_CHANNEL_LAYERS = "CHANNEL_LAYERS"  # Channels' setting, unknown to Django

BUNDLE = "kith.bundle"


class _Server:
    """One of the servers that the layer spreads groups over: what waits for it, and what it lets us hear."""

    def __init__(self, index: int, group: str) -> None:
        self.index = index
        self.group = group
        self.idle = asyncio.Event()  # nothing waits, and nothing is on its way
        self.idle.set()
        self.sent = 0  # bundles
        self.heard_at = float("-inf")  # the last bundle of our own
        self.joined = False
        self.available = False
        self._waiting: deque[Packet] = deque()
        self._some = asyncio.Event()  # something waits

    def offer(self, packet: Packet) -> None:
        if len(self._waiting) < QUEUE_LENGTH:
            self._waiting.append(packet)
            self._some.set()
            self.idle.clear()

    async def next(self) -> list[Packet]:
        """What waits, as soon as anything does; nothing, when that is long in coming."""
        if not self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ECHO_EVERY_S):
                    await self._some.wait()
        packets, size = [], 0
        while self._waiting and size < BUNDLE_BYTES:
            packets.append(self._waiting.popleft())
            size += len(packets[-1].body)
        if not self._waiting:
            self._some.clear()
        return packets

    def done(self) -> None:
        """What `next` gave is sent, or lost."""
        if not self._waiting:
            self.idle.set()


def configured() -> bool:
    """Whether several processes share a layer. The in-memory layer is no broker: the hub is the
    whole fast path then."""
    return bool(setting("REDIS_URL"))


class Broker:
    """One process's hold on the channel layer. All methods are called on the event loop.

    ``on_packets`` gets what other processes sent, as it comes. ``on_lost`` is called when something was, or
    may have been: what was sent before must be looked up.
    """

    def __init__(self, *, on_packets: Callable[[list[Packet]], None], on_lost: Callable[[], None]) -> None:
        self._on_packets = on_packets
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._losing: asyncio.TimerHandle | None = None
        self._process = secrets.token_hex(8)
        self._servers = [_Server(index, group) for index, group in enumerate(groups())]
        self._listening = asyncio.Event()  # there is a channel to add to groups
        self._channel = ""
        self._numbers: dict[tuple[str, int], int] = {}  # of the last bundle, by process and server
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def available(self) -> bool:
        """Whether every server answers."""
        return all(server.available for server in self._servers)

    def start(self) -> None:
        layer = get_channel_layer()
        work = [functools.partial(self._receive, layer)]
        work += [functools.partial(self._send, layer, server) for server in self._servers]
        self._tasks = [asyncio.create_task(self._forever(each)) for each in work]

    async def stop(self) -> None:
        """Send what waits, if that is a matter of moments, and end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_AT_EXIT_S):
                for server in self._servers:
                    if server.available:
                        await server.idle.wait()
        if self._losing is not None:
            self._losing.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        layer = get_channel_layer()
        if hasattr(layer, "flush"):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(layer.flush(), RETRY_S)

    def offer(self, packets: Iterable[Packet]) -> None:
        """Send to the other processes, very soon, what there is room for."""
        for packet in packets:
            self._servers[_server_of(packet, len(self._servers))].offer(packet)

    async def _forever(self, work: Callable[[], Any]) -> None:
        """Run ``work`` again after any failure: the layer raises whatever its client raises."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  # the layer's errors are of many libraries
                logger.warning("channel layer: %s: %s", type(error).__name__, error)
                await asyncio.sleep(RETRY_S)

    async def _send(self, layer: Any, server: _Server) -> None:
        while True:
            self._look_for_echo(server)
            await self._listening.wait()
            if not server.joined:
                async with asyncio.timeout(ECHO_MISSING_S):
                    await layer.group_add(server.group, self._channel)
                server.joined = True
            packets = await server.next()
            server.sent += 1
            bundle = _bundle(packets, server.index, self._process, server.sent)
            try:
                async with asyncio.timeout(ECHO_MISSING_S):
                    await layer.group_send(server.group, bundle)
            finally:
                server.done()

    def _look_for_echo(self, server: _Server) -> None:
        if server.available and self._loop.time() - server.heard_at > ECHO_MISSING_S:
            logger.warning("the broker is away: no echo for %s s", ECHO_MISSING_S)
            server.available = False

    async def _receive(self, layer: Any) -> None:
        self._channel = await layer.new_channel()
        for server in self._servers:
            server.joined = False
        self._listening.set()
        while True:
            message = await layer.receive(self._channel)
            if message.get("type") == BUNDLE:
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        process, server = message["process"], message["server"]
        returned = False
        if process == self._process:
            own = self._servers[server]
            returned, own.available, own.heard_at = not own.available, True, self._loop.time()
        else:
            with contextlib.suppress(msgspec.DecodeError):  # another release's; the tail finds them
                self._on_packets(load(message["packets"]))
        if returned or (process and self._is_gap((process, server), message["number"])):
            self._lost()

    def _is_gap(self, source: tuple[str, int], number: int) -> bool:
        """Whether a bundle is missing before this one, which is noted."""
        last = self._numbers.pop(source, None)
        self._numbers[source] = number
        if len(self._numbers) > MOST_SOURCES:
            del self._numbers[next(iter(self._numbers))]  # silent for longest
        return last is not None and number != last + 1

    def _lost(self) -> None:
        if self._losing is None:
            self._losing = self._loop.call_later(LOST_TOGETHER_S, self._tell_lost)

    def _tell_lost(self) -> None:
        self._losing = None
        self._on_lost()


def _bundle(packets: list[Packet], server: int, process: str = "", number: int = 0) -> dict[str, Any]:
    """The layer's message. Without ``process`` nobody can tell whether one is missing."""
    return {"type": BUNDLE, "server": server, "process": process, "number": number, "packets": dump(packets)}


def groups() -> list[str]:
    """For each server that the layer spreads groups over, the group by which processes hear each other."""
    layers: dict[str, dict[str, Any]] = getattr(settings, _CHANNEL_LAYERS)
    config = layers[DEFAULT_CHANNEL_LAYER].get("CONFIG", {})
    count = max(1, len(config.get("hosts", ())))
    found: dict[int, str] = {}
    for number in itertools.count():
        group = topics.bundles(number)
        found.setdefault(shard(f"{config.get('prefix', 'asgi')}__group__{group}", count), group)
        if len(found) == count:
            break
    return [found[index] for index in range(count)]


def _server_of(packet: Packet, count: int) -> int:
    """A topic's packets all go by one server: they come in their order."""
    return shard(packet.topic, count) if count > 1 else 0


# ── processes without a hub: the shell, tasks, management commands ──────────────────────────


class _Sender:
    """A daemon thread with a loop of its own that carries packets to Redis."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._groups = groups()
        self._pending = 0
        self._idle = threading.Condition()
        threading.Thread(target=self._loop.run_forever, name="kith-broker", daemon=True).start()
        atexit.register(self._flush)

    def send(self, packets: list[Packet]) -> None:
        with self._idle:
            if self._pending >= QUEUE_LENGTH:
                return
            self._pending += len(packets)
        asyncio.run_coroutine_threadsafe(self._carry(packets), self._loop)

    async def _carry(self, packets: list[Packet]) -> None:
        layer = get_channel_layer()
        try:
            for index, group in enumerate(self._groups):
                if some := [each for each in packets if _server_of(each, len(self._groups)) == index]:
                    await asyncio.wait_for(layer.group_send(group, _bundle(some, index)), ECHO_MISSING_S)
        except Exception as error:  # noqa: BLE001  # as in Broker._forever
            logger.warning("channel layer: %s: %s; hubs will find it in the log", type(error).__name__, error)
        finally:
            with self._idle:
                self._pending -= len(packets)
                self._idle.notify_all()

    def _flush(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._pending, FLUSH_AT_EXIT_S)


_sender = functools.cache(_Sender)


def send_from_outside(packets: list[Packet]) -> None:
    """Carry packets to the other processes from one without a hub. Returns at once."""
    if configured():
        _sender().send(packets)
