"""Reads that are asked for at about one time are done together: openings above all, which come in crowds.

While some are being read, others gather, and are read by as few statements as one of them would take. Where
nobody else asks, a read begins at once; after one of several, which shows a crowd, others gather for as long
again, until there are enough: each read costs as much as six of its questions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from django.db import Error as DatabaseError

from realtime import threads

Question = TypeVar("Question")
Answer = TypeVar("Answer")

LANES = 2  # reads under way: a slow one does not hold up all others
SLOW_S = 0.25
MOST = 64  # questions of one read, which bounds its memory and how long the first of them waits
ENOUGH, MOST_REST_S = 16, 0.02


class Gatherer(Generic[Question, Answer]):
    """``read`` answers several questions on a reading thread, each with an answer or an error of its own.

    A DatabaseError that it raises is nobody's own: of several questions each is read again, alone.
    """

    def __init__(self, read: Callable[[list[Question]], list[Answer | Exception]]) -> None:
        self._read = read
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._lanes = 0
        self._slow = 0  # of them
        self._enough = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive

    async def ask(self, question: Question) -> Answer:
        """The answer, of a moment after the call. Raises what the question's own error is."""
        return await self.submit(question)

    def submit(self, question: Question) -> asyncio.Future[Answer]:
        """What `ask` waits for. Cancel it, or take its error."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        self._open_lane()
        if len(self._waiting) >= ENOUGH:
            self._enough.set()
        return future

    def _open_lane(self) -> None:
        if self._waiting and self._lanes == self._slow < LANES:
            self._lanes += 1
            lane = asyncio.ensure_future(self._answer())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)

    async def _answer(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                asked = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                began = loop.time()
                with self._noticing_slowness(loop):
                    await self._read_for([each for each in asked if not each[1].done()])
                if len(asked) > 1:
                    await self._gather(loop.time() - began)
        finally:
            # In the very step that found nobody waiting: who asks next must find a lane free.
            self._lanes -= 1

    async def _gather(self, seconds: float) -> None:
        if len(self._waiting) < ENOUGH:
            self._enough.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, MOST_REST_S)):
                    await self._enough.wait()

    @contextmanager
    def _noticing_slowness(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """A read that takes long leaves the others another lane."""
        was_slow = False

        def notice() -> None:
            nonlocal was_slow
            was_slow = True
            self._slow += 1
            self._open_lane()

        timer = loop.call_later(SLOW_S, notice)
        try:
            yield
        finally:
            timer.cancel()
            self._slow -= was_slow

    async def _read_for(self, asked: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        if not asked:
            return
        try:
            answers = await threads.read(self._read, [question for question, _ in asked])
        except DatabaseError as error:
            if len(asked) > 1:
                for each in asked:
                    await self._read_for([each])
                return
            answers = [error]
        except Exception as error:  # noqa: BLE001  # the read is at fault: nobody must wait for ever
            answers = [error] * len(asked)
        for (_, future), answer in zip(asked, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
