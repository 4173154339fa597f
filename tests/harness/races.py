"""Running things at once: each in a thread and on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

from django.db import OperationalError, connection, connections, transaction

from realtime.errors import KithError
from tests.harness.databases import in_thread

T = TypeVar("T")


def at_once(*works: Callable[[], T]) -> list[T]:
    """What each returned; raises what the first of them raised. None begins before all are there."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        try:
            barrier.wait(10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [started.result() for started in [pool.submit(run, work) for work in works]]


def race(*works: Callable[[], Any]) -> list[str]:
    """All at once: of each, ``done`` or the code of its refusal. Anything else that is raised is raised."""

    def run(work: Callable[[], Any]) -> str:
        try:
            work()
        except KithError as error:
            return error.code
        return "done"

    return at_once(*[partial(run, work) for work in works])


def waits(work: Callable[..., Any], **kwargs: Any) -> bool:
    """Whether ``work``, on another connection, has to wait for a row that this one holds (PostgreSQL)."""

    def attempt() -> bool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '150ms'")
            try:
                work(**kwargs)
            except OperationalError:
                transaction.set_rollback(True)
                return True
        return False

    return in_thread(attempt)
