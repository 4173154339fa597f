"""The database goes away and comes back; a transaction commits late."""

from __future__ import annotations

import asyncio
import time
import uuid
from functools import partial
from pathlib import Path

from chat.services import message_send
from tests.faults.arena import Arena
from tests.faults.ledger import Said
from tests.harness.servers import PostgresServer
from tests.realtime.talking import left_open

AWAY_S = {"short": 2.0, "long": 10.0}


async def test_postgresql_is_restarted(arena: Arena, postgres: PostgresServer) -> None:
    async with arena.run("PostgreSQL restarted"):
        for _ in arena.victims():
            await arena.flow()
            await asyncio.to_thread(postgres.restart)
            await arena.flow()
            await arena.level()


async def test_postgresql_is_killed(arena: Arena, postgres: PostgresServer) -> None:
    away = AWAY_S[arena.form.name]
    async with arena.run(f"kill -9 of PostgreSQL, back after {away:.0f} s"):
        for _ in arena.victims():
            await arena.flow()
            await asyncio.to_thread(postgres.kill)
            await arena.outage(away)
            await asyncio.to_thread(postgres.start)
            await arena.flow()
            await arena.level()


async def test_a_transaction_that_commits_late_is_told_behind_cursors_of_several_topics(arena: Arena) -> None:
    """Meanwhile other topics go on, and with them the cursors with which readers come back."""
    chat, sender = arena.chats[0], arena.users[1]
    async with arena.run("a transaction that commits late, links cut meanwhile"):
        for _ in arena.victims():
            ref = uuid.uuid4().hex
            say = partial(message_send, chat=chat, sender=sender, content="late", ref=ref)
            with left_open(say):
                for _ in range(3):
                    await arena.flow()
                    arena.cut()
            arena.cut()
            arena.ledger.acknowledge(ref, Said(chat.pk, 0, time.monotonic(), 0.0), duplicate=False)
            await arena.level()


async def test_a_database_put_back_to_an_older_copy_is_told(
    arena: Arena, postgres: PostgresServer, tmp_path: Path
) -> None:
    """What the copy lacks is gone; every reader is told that its cursor is void, and reads again."""
    async with arena.run("PostgreSQL put back to an older copy", told=True):
        for number, _ in enumerate(arena.victims()):
            copy = tmp_path / str(number)
            await arena.flow()
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.save, copy)
            await asyncio.to_thread(postgres.start)
            await arena.flow()
            await arena.level()
            async with arena.told():
                await asyncio.to_thread(postgres.kill)
                await asyncio.to_thread(postgres.put_back, copy)
                await asyncio.to_thread(postgres.start)
                await arena.flow()
            await arena.flow()
            await arena.level()
