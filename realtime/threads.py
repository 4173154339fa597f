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
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connections, transaction

from realtime import log

P = ParamSpec("P")
T = TypeVar("T")

READ_THREADS = 4  # each holds a database connection
WRITE_THREADS = 4
KEPT_S = 1.0  # a connection that rested for longer may be broken, which only the pool looks for
BATCH_THREADS = 2  # while the database works for one, the other has the interpreter


@functools.cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(READ_THREADS, thread_name_prefix="kith-read")


@functools.cache
def is_serial() -> bool:
    """Whether one thread of this process does all the writing."""
    return connections[log.database()].vendor == "sqlite"


@functools.cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1 if is_serial() else WRITE_THREADS, thread_name_prefix="kith-write")


@functools.cache
def _batches() -> ThreadPoolExecutor:
    return _writers() if is_serial() else ThreadPoolExecutor(BATCH_THREADS, thread_name_prefix="kith-batch")


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


def batch(function: Callable[[], T], more: Callable[[], object]) -> Future[T]:
    """``function`` on a thread of batches, with a usable connection. Asked when it is done, ``more`` says
    whether another is about to follow, and the connection is kept for it: to take one from a pool costs as
    much as a statement. On SQLite it is kept for a while in any case."""
    return _batches().submit(_kept, function, more)


class _Rest(threading.local):
    """Since when (monotonic seconds) this thread's connection has had nothing to do."""

    since = float("-inf")


_rest = _Rest()


def _kept(function: Callable[[], T], more: Callable[[], object]) -> T:
    if time.monotonic() - _rest.since > KEPT_S or any(
        connection.errors_occurred for connection in connections.all(initialized_only=True)
    ):
        close_old_connections()
    try:
        return function()
    finally:
        _rest.since = time.monotonic()
        if is_serial():
            _closing.later()
        elif not more():
            close_old_connections()


class _Closing:
    """Closes the connection of SQLite's one writing thread when nothing was written for `KEPT_S`: the last
    connection that closes brings the write-ahead log into the database, which costs more than a batch."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def later(self) -> None:
        """On the writing thread."""
        if self._timer is None:
            self._timer = threading.Timer(KEPT_S, self._look, [_writers()])
            self._timer.daemon = True
            self._timer.start()

    def _look(self, writers: ThreadPoolExecutor) -> None:
        with suppress(RuntimeError):  # it was shut down meanwhile
            writers.submit(self._if_rested)

    def _if_rested(self) -> None:
        self._timer = None
        if time.monotonic() - _rest.since < KEPT_S:
            self.later()
        else:
            close_old_connections()

    def stop(self) -> None:
        """The thread is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_closing = _Closing()


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
    if _writers.cache_info().currsize and is_serial():
        _writers().submit(connections.close_all)
    for pool in (_readers, _batches, _writers):
        if pool.cache_info().currsize:
            pool().shutdown()
        pool.cache_clear()
    _closing.stop()
    is_serial.cache_clear()
