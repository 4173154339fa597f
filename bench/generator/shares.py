"""How busy the processors were while something was measured."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TypedDict

import psutil


class Shares(TypedDict):
    """Each is a part of one core's time, 0 to 1. ``None``: unknown."""

    generator: float  # this process alone
    generator_core: float | None  # with PostgreSQL, Redis and whatever else runs there
    server: float | None  # the server and its children


class Watch:
    """Starts when it is made; ``shares()`` says what has been since."""

    def __init__(self, server_pid: int | None) -> None:
        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self._core = next(iter(cores)) if len(cores) == 1 else None
        self._server = _family(server_pid)
        self._began = time.perf_counter()
        self._mine = time.process_time()
        self._theirs = self._server_time()
        self._idle = self._core_idle()

    def shares(self) -> Shares:
        """Since the beginning."""
        wall = time.perf_counter() - self._began
        return Shares(
            generator=round((time.process_time() - self._mine) / wall, 3),
            generator_core=self._part(self._idle, self._core_idle(), wall, inverse=True),
            server=self._part(self._theirs, self._server_time(), wall),
        )

    def _part(
        self, before: float | None, after: float | None, wall: float, *, inverse: bool = False
    ) -> float | None:
        if before is None or after is None:
            return None
        part = (after - before) / wall
        return round(min(1.0, max(0.0, 1 - part if inverse else part)), 3)

    def _core_idle(self) -> float | None:
        if self._core is None:
            return None
        times = psutil.cpu_times(percpu=True)[self._core]
        return float(times.idle + getattr(times, "iowait", 0.0))

    def _server_time(self) -> float | None:
        total = 0.0
        for process in self._server:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total if self._server else None


def _family(pid: int | None) -> list[psutil.Process]:
    if pid is None:
        return []
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
