"""Servers that die, freeze, and are restarted in turn."""

from __future__ import annotations

import asyncio

from tests.faults.arena import Arena

FROZEN_S = {"short": 6.0, "long": 20.0}


async def test_a_killed_server_loses_nothing_that_it_acknowledged(arena: Arena) -> None:
    async with arena.run("kill -9 of a server"):
        for victim in arena.victims():
            await arena.flow()
            async with arena.unanswered():
                await asyncio.to_thread(victim.kill)
            await arena.flow()
            await asyncio.to_thread(victim.start)
            await arena.level()


async def test_a_frozen_server_is_left_and_its_commands_are_made_once(arena: Arena) -> None:
    """Clients notice by the missing pong. What it held when it froze is sent again to the other server, and
    done once more by itself when it wakes: the refs tell."""
    async with arena.run(f"a server frozen for {FROZEN_S[arena.form.name]:.0f} s"):
        for victim in arena.victims():
            await arena.flow()
            victim.pause()
            await arena.outage(FROZEN_S[arena.form.name])
            victim.resume()
            await arena.flow()
            await arena.level()


async def test_a_rolling_restart_loses_nothing(arena: Arena) -> None:
    async with arena.run("SIGTERM of all servers in turn"):
        for victim in arena.victims():
            await arena.flow()
            victim.terminate()
            await arena.flow()
            await asyncio.to_thread(victim.wait)
            await asyncio.to_thread(victim.start)
            await arena.level()
