"""``manage.py serve --workers N``: a parent that holds the listening socket and keeps N servers on it.

    SIGTERM, SIGINT   every worker drains and ends, then the parent
    SIGHUP            one worker after the other is replaced by a new one: a new release, without a gap

A worker that dies is replaced; connections that it had not accepted go to the others, because all accept from
one queue. A worker whose parent is gone drains and ends, too. uvicorn's own supervisor runs its plain server
only, which would close sockets without asking their clients to come back.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from prometheus_client.multiprocess import mark_process_dead

from realtime.conf import setting

logger = logging.getLogger("kith.server")

BACKLOG = 2048  # connections that the kernel keeps until a worker accepts them
LOOK_EVERY_S = 0.1
READY_WITHIN_S = 30.0  # a start on a busy machine
CRASH_PAUSE_S = (0.5, 30.0)  # before a worker that died at once is started again: first, most
LINGER_S = 15.0  # beyond KITH_DRAIN_S, for a worker that ends: HTTP requests under way

READY = b"r"  # what a worker writes to its parent once it accepts


class StartFailed(Exception):
    """No worker comes up: what is wrong stands in the log above."""


@dataclass
class Worker:
    """One server process. ``line`` is readable when it is ready, and when it is gone."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    started: float = field(default_factory=time.monotonic)
    ready: bool = False

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def look(self) -> None:
        if not self.ready:
            try:
                self.ready = self.line.recv(1) == READY
            except BlockingIOError:
                return

    def end(self) -> None:
        """Wait for a worker that was told to stop; kill one that does not."""
        try:
            self.process.wait(setting("KITH_DRAIN_S") + LINGER_S)
        except subprocess.TimeoutExpired:
            logger.error("worker %s does not end; killed", self.process.pid)
            self.process.kill()
            self.process.wait()
        _forget_figures(self.process)
        self.line.close()


class Workers:
    """N workers on ``listener``, whose address is bound already."""

    def __init__(self, listener: socket.socket, count: int) -> None:
        self._listener = listener
        self._count = count
        self._workers: list[Worker] = []
        self._signals: list[int] = []
        self._pause_s = CRASH_PAUSE_S[0]

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            StartFailed: none of the first workers came up.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _frame: self._signals.append(number))
        with tempfile.TemporaryDirectory(prefix="kith-metrics-") as folder:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)  # /metrics adds the workers up
            try:
                self._workers = [self._start() for _ in range(self._count)]
                self._await_first()
                while not {signal.SIGTERM, signal.SIGINT} & set(self._signals):
                    self._keep()
                    if signal.SIGHUP in self._signals:
                        self._signals.remove(signal.SIGHUP)
                        self._replace_all()
                    time.sleep(LOOK_EVERY_S)
            finally:
                self._stop()

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        fds = (self._listener.fileno(), theirs.fileno())
        command = [sys.executable, sys.argv[0], "serve", "--worker", *map(str, fds)]
        with theirs:
            return Worker(subprocess.Popen(command, pass_fds=fds), ours)  # noqa: S603  # our own command

    def _await_first(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._signals:
            for worker in self._workers:
                worker.look()
            if any(worker.ready for worker in self._workers):
                return
            if time.monotonic() > deadline or not any(worker.running for worker in self._workers):
                raise StartFailed
            time.sleep(LOOK_EVERY_S)

    def _keep(self) -> None:
        """Replace workers that died; one that died at once only after a pause, which doubles."""
        for index, worker in enumerate(self._workers):
            worker.look()
            if worker.running:
                continue
            lived = time.monotonic() - worker.started
            if not worker.ready and lived < self._pause_s:
                continue
            first, most = CRASH_PAUSE_S
            self._pause_s = first if worker.ready else min(most, 2 * self._pause_s)
            logger.error("worker %s died with status %s", worker.process.pid, worker.process.returncode)
            worker.line.close()
            _forget_figures(worker.process)
            self._workers[index] = self._start()

    def _replace_all(self) -> None:
        for index, old in enumerate(self._workers):
            new = self._start()
            deadline = time.monotonic() + READY_WITHIN_S
            while not new.ready and new.running and time.monotonic() < deadline:
                new.look()
                time.sleep(LOOK_EVERY_S)
            if not new.ready:
                logger.error("a new worker does not come up; the old ones go on")
                new.process.kill()
                new.end()
                return
            old.process.terminate()
            old.end()
            self._workers[index] = new

    def _stop(self) -> None:
        for worker in self._workers:
            if worker.running:
                worker.process.terminate()
        for worker in self._workers:
            worker.end()


def _forget_figures(process: subprocess.Popen[bytes]) -> None:
    """Its counters still count; its open sockets do not."""
    mark_process_dead(process.pid)  # type: ignore[no-untyped-call]


def parent_line(fd: int) -> socket.socket:
    """A worker's end of the line to its parent, from the number that it was given."""
    line = socket.socket(fileno=fd)
    line.setblocking(False)
    return line
