from __future__ import annotations

import argparse
import fcntl
import os
import socket
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from realtime import log, server, workers
from realtime.conf import setting

_ASGI_APPLICATION = "ASGI_APPLICATION"  # Channels' setting, unknown to Django


class Command(BaseCommand):
    help = "Serve the project: HTTP and WebSockets, in one process or in several."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=1, help="processes; needs PostgreSQL and Redis")
        parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)  # what a parent starts

    def handle(
        self, *args: Any, host: str, port: int, workers: int, worker: list[int] | None, **options: Any
    ) -> None:
        if worker is not None:
            _serve_as_worker(*worker)
            return
        connection = connections[log.database()]
        if workers > 1:
            _refuse_several(connection.vendor)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database lacks migrations: run `manage.py migrate` first.")
        lock = _only_server(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else None
        _refuse_taken(host, port)
        for line in getattr(settings, "KITH_WELCOME", lambda url: [f"Kith serves {url}"])(
            f"http://{host}:{port}"
        ):
            self.stdout.write(line)
        self.stdout.flush()
        connections.close_all()
        _serve(host, port, workers)
        if lock is not None:
            lock.close()


def _serve(host: str, port: int, count: int) -> None:
    if count == 1:
        server.run(_application(), host=host, port=port)
        return
    with socket.create_server((host, port), backlog=workers.BACKLOG) as listener:
        try:
            workers.Workers(listener, count).run()
        except workers.StartFailed:
            raise CommandError("No worker came up; what is wrong stands above.") from None


def _serve_as_worker(listener: int, line: int) -> None:
    listening = socket.socket(fileno=listener)
    host, port = listening.getsockname()[:2]
    server.run(_application(), host=host, port=port, listener=listening, line=workers.parent_line(line))


def _refuse_several(vendor: str) -> None:
    """Without both, the workers would tell each other nothing, or only with the next tail."""
    lacking = [
        *(["DATABASE_URL, a PostgreSQL (SQLite serves one process)"] if vendor == "sqlite" else []),
        *(["REDIS_URL, a Redis"] if not setting("REDIS_URL") else []),
    ]
    if lacking:
        raise CommandError(f"--workers needs {' and '.join(lacking)}.")


def _application() -> str:
    """``project.asgi.application`` as uvicorn spells it."""
    module, _, name = str(getattr(settings, _ASGI_APPLICATION)).rpartition(".")
    return f"{module}:{name}"


def _only_server(database: str | os.PathLike[str]) -> IO[str]:
    """SQLite serves one process: two hubs would tell each other nothing until the next tail."""
    path = Path(f"{database}.serve.lock")
    handle = path.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise CommandError(
            f"Another server uses {database} already. SQLite serves one process; for several, set "
            "DATABASE_URL to a PostgreSQL and REDIS_URL to a Redis."
        ) from None
    return handle


def _refuse_taken(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another PORT."
        ) from None
