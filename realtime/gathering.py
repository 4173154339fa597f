"""Reads that are asked for at about one time are done together: openings above all, which come in crowds.

While some are being read, others gather, and are read by as few statements as one of them would take. No
timer: where nobody else asks, a read begins at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import Error as DatabaseError

from realtime import threads

Question = TypeVar("Question")
Answer = TypeVar("Answer")

LANES = 2  # reads under way: a slow one does not hold up all others
MOST = 32  # questions of one read, which bounds its memory and how long the first of them waits


class Gatherer(Generic[Question, Answer]):
    """``read`` answers several questions on a reading thread, each with an answer or an error of its own.

    A DatabaseError that it raises is nobody's own: of several questions each is read again, alone.
    """

    def __init__(self, read: Callable[[list[Question]], list[Answer | Exception]]) -> None:
        self._read = read
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._lanes = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive

    async def ask(self, question: Question) -> Answer:
        """The answer, of a moment after the call. Raises what the question's own error is."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._lanes < LANES:
            self._lanes += 1
            lane = asyncio.ensure_future(self._answer())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)
        return await future

    async def _answer(self) -> None:
        try:
            while self._waiting:
                asked = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._read_for([each for each in asked if not each[1].done()])
        finally:
            # In the very step that found nobody waiting: who asks next must find a lane free.
            self._lanes -= 1

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
