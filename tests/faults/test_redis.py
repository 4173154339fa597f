"""Redis is only the fast path: without it other processes hear within ``KITH_POLL_S``, and nothing blocks."""

from __future__ import annotations

import asyncio

from tests.faults.arena import Arena

AWAY_S = {"short": 4.0, "long": 10.0}


async def test_redis_is_killed_and_comes_back_empty(arena: Arena) -> None:
    away = AWAY_S[arena.form.name]
    async with arena.run(f"kill -9 of Redis, back empty after {away:.0f} s"):
        for _ in arena.victims():
            await arena.flow()
            await asyncio.to_thread(arena.redis.kill)
            await arena.outage(away)
            await arena.level()  # the tail of the log tells everything meanwhile
            await asyncio.to_thread(arena.redis.start)
            await arena.flow()
            await arena.level()


async def test_redis_that_accepts_and_never_answers_is_away_too(arena: Arena) -> None:
    away = AWAY_S[arena.form.name]
    async with arena.run(f"Redis frozen for {away:.0f} s"):
        for _ in arena.victims():
            await arena.flow()
            arena.redis.pause()
            await arena.outage(away)
            await arena.level()  # the tail of the log tells everything meanwhile
            arena.redis.resume()
            await arena.flow()
            await arena.level()
