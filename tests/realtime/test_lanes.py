"""How many batches are under way at once: more of them while they are small, in rooms of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest

from realtime import batch, threads, topics
from realtime.channels import Channel
from realtime.commands import Answer, Asked, command
from realtime.topics import Topic
from tests.harness.databases import Database

WITHIN_S = 20


class Begun(NamedTuple):
    """A batch under way: where its commands are of, and what lets it end."""

    desks: list[int]
    end: threading.Event


begun: SimpleQueue[Begun] = SimpleQueue()


def wait_together(asked: Sequence[Asked]) -> list[Answer]:
    """The batch form of `Desk.wait`."""
    mine = Begun(sorted(int(each.channel.params["desk"]) for each in asked), threading.Event())
    begun.put(mine)
    assert mine.end.wait(WITHIN_S)
    return [{} for _ in asked]


class Desk(Channel):
    """Commands that take as long as the test wants; not registered, for it names no channel."""

    def topics(self) -> list[Topic]:
        return [topics.named(f"desk{self.params['desk']}", channel="desk")]

    @command(batch=wait_together)
    def wait(self) -> None:
        """Each is done together with others."""
        raise AssertionError("It has a batch form.")


class Writing:
    """Commands that are asked, and the batches that they come to."""

    def __init__(self) -> None:
        self.under_way: list[Begun] = []
        self.writes: list[asyncio.Task[Any]] = []

    async def ask(self, *desks: int) -> None:
        """All in one turn of the loop, and later ones in another."""
        for desk in desks:
            channel = Desk(user=None, params={"desk": str(desk)})
            self.writes.append(asyncio.ensure_future(batch.write(Desk.commands["wait"], channel, {})))
        for _ in range(3):  # the write begins, and then its batch
            await asyncio.sleep(0)

    async def next(self) -> list[int]:
        """Of the next batch that begins the desks."""
        self.under_way.append(await asyncio.to_thread(begun.get, timeout=WITHIN_S))
        return self.under_way[-1].desks

    async def end(self, desks: list[int]) -> None:
        """End this batch, and wait until its commands are answered."""
        [ending] = [each for each in self.under_way if each.desks == desks]
        self.under_way.remove(ending)
        unanswered = sum(not write.done() for write in self.writes)
        ending.end.set()
        async with asyncio.timeout(WITHIN_S):
            while sum(not write.done() for write in self.writes) > unanswered - len(desks):
                await asyncio.wait(
                    [write for write in self.writes if not write.done()], return_when=asyncio.FIRST_COMPLETED
                )


@pytest.fixture
async def writing(postgres_database: Database) -> AsyncIterator[Writing]:
    made = Writing()
    yield made
    for each in made.under_way:
        each.end.set()
    await asyncio.gather(*made.writes)
    threads.close()


async def test_a_few_commands_of_several_rooms_do_not_wait_for_each_other(writing: Writing) -> None:
    for desk in range(4):
        await writing.ask(desk)
        assert await writing.next() == [desk]
    await writing.ask(4)
    await writing.ask(5)
    await writing.end([2])
    assert await writing.next() == [4, 5]


async def test_those_of_one_room_gather(writing: Writing) -> None:
    for _ in range(2):
        await writing.ask(1)
        assert await writing.next() == [1]
    await writing.ask(1)
    await writing.ask(1)
    writing.under_way[0].end.set()
    assert await writing.next() == [1, 1]


async def test_while_many_are_under_way_the_others_gather(writing: Writing) -> None:
    many = list(range(batch.FEW))
    await writing.ask(*many)
    assert await writing.next() == many
    await writing.ask(20)
    assert await writing.next() == [20]
    await writing.ask(21)
    await writing.ask(22)
    await writing.end([20])
    assert await writing.next() == [21, 22]


async def test_when_they_become_many_there_are_fewer_batches_again(writing: Writing) -> None:
    for desk in range(4):
        await writing.ask(desk)
        assert await writing.next() == [desk]
    many = list(range(10, 10 + batch.FEW))
    await writing.ask(*many)
    await writing.end([0])
    assert await writing.next() == many
    await writing.ask(30)
    await writing.ask(31)
    await writing.end([1])
    await writing.end([2])
    assert begun.empty()
    await writing.end([3])
    assert await writing.next() == [30, 31]
