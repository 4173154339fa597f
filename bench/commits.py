"""How long the database takes for a commit, measured beside a load: what no server can be quicker than."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import psycopg

from bench.generator.crowd import percentiles

PAUSE_S = 0.02  # between two: a load that does not count


class Commits(threading.Thread):
    """A context manager: commits one row after another until the block ends. ``ms``: ``{p50, p99, max}``."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._times: list[float] = []
        self._ended = threading.Event()

    @property
    def ms(self) -> dict[str, float]:
        """Of all commits so far, in milliseconds."""
        return percentiles(self._times)

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (content text)")
            while not self._ended.wait(PAUSE_S):
                began = time.perf_counter()
                connection.execute("INSERT INTO bench_commits VALUES (%s)", ["x" * 120])
                self._times.append(time.perf_counter() - began)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.join()
