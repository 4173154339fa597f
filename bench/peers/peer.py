"""What a peer is: a server to start, and where its clients sit."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.ground import Data, Ground, People
from tests.harness.process import ServerProcess

Seat = dict[str, Any]  # see bench.generator.dialects


@dataclass(frozen=True)
class Place:
    """Where a server is to run, and on which database (its URL)."""

    ground: Ground
    database: str


class Served(ServerProcess):
    """A peer's server, on the core for servers."""

    def __init__(
        self, name: str, place: Place, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """``{port}`` in the command is its port."""
        super().__init__(name, place.ground.folder)
        self.database = place.database
        self._cores = place.ground.cores
        self._command = [word.replace("{port}", str(self.port)) for word in command]
        self._environment = environment

    def command(self) -> list[str]:
        return self._command

    def environment(self) -> Mapping[str, str]:
        return os.environ if self._environment is None else self._environment

    def launch(self) -> None:
        with self._cores.on_server():
            super().launch()

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def memory_bytes(self) -> int:
        """Resident, with its children's."""
        return sum(process.memory_info().rss for process in self._family())


@dataclass(frozen=True)
class Peer:
    """``serve`` makes the server, not started. ``seat(people, number, chat)`` is where socket ``number``
    sits: in the room of all, or in the chat of that index. ``data``: whose tables it needs."""

    name: str
    title: str
    dialect: str
    serve: Callable[[Place], Served]
    seat: Callable[[People | None, int, int | None], Seat]
    data: Data = ""
    needs_node: bool = False


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module with this Python."""
    return [sys.executable, "-m", name, *arguments]


def one_room(people: People | None, number: int, chat: int | None) -> Seat:
    """Where the server has no others."""
    return {"path": "/", "room": "all"}
