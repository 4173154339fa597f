"""One core for the server that is measured, another for everything else; and how many files may be open."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass

SPARE_FILES = 500  # of a process, besides its sockets


@dataclass(frozen=True)
class Cores:
    """``server`` and ``load``: numbers of cores, both None where processes cannot be pinned here."""

    server: int | None
    load: int | None

    @property
    def pinned(self) -> bool:
        """Whether the two are apart."""
        return self.server is not None

    def keep_to_load(self) -> None:
        """This process, and those it starts, leave the server's core alone."""
        if self.load is not None:
            os.sched_setaffinity(0, {self.load})

    @contextlib.contextmanager
    def on_server(self) -> Iterator[None]:
        """A process that is started in this block runs on the server's core from its first instruction."""
        if self.server is None or self.load is None:
            yield
            return
        os.sched_setaffinity(0, {self.server})
        try:
            yield
        finally:
            os.sched_setaffinity(0, {self.load})


def cores_find() -> Cores:
    """The first two that this process may use."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return Cores(mine[0], mine[1]) if len(mine) > 1 else Cores(None, None)


def sockets_allowed() -> int:
    """How many sockets one process may hold, having asked for as many open files as the machine grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 1_000_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted - SPARE_FILES
