"""Fresh migrated databases, and Django in the pytest process pointed at one of them.

    databases.create("postgres")            → Database, a copy of a migrated template: about 30 ms
    with databases.active(database): ...    the ORM of this process, in every thread, is that database

    database.run(message_send, chat=chat, sender=alice, content="hi")      from a sync or an async test
    await asyncio.to_thread(database.run, …)                               when it may have to wait
    database.manage("shell", "-c", "…")                                    from another process

Threads of a test may also use the ORM directly; their connections are closed when the test ends.
A copy is made with real commits in mind: nothing here rolls back, `on_commit` runs, other processes see it.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from unittest import mock

from asgiref.local import Local
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

import project.settings
from realtime import threads
from tests.harness.servers import PostgresServer

T = TypeVar("T")
Vendor = Literal["sqlite", "postgres"]

ROOT = Path(__file__).parents[2]
TEMPLATE = "kith_template"

_opened: weakref.WeakSet[BaseDatabaseWrapper] = weakref.WeakSet()
_opened_lock = threading.Lock()


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    with _opened_lock:
        _opened.add(connection)


connection_created.connect(_remember)


@dataclass(frozen=True)
class Database:
    """One migrated database of one test (or module)."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that uses this database: ours without what the machine says of Kith."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("KITH_", "WEBSOCKET_"))
        }
        return kept | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "KITH_TEST_DATABASE_URL": self.url,
            "KITH_TEST_FOLDER": str(settings.KITH_TEST_FOLDER),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """`in_thread` on this database, which must be the active one."""
        active = connections.settings["default"]["NAME"]
        assert active == _config(self.url)["NAME"], f"{active} is the active database, not {self.url}"
        return in_thread(work, *args, **kwargs)

    def manage(
        self, *arguments: str, timeout: float = 30, environment: Mapping[str, str] | None = None
    ) -> str:
        """The output of a management command run in another process against this database.

        Raises:
            AssertionError: its exit status is not 0, with all it printed.
            subprocess.TimeoutExpired
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=environment or self.environment,
            cwd=ROOT,
            check=False,  # the assertion below shows the output too
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, f"manage.py {arguments} exited with {done.returncode}\n{done.stdout}"
        return done.stdout


class Databases:
    """Makes databases and switches this process between them; one a session."""

    def __init__(self, folder: Path, blocker: DjangoDbBlocker) -> None:
        self._folder = folder
        self._blocker = blocker
        self._numbers = itertools.count(1)

    @functools.cached_property
    def sqlite_template(self) -> Path:
        """A migrated SQLite file that nobody has open."""
        path = self._folder / f"{TEMPLATE}.sqlite3"
        self._migrate(f"sqlite:///{path}")
        assert not path.with_name(f"{path.name}-wal").exists(), "the template is still open somewhere"
        return path

    @functools.cached_property
    def postgres(self) -> PostgresServer:
        """The session's server, with its migrated template."""
        server = PostgresServer()
        try:
            server.start()
            self._migrate(server.create_database(TEMPLATE))
        except BaseException:
            server.remove()
            raise
        return server

    def create(self, vendor: Vendor) -> Database:
        """A new migrated database."""
        name = f"kith_{next(self._numbers)}"
        if vendor == "postgres":
            return Database(self.postgres.create_database(name, template=TEMPLATE))
        folder = self._folder / name
        folder.mkdir()
        return Database(f"sqlite:///{shutil.copy(self.sqlite_template, folder / 'kith.sqlite3')}")

    def drop(self, database: Database) -> None:
        """Remove a database that no process needs any more."""
        place = database.url.removeprefix("sqlite:///")
        if place != database.url:
            shutil.rmtree(Path(place).parent)
        else:
            self.postgres.drop_database(place.rpartition("/")[2])

    @contextlib.contextmanager
    def active(self, database: Database) -> Iterator[Database]:
        """Point this process's `default` database, in all its threads, at ``database``; nests."""
        previous = dict(connections.settings["default"])
        with self._blocker.unblock():
            _switch(_config(database.url))
            try:
                yield database
            finally:
                _switch(previous)

    def rest_on(self, database: Database) -> None:
        """Point this process at ``database`` wherever nothing else is active."""
        _switch(_config(database.url))

    def close(self) -> None:
        """Close all connections, and stop the PostgreSQL server, if a test needed one."""
        in_thread(close_connections)
        if "postgres" in vars(self):
            self.postgres.remove()

    def _migrate(self, url: str) -> None:
        with self.active(Database(url)):
            in_thread(call_command, "migrate", verbosity=0)  # the first to ask may be an async test


def in_thread(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """``work(*args, **kwargs)`` in a thread and on a connection of its own, closed before this returns.

    So it may be called while an event loop runs here (the loop waits), and to a transaction of the
    caller's it is somebody else.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_then_close, work, *args, **kwargs).result()


def close_connections() -> None:
    """Close every connection this process has open, whichever thread made it, and the pool behind them."""
    threads.close()
    with _opened_lock:
        opened = list(_opened)
        _opened.clear()
    for connection in opened:
        connection.inc_thread_sharing()
        connection.close()
    for connection in {connection.alias: connection for connection in opened}.values():
        if isinstance(connection, PostgresWrapper):
            connection.close_pool()


def _switch(config: dict[str, Any]) -> None:
    """The settings are changed in place, since wrappers and `settings.DATABASES` share the dictionary. Every
    thread's wrappers are dropped with them: one made for SQLite does not become one for PostgreSQL."""
    in_thread(close_connections)  # where an event loop runs, Django refuses to close one
    current = connections.settings["default"]
    current.clear()
    current.update(config)
    vars(connections).update(_connections=Local(connections.thread_critical))
    ContentType.objects.clear_cache()


@functools.cache
def _config(url: str) -> dict[str, Any]:
    """What the project's own settings make of this DATABASE_URL, with Django's defaults filled in."""
    with mock.patch.dict(os.environ, DATABASE_URL=url):
        return ConnectionHandler({"default": project.settings.database()}).settings["default"]


def _then_close(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return work(*args, **kwargs)
    finally:
        connections.close_all()
