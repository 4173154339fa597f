"""Database work of sockets, off the event loop: a pool for reads, another for writes.

Channels' `database_sync_to_async` runs everything of a process on one thread: one statement that
waits for a row lock stalled every read for as long. SQLite has one writer at a time, so there
one thread writes and nobody queues inside the database. Elsewhere batches (`batch`) have threads of
their own.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connections, transaction

from realtime import log

P = ParamSpec("P")
T = TypeVar("T")

READ_THREADS = 4  # each holds a database connection
WRITE_THREADS = 4
KEPT_S = 1.0  # a connection that rested for longer may be broken, which only the pool looks for
BATCH_THREADS = 4  # as many batches may be under way; `batch` says when


@functools.cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(READ_THREADS, thread_name_prefix="kith-read")


@functools.cache
def is_serial() -> bool:
    """Whether one thread of this process does all the writing."""
    return connections[log.database()].vendor == "sqlite"


@functools.cache
def _writers() -> Executor:
    return Keeping(1, "kith-write") if is_serial() else ThreadPoolExecutor(WRITE_THREADS, "kith-write")


@functools.cache
def _batches() -> Executor:
    return _writers() if is_serial() else Keeping(BATCH_THREADS, "kith-batch")


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function`` on a reading thread with a usable connection."""
    job = functools.partial(_fresh, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_readers(), job)


async def write(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function`` on a writing thread, in one transaction; returns when it has committed."""
    job = functools.partial(_fresh, _atomically, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_writers(), job)


def lanes() -> int:
    """How many batches may be under way at once."""
    return 1 if is_serial() else BATCH_THREADS


def batch(function: Callable[[], T]) -> Future[T]:
    """``function`` on a thread of batches, with a usable connection."""
    return _batches().submit(_usable, function)


class Keeping(Executor):
    """Threads of which each keeps its connection until it has had nothing to do for `KEPT_S`.

    To take one from a pool costs as much as a statement; and when SQLite's last one closes, it brings the
    write-ahead log into the database, which costs more than a batch.
    """

    def __init__(self, number: int, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._ended = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}_{index}", daemon=True)
            for index in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Raises RuntimeError after `shutdown`, as of any executor."""
        if self._ended:
            raise RuntimeError("These threads have ended.")
        future: Future[T] = Future()
        self._jobs.put((future, functools.partial(function, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._ended = True
        for _ in self._threads:
            self._jobs.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            future, function = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:  # noqa: BLE001  # for who waits, as any executor does: else they wait for ever
                    future.set_exception(error)
            del job, future, function  # else what it was about would live until the next
        connections.close_all()

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with suppress(Empty):
            return self._jobs.get(timeout=KEPT_S)
        close_old_connections()
        return self._jobs.get()


def _usable(function: Callable[[], T]) -> T:
    if any(connection.errors_occurred for connection in connections.all(initialized_only=True)):
        close_old_connections()
    return function()


def _fresh(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


def _atomically(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with transaction.atomic(using=log.database()):
        return function(*args, **kwargs)


def close() -> None:
    """End the pools, and with their threads their connections; the next use starts new ones."""
    for pool in (_readers, _batches, _writers):
        if pool.cache_info().currsize:
            pool().shutdown()
        pool.cache_clear()
    is_serial.cache_clear()
