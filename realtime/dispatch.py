"""Running one command of a channel: schema, rate, transaction. Used by every transport."""

from __future__ import annotations

import asyncio
from typing import Any

from realtime import limits, metrics, threads
from realtime.channels import Channel
from realtime.commands import CHANGE, SIGNAL, Command
from realtime.conf import setting
from realtime.errors import RateLimited, Unavailable, UnknownType
from realtime.protocol import Envelope


async def run(channel: Channel, envelope: Envelope, text: str, held: dict[str, Any]) -> dict[str, Any]:
    """The ack's keys: what the command made. It has committed when this returns.

    ``held`` belongs to the socket: signals beyond their rate wait there, the newest of each kind.

    Raises:
        UnknownType, InvalidMessage, RateLimited, and whatever the handler raises.
    """
    command = channel.commands.get(envelope.type)
    if command is None:
        raise UnknownType(f"{channel.channel} knows no command {envelope.type[:40]!r}.")
    arguments = command.parse(text)
    try:
        if command.rate is CHANGE:
            await limits.off_loop(limits.check, "KITH_COMMANDS_PER_MINUTE", channel.user.pk)
        elif command.rate is SIGNAL:
            await limits.off_loop(limits.check, "KITH_SIGNALS_PER_MINUTE", channel.user.pk)
    except RateLimited as error:
        if command.rate is not SIGNAL:
            raise
        return await _hold(command, channel, arguments, held, error.retry_after or 1.0)
    made = await _execute(command, channel, arguments)
    metrics.commands.labels(outcome="done").inc()
    return made


async def _execute(command: Command, channel: Channel, arguments: dict[str, Any]) -> dict[str, Any]:
    if command.on_loop:
        made = await command.handler(channel, **arguments)
    else:
        try:
            async with asyncio.timeout(setting("KITH_COMMAND_TIMEOUT_S")):
                made = await threads.write(command.handler, channel, **arguments)
        except TimeoutError:  # not begun: forgotten; under way: it may still commit, the same ref will tell
            raise Unavailable from None
    return made or {}


async def _hold(
    command: Command, channel: Channel, arguments: dict[str, Any], held: dict[str, Any], delay: float
) -> dict[str, Any]:
    """Keep the newest signal of its kind until the rate allows it; older ones are forgotten."""
    key = f"{channel.name} {command.name}"
    if key not in held:
        asyncio.get_running_loop().call_later(delay, _release, command, channel, held, key)
    held[key] = arguments
    return {}


def _release(command: Command, channel: Channel, held: dict[str, Any], key: str) -> None:
    if (arguments := held.pop(key, None)) is not None and channel.is_open:
        task = asyncio.ensure_future(_execute(command, channel, arguments))
        task.add_done_callback(asyncio.Task.exception)  # a signal's failure concerns nobody
