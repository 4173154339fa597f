"""The generator's process, as the run sees it: ask, and wait for the answer."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from bench.ground import ROOT
from bench.peers.peer import Peer, Seat, Served

Answer = dict[str, Any]


class GeneratorError(Exception):
    """It could not do what it was asked; says why."""


class Generator:
    """A context manager: one process with the sockets of one server. Every method raises GeneratorError."""

    def __init__(self, peer: Peer, server: Served, *, timed: bool = False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.generator"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._peer, self._server, self._timed = peer, server, timed
        self.serve()

    def serve(self) -> None:
        """Begin anew, with the server's process of now."""
        server = self._server
        self._ask(
            "serve", port=server.port, dialect=self._peer.dialect, server_pid=server.pid, timed=self._timed
        )

    def connect(self, seats: list[Seat], *, at_once: int = 64) -> Answer:
        """Open a socket for each seat, ``at_once`` side by side: ``{seconds, per_s, replayed, shares}``."""
        return self._ask("connect", seats=seats, at_once=at_once)

    def come_back(self, seats: list[Seat], *, missed: int, within: float) -> Answer:
        """As clients whose server is back: ``{seconds, lost, refused, shares}``."""
        return self._ask("come_back", seats=seats, missed=missed, within=within)

    def fan_out(self, *, in_flight: int, seconds: float, **options: float) -> Answer:
        """As much as goes with so many messages under way: ``{per_s, messages, deliveries, lost}``."""
        return self._ask("fan_out", in_flight=in_flight, seconds=seconds, **options)

    def pace(self, *, per_s: float, seconds: float) -> Answer:
        """So many messages a second: as `fan_out`, and ``ms: {p50, p99, max}``."""
        return self._ask("pace", per_s=per_s, seconds=seconds)

    def save(self, *, senders: int, seconds: float) -> Answer:
        """Each says the next thing when the last is acknowledged: ``{per_s, acknowledged, shares}``."""
        return self._ask("save", senders=senders, seconds=seconds)

    def close(self) -> None:
        """End every socket; the process stays."""
        self._ask("close")

    def _ask(self, what: str, **details: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **details}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise GeneratorError(f"the generator ended with {self._process.wait()}")
        said = json.loads(line)
        if "error" in said:
            raise GeneratorError(said["error"])
        return said["answer"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
