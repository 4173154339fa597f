"""Running things at once: each in a thread and on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(*works: Callable[[], T]) -> list[T]:
    """What each returned; raises what the first of them raised."""

    def run(work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [started.result() for started in [pool.submit(run, work) for work in works]]
