"""Servers, people, readers and writers in one place; strike, settle, judge.

async with arena.run("kill -9 of a server"):        everybody connects and speaks
    await arena.flow()                               so many more messages were acknowledged
    await asyncio.to_thread(arena.sites[0].kill)
    await arena.level()                              what was acknowledged so far was seen by everyone
arena.row                                            asserted clean at the end of the block
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from chat.models import Chat, Message
from tests.faults.ledger import Ledger, Row, Said, stored_refs
from tests.faults.link import Link, Servers
from tests.faults.readers import ChatReader, InboxReader, Reader
from tests.faults.writers import RestWriter, SocketWriter
from tests.harness.people import People, token_for
from tests.harness.site import Cluster, Site
from tests.harness.waiting import eventually

WITHIN_S = 40.0  # until everyone is level again; on a busy machine, after the longest outage
BATCH = 50  # messages of a flood that commit together
CHATS = 3  # each person is in two of them: their members overlap


@dataclass(frozen=True)
class Form:
    """How hard a fault is tried."""

    name: str
    strikes: int
    people: int
    pace_s: float  # of each writer, between two messages
    flow: int  # messages acknowledged before, during and after a strike

    @property
    def is_long(self) -> bool:
        return self.name == "long"


SHORT = Form("short", strikes=2, people=3, pace_s=0.03, flow=60)
LONG = Form("long", strikes=10, people=9, pace_s=0.03, flow=300)


@transaction.atomic
def say_all(chat: Chat, sender: Any, content: str, refs: Sequence[str]) -> None:
    """One message for each ref."""
    for ref in refs:
        Message.objects.create(chat=chat, sender=sender, content=content, ref=ref)


class Arena:
    """Everybody is in two of three chats, reads one of them alone and both on ``/ws``; some also speak."""

    def __init__(self, ground: Cluster, people: People, form: Form, rows: list[Row]) -> None:
        self.sites = [ground.left, ground.right]
        self.redis = ground.redis
        self.servers = Servers([site.port for site in self.sites])
        self.form = form
        self.ledger = Ledger()
        self.readers: list[Reader] = []
        self.writers: list[SocketWriter | RestWriter] = []
        self.row = Row("", 0)
        self._rows = rows
        self._settle(people)

    def _settle(self, people: People) -> None:
        self.users = people.users(*["reader"] * self.form.people)
        absent = [self.users[number::CHATS] for number in range(CHATS)]
        self.chats = [people.chat(*[one for one in self.users if one not in out]) for out in absent]
        self.tokens = [token_for(user) for user in self.users]
        self.homes = [[self.chats[n % CHATS - other].pk for other in (1, 2)] for n in range(len(self.users))]

    def cast(self) -> None:
        """The usual readers and writers."""
        for number, (token, mine) in enumerate(zip(self.tokens, self.homes, strict=True)):
            self.readers += [
                ChatReader(self.servers, token, f"reader {number} of one chat", mine[0]),
                InboxReader(self.servers, token, f"reader {number} of all chats", mine),
            ]
        kinds: list[Any] = [SocketWriter, RestWriter, SocketWriter, SocketWriter]
        for number, kind in enumerate(kinds):
            token, mine = self.tokens[number % CHATS], self.homes[number % CHATS]
            self.writers.append(kind(self.servers, token, mine, self.ledger, self.form.pace_s))

    def victims(self) -> Iterator[Site]:
        """The servers in turn, one for each strike."""
        for number in range(self.form.strikes):
            self.row.struck += 1
            yield self.sites[number % len(self.sites)]

    # ── the run ─────────────────────────────────────────────────────────────────────────────

    @contextlib.asynccontextmanager
    async def run(self, fault: str, *, told: bool = False) -> AsyncIterator[None]:
        """Everybody is connected and speaks while the block runs; then they settle and are judged.

        ``told``: cursors may become void, and readers be told so.

        Raises:
            AssertionError: the row is not clean, or a client was told not to come back.
        """
        self.row.fault = fault
        if not self.readers:
            self.cast()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in [*self.readers, *self.writers]]
            await eventually(self._all_open, within=WITHIN_S, what="everybody to connect")
            self._speak(True)
            try:
                yield
                await self.quiet()
            finally:
                await self._judge()
            for task in tasks:
                task.cancel()
        thrown_out = [one.thrown_out for one in [*self.readers, *self.writers] if one.thrown_out]
        assert self.row.is_clean, self.row
        assert not thrown_out, thrown_out
        assert not any(writer.pending for writer in self.writers), self.row
        assert told or not self.row.unrecovered, self.row

    def _speak(self, speaking: bool) -> None:
        for writer in self.writers:
            (writer.speaking.set if speaking else writer.speaking.clear)()

    async def flow(self, count: int | None = None) -> None:
        """Wait until so many more messages are acknowledged."""
        goal = len(self.ledger.said) + (count or self.form.flow)

        async def reached() -> bool:
            return len(self.ledger.said) >= goal

        await eventually(reached, within=WITHIN_S, what=f"{goal} acknowledged messages")

    async def flood(self, count: int, content: str) -> AsyncIterator[None]:
        """So many messages in one chat, `BATCH` in each transaction; goes on after each of them."""
        chat, sender = self.chats[0], self.users[1]
        for start in range(0, count, BATCH):
            refs = [uuid.uuid4().hex for _ in range(min(BATCH, count - start))]
            await asyncio.to_thread(self.sites[0].run, say_all, chat, sender, content, refs)
            for ref in refs:
                self.ledger.acknowledge(ref, Said(chat.pk, 0, time.monotonic(), 0.0), duplicate=False)
            yield

    def cut(self) -> None:
        """Every socket's link is gone."""
        for one in [*self.readers, *self.writers]:
            if isinstance(one, Link) and one.socket is not None:
                one.socket.transport.abort()

    async def outage(self, seconds: float) -> None:
        """Everybody goes on while something is away for so long."""
        await asyncio.sleep(seconds)

    async def level(self) -> None:
        """Wait until everybody saw what was acknowledged by now."""
        due = [(reader, self.ledger.missing(reader.witness)) for reader in self.readers]

        async def seen() -> bool:
            return all(missing <= reader.witness.seen.keys() for reader, missing in due)

        await eventually(seen, within=WITHIN_S, what="everybody to be level")

    @contextlib.asynccontextmanager
    async def told(self) -> AsyncIterator[None]:
        """What happens inside ends every reader's cursor, and may lose what was acknowledged before; at the
        end, wait until each was told so. Nobody is due any more what the database does not have."""
        before = {reader: reader.witness.unrecovered for reader in self.readers}
        yield

        async def heard() -> bool:
            return all(reader.witness.unrecovered > times for reader, times in before.items())

        await eventually(heard, within=WITHIN_S, what="everybody to be told")
        said = set(self.ledger.said)
        stored = await asyncio.to_thread(self.sites[0].run, stored_refs)
        self.ledger.forget(said - stored.keys())

    async def quiet(self) -> None:
        """Stop speaking, and wait until all is acknowledged and seen; whoever misses something then is
        for the judge."""
        self._speak(False)
        with contextlib.suppress(TimeoutError):
            await eventually(self._all_done, within=WITHIN_S)

    async def _all_open(self) -> bool:
        return all(reader.is_open for reader in self.readers)

    async def _all_done(self) -> bool:
        return not (
            any(writer.pending for writer in self.writers)
            or any(reader.repairs or self.ledger.missing(reader.witness) for reader in self.readers)
        )

    async def _judge(self) -> None:
        stored = await asyncio.to_thread(self.sites[0].run, stored_refs)
        self.ledger.judge(self.row, [reader.witness for reader in self.readers], stored)
        self._rows.append(self.row)
