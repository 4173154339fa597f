"""Running one command of a channel: schema, rate, transaction. Used by every transport."""

from __future__ import annotations

import asyncio
from typing import Any

from realtime import batch, limits, metrics
from realtime.channels import Channel
from realtime.commands import CHANGE, SIGNAL, Command
from realtime.errors import RateLimited, UnknownType
from realtime.protocol import Envelope


class Held:
    """Signals beyond their rate: of each kind the newest waits until the rate allows it."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: dict[str, dict[str, Any]] = {}

    async def still_allowed(self, channel: Channel) -> bool:
        """Asked when it may be told at last."""
        return channel.is_open

    def keep(self, command: Command, channel: Channel, arguments: dict[str, Any], delay: float) -> None:
        """Older ones of its kind are forgotten."""
        key = f"{channel.user.pk} {channel.name} {command.name}"
        if key not in self.waiting:
            asyncio.get_running_loop().call_later(delay, self._release, command, channel, key)
        self.waiting[key] = arguments

    def clear(self) -> None:
        self.waiting.clear()

    def _release(self, command: Command, channel: Channel, key: str) -> None:
        if (arguments := self.waiting.pop(key, None)) is not None:
            task = asyncio.ensure_future(self._tell(command, channel, arguments))
            _telling.add(task)
            task.add_done_callback(_told)

    async def _tell(self, command: Command, channel: Channel, arguments: dict[str, Any]) -> None:
        if await self.still_allowed(channel):
            await _execute(command, channel, arguments)


_telling: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive


def _told(task: asyncio.Task[None]) -> None:
    _telling.discard(task)
    if not task.cancelled():
        task.exception()  # a signal's failure concerns nobody


async def run(channel: Channel, envelope: Envelope, text: str, held: Held) -> dict[str, Any]:
    """The ack's keys: what the command made. It has committed when this returns.

    ``held`` belongs to the socket, or to whatever stands for one.

    Raises:
        UnknownType, InvalidMessage, RateLimited, and whatever the handler raises.
    """
    command = channel.commands.get(envelope.type)
    if command is None:
        raise UnknownType(f"{channel.channel} knows no command {envelope.type[:40]!r}.")
    arguments = command.parse(text)
    try:
        if command.rate is CHANGE:
            await limits.acheck(limits.of_command(channel.user.pk))
        elif command.rate is SIGNAL:
            await limits.acheck(limits.of_signal(channel.user.pk))
    except RateLimited as error:
        if command.rate is not SIGNAL:
            raise
        held.keep(command, channel, arguments, error.retry_after or 1.0)
        return {}
    made = await _execute(command, channel, arguments)
    metrics.done.inc()
    return made


async def _execute(command: Command, channel: Channel, arguments: dict[str, Any]) -> dict[str, Any]:
    work = (
        command.handler(channel, **arguments) if command.on_loop else batch.write(command, channel, arguments)
    )
    return await work or {}
