"""Waiting for a condition with a bound; the only place of the tests that sleeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.01  # between two looks


def wait_until(look: Callable[[], T], *, within: float = 10, what: str = "") -> T:
    """The first truthy answer of ``look``, which is asked again and again.

    Raises:
        TimeoutError: none within ``within`` seconds; says ``what`` was waited for and the last answer.
    """
    deadline = time.monotonic() + within
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {within} s for {what or look}; last answer: {answer!r}")
        time.sleep(PAUSE_S)
    return answer


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 10, what: str = "") -> T:
    """``wait_until`` for a coroutine function; the event loop goes on meanwhile. Raises TimeoutError."""
    deadline = time.monotonic() + within
    while not (answer := await look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {within} s for {what or look}; last answer: {answer!r}")
        await asyncio.sleep(PAUSE_S)
    return answer
