"""A child process that tests may start, kill, freeze and read the log of.

`RedisServer`, `PostgresServer` and `Site` say what to run and when it is ready; the rest is here.
Signals go to the process and its children, so that workers and database backends are hit too.
"""

from __future__ import annotations

import atexit
import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.harness.waiting import wait_until

LOG_TAIL = 6_000  # characters shown when a process does not come up

# Below the kernel's ephemeral ports (32768 and up): there, a client that retries while its server is
# down can be given the server's port, connect to itself and keep the port taken.
PORTS = range(18_000, 32_000)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; an orphan that init has not buried yet has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class ServerProcess:
    """One server on ``127.0.0.1:port``; the port is kept over restarts. Subclasses fill it in."""

    START_S = 60.0  # a busy machine; two or three are the rule

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.port = free_port()
        self.log_path = folder / f"{name}-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)  # should whoever started it forget

    def command(self) -> list[str]:
        """What to run."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """The whole environment of the process."""
        return os.environ

    def is_ready(self) -> bool:
        """Whether it answers; must not raise while the server is still starting."""
        raise NotImplementedError

    def system_user(self) -> str | None:
        """The account it runs as; None: ours."""
        return None

    @property
    def pid(self) -> int:
        """The main process; it must be running."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def running(self) -> bool:
        """Whether the main process is alive (a paused one is)."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """Everything it printed, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def launch(self) -> None:
        """Start it without waiting; ``ready()`` does that. Several start side by side this way."""
        assert not self.running(), f"{self.name} runs already"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                env=dict(self.environment()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parents[2],
                user=self.system_user(),
            )

    def ready(self) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: it exited instead, with the end of its log.
            TimeoutError: neither within ``START_S``, likewise.
        """
        try:
            wait_until(
                lambda: not self.running() or self.is_ready(),
                within=self.START_S,
                what=f"{self.name} to answer",
            )
        except TimeoutError as error:
            self.stop()
            raise TimeoutError(f"{error}\n{self.log()[-LOG_TAIL:]}") from None
        if not self.running():
            raise RuntimeError(f"{self.name} exited at start.\n{self.log()[-LOG_TAIL:]}")

    def start(self) -> None:
        """Start it and return when it answers. Raises as ``ready``."""
        self.launch()
        self.ready()

    def kill(self) -> None:
        """SIGKILL, no farewell; returns when it is gone."""
        self._signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> None:
        """SIGTERM to the main process, as an operator would; does not wait (see ``wait``)."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, timeout: float = 10) -> int:
        """The exit status. Raises subprocess.TimeoutExpired."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.wait(timeout)

    def pause(self) -> None:
        """Freeze it: it accepts and answers nothing, but its sockets stay open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """End ``pause``."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it gently if it runs, start it again on the same port. Raises as ``ready``."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it in any state, first gently, and leave nothing behind; may be called again."""
        if not self.running():
            return
        children = self._family()[1:]
        self.resume()
        self.terminate()
        try:
            self.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
        for child in children:
            if not is_gone(child):
                child.kill()

    def _family(self) -> list[psutil.Process]:
        """The main process, if it still is, and below it all others."""
        try:
            main = psutil.Process(self.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _signal(self, number: signal.Signals) -> None:
        for process in self._family():
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
