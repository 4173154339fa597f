"""The channel layer behind a bounded queue: the fast path between processes, never waited for.

What is dropped here, or lost while Redis is away, the log has; the hub's tail finds it. What
this file knows of channels-redis' pub/sub layer: a `group_add` that fails in an outage is never
repeated by the layer, so wanted groups are asserted until they hold; and nothing tells of an
outage, so each process sends itself an echo and counts a missing one as "away".
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
ECHO_EVERY_S = 0.5
ECHO_MISSING_S = 2.0  # four echoes: a slow Redis is not an absent one
RETRY_S = 0.5
FLUSH_AT_EXIT_S = 1.0  # a process that ends gives its last packets this long

_CHANNEL_LAYERS = "CHANNEL_LAYERS"  # Channels' setting, unknown to Django

ECHO, PACKET = "kith.echo", "kith.packet"


class _Server:
    """One of the servers that the layer spreads groups over: what waits for it, and how it answers."""

    def __init__(self, echo_group: str) -> None:
        self.echo_group = echo_group
        self.outgoing: asyncio.Queue[Packet] = asyncio.Queue(QUEUE_LENGTH)
        self.last_echo = float("-inf")
        self.echoes_sent = 0
        self.echoes_heard = 0  # the number of the last one
        self.echo_held = False
        self.available = False


def configured() -> bool:
    """Whether several processes share a layer. The in-memory layer is no broker: the hub is the
    whole fast path then."""
    return bool(setting("REDIS_URL"))


class Broker:
    """One process's hold on the channel layer. All methods are called on the event loop.

    ``on_packet`` gets what other processes sent, as it comes. ``on_held`` gets topics that are received from
    now on: what was sent before must be looked up. ``on_return`` is called when echoes come back
    after an outage, of which the same is true for every topic.
    """

    def __init__(
        self,
        *,
        on_packet: Callable[[list[Packet]], None],
        on_held: Callable[[set[str]], None],
        on_return: Callable[[], None],
    ) -> None:
        self._on_packet = on_packet
        self._on_held = on_held
        self._on_return = on_return
        self._process = secrets.token_hex(8)
        self._servers = _servers(self._process)
        self._wanted: dict[str, str] = {}  # group: topic, that should hold
        self._held: set[str] = set()
        self._listening = asyncio.Event()  # there is a channel to add to groups
        self._changed = asyncio.Event()
        self._round = asyncio.Event()  # set, and replaced, when groups were asserted
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def available(self) -> bool:
        """Whether every server answers."""
        return all(server.available for server in self._servers)

    def start(self) -> None:
        layer = get_channel_layer()
        work = [functools.partial(self._receive, layer), functools.partial(self._assert_groups, layer)]
        for server in self._servers:
            work += [functools.partial(each, layer, server) for each in (self._send, self._echo)]
        self._tasks = [asyncio.create_task(self._forever(each)) for each in work]

    async def stop(self) -> None:
        """Send what waits, if that is a matter of moments, and end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_AT_EXIT_S):
                for server in self._servers:
                    if server.available:
                        await server.outgoing.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        layer = get_channel_layer()
        if hasattr(layer, "flush"):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(layer.flush(), RETRY_S)

    def offer(self, packet: Packet) -> None:
        """Send to the other processes, some time soon, if there is room."""
        with contextlib.suppress(asyncio.QueueFull):
            self._server_of(topics.group(packet.topic)).outgoing.put_nowait(packet)

    def want(self, topic: str) -> None:
        if topics.is_here(topic):
            return
        self._wanted[topics.group(topic)] = topic
        self._changed.set()

    def unwant(self, topic: str) -> None:
        self._wanted.pop(topics.group(topic), None)
        self._changed.set()

    def holds(self, names: Iterable[str]) -> bool:
        """Whether these topics are received; so they are, as far as can be, where the broker is away."""
        groups = {topics.group(name) for name in names if not topics.is_here(name)}
        return not self.available or groups <= self._held

    async def wait_held(self, names: Iterable[str], *, within: float) -> None:
        """Return when these topics are received, or the broker is away, or ``within`` seconds have passed."""
        names = list(names)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self.holds(names):
                    await self._round.wait()

    async def _forever(self, work: Callable[[], Any]) -> None:
        """Run ``work`` again after any failure: the layer raises whatever its client raises."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  # the layer's errors are of many libraries
                logger.warning("channel layer: %s: %s", type(error).__name__, error)
                await asyncio.sleep(RETRY_S)

    def _server_of(self, group: str) -> _Server:
        return self._servers[shard(group, len(self._servers))]

    async def _send(self, layer: Any, server: _Server) -> None:
        while True:
            packet = await server.outgoing.get()
            message = {"type": PACKET, "from": self._process, "packet": dump(packet)}
            try:
                await layer.group_send(topics.group(packet.topic), message)
            finally:
                server.outgoing.task_done()

    async def _receive(self, layer: Any) -> None:
        self._channel = await layer.new_channel()
        self._held.clear()
        for server in self._servers:
            server.echo_held = False
        self._listening.set()
        self._changed.set()
        while True:
            message = await layer.receive(self._channel)
            if message["type"] == ECHO:
                self._heard(self._servers[message["server"]], message["number"])
            elif message["from"] != self._process:
                with contextlib.suppress(msgspec.DecodeError):  # another release's; the tail finds it
                    self._on_packet([load(message["packet"])])

    async def _assert_groups(self, layer: Any) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            added: set[str] = set()
            try:
                for group in self._wanted.keys() - self._held:
                    if not self._server_of(group).available:
                        continue  # until its echo returns: the others do not wait for it
                    await asyncio.wait_for(layer.group_add(group, self._channel), ECHO_MISSING_S)
                    self._held.add(group)
                    added.add(self._wanted.get(group, ""))
                for group in self._held - self._wanted.keys():
                    await layer.group_discard(group, self._channel)
                    self._held.discard(group)
            except BaseException:
                self._changed.set()
                raise
            finally:
                self._on_held(added)
                self._round.set()
                self._round = asyncio.Event()

    async def _echo(self, layer: Any, server: _Server) -> None:
        loop, index = asyncio.get_running_loop(), self._servers.index(server)
        while True:
            if server.available and loop.time() - server.last_echo > ECHO_MISSING_S:
                logger.warning("the broker is away: no echo for %s s", ECHO_MISSING_S)
                server.available = False
            await self._listening.wait()
            if not server.echo_held:
                await asyncio.wait_for(layer.group_add(server.echo_group, self._channel), ECHO_MISSING_S)
                server.echo_held = True
            server.echoes_sent += 1
            echo = {"type": ECHO, "server": index, "number": server.echoes_sent}
            sending = layer.group_send(server.echo_group, echo)
            await asyncio.wait_for(sending, ECHO_MISSING_S)
            await asyncio.sleep(ECHO_EVERY_S)

    def _heard(self, server: _Server, number: int) -> None:
        """One echo missing between two is an outage as well, shorter than what counts as away."""
        server.last_echo = asyncio.get_running_loop().time()
        gap = number > server.echoes_heard + 1
        server.echoes_heard = number
        if gap or not server.available:
            server.available = True
            self._changed.set()
            self._on_return()


def _servers(process: str) -> list[_Server]:
    """One for each server that the layer spreads groups over, with an echo group that this one carries."""
    layers: dict[str, dict[str, Any]] = getattr(settings, _CHANNEL_LAYERS)
    hosts = layers[DEFAULT_CHANNEL_LAYER].get("CONFIG", {}).get("hosts", ())
    count = max(1, len(hosts))
    groups = (topics.echo_group(f"{process}.{number}") for number in itertools.count())
    found: dict[int, str] = {}
    while len(found) < count:
        group = next(groups)
        found.setdefault(shard(group, count), group)
    return [_Server(found[index]) for index in range(count)]


# ── processes without a hub: the shell, tasks, management commands ──────────────────────────


class _Sender:
    """A daemon thread with a loop of its own that carries packets to Redis."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
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
            for packet in packets:
                message = {"type": PACKET, "from": "", "packet": dump(packet)}
                await asyncio.wait_for(layer.group_send(topics.group(packet.topic), message), ECHO_MISSING_S)
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
