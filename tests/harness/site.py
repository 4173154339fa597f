"""A running Kith server and what tests do to it.

    site.url, site.ws_url("messages/5", token="…")
    async with site.connect("messages/5", token=token) as client: ...     a socket, see client.Client
    async with site.open("messages/5", alice) as client: ...              …opened up to `caught_up`
    async with site.stream("feed", "messages/5", user=alice) as client: ...   Server-Sent Events, see stream
    site.api(alice).get("/api/me/")                                       REST, an httpx client
    site.run(message_send, chat=chat, …), site.manage("shell", "-c", "…") see databases.Database
    site.kill(); site.start(); site.pause(); site.restart(); site.log()   see process.ServerProcess

`Sites` starts them, points the ORM of this process at their database and clears everything up:

    site = sites.start("postgres", redis=redis, settings={"KITH_POLL_S": "0.1"})
    left, right = sites.start_cluster(2, redis=redis)                     one database, one Redis
"""

from __future__ import annotations

import contextlib
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx

from tests.harness.client import Client, connect
from tests.harness.databases import Database, Databases, Vendor
from tests.harness.people import token_for
from tests.harness.process import ServerProcess
from tests.harness.servers import RedisServer
from tests.harness.stream import Answer, Query, Stream, poll, stream

T = TypeVar("T")
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # HTTP without TLS; httpx would read all CAs for each client


SERVE = ("manage.py", "serve", "--host", "127.0.0.1", "--port", "{port}")
# Servers that know nothing of Kith.
DAPHNE = ("-m", "daphne", "-b", "127.0.0.1", "-p", "{port}", "project.asgi:application")
UVICORN = ("-m", "uvicorn", "--port", "{port}", "--ws", "websockets-sansio", "project.asgi:application")


class Site(ServerProcess):
    """One server process on a database, perhaps with Redis; ``settings`` of its environment.

    ``server``: what Python runs, `SERVE` if nothing else is said; ``options`` follow it.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        redis_url: str,
        settings: Mapping[str, str],
        options: Sequence[str] = (),
        server: Sequence[str] = SERVE,
    ) -> None:
        super().__init__("site", folder)
        self.options = options
        self.server = server
        self.database = database
        self.redis_url = redis_url
        self.settings = dict(settings)
        self._apis: list[httpx.Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ws_url(self, path: str = "", **query: object) -> str:
        """The URL of ``/ws/<path>`` (``/ws`` for an empty path); a query value of None is left out."""
        given = urlencode({name: value for name, value in query.items() if value is not None})
        place = f"/ws/{quote(path)}" if path else "/ws"
        return f"ws://127.0.0.1:{self.port}{place}{'?' if given else ''}{given}"

    def command(self) -> list[str]:
        return [sys.executable, *(part.format(port=self.port) for part in self.server), *self.options]

    def environment(self) -> dict[str, str]:
        return self.database.environment | {"KITH_TEST_REDIS_URL": self.redis_url} | self.settings

    def is_ready(self) -> bool:
        try:
            return self.health()["status"] == "healthy"
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False

    def health(self) -> dict[str, Any]:
        """The answer of ``GET /health/``. Raises httpx.HTTPError."""
        answer = httpx.get(f"{self.url}/health/", timeout=2, trust_env=False, verify=PLAIN).raise_for_status()
        health: dict[str, Any] = answer.json()
        return health

    @contextlib.asynccontextmanager
    async def connect(
        self, path: str = "", *, token: str | None = None, since: object = None, **options: Any
    ) -> AsyncIterator[Client]:
        """A socket on ``/ws/<path>``, nothing read yet; ``options`` are those of `client.connect`.

        ``token`` and ``since`` go into the query (None: left out, "" is sent).
        """
        async with connect(self.ws_url(path, token=token, since=since), **options) as client:
            yield client

    @contextlib.asynccontextmanager
    async def open(
        self, path: str, user: Any, *, since: object = None, **options: Any
    ) -> AsyncIterator[Client]:
        """A socket of ``user`` on one channel, read up to `caught_up` (``client.opening``)."""
        async with self.connect(path, token=self.token(user), since=since, **options) as client:
            await client.opened()
            yield client

    @contextlib.asynccontextmanager
    async def stream(
        self,
        *channels: str,
        user: Any = None,
        token: str | None = None,
        since: object = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncIterator[Stream]:
        """Server-Sent Events of these channels, nothing read yet. Raises httpx.HTTPStatusError."""
        query = _asked(channels, since)
        async with self.http(user, token) as http, stream(http, query, headers) as opened:
            yield opened

    async def poll(
        self,
        *channels: str,
        user: Any = None,
        token: str | None = None,
        since: object = None,
        wait: object = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """The answer of one long poll. Raises httpx.HTTPStatusError."""
        async with self.http(user, token) as http:
            return await poll(http, _asked(channels, since, wait), headers)

    def http(self, user: Any = None, token: str | None = None) -> httpx.AsyncClient:
        """REST for coroutines, as ``user``, with a token, or as nobody."""
        token = self.token(user) if user is not None else token
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=30, trust_env=False, verify=PLAIN
        )

    def token(self, user: Any, **changes: Any) -> str:
        """An access token of ``user`` (see `people.token_for`)."""
        return token_for(user, **changes)

    def api(self, who: Any = None) -> httpx.Client:
        """REST as ``who``: a user, an access token, or None for nobody."""
        token = who if who is None or isinstance(who, str) else self.token(who)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        api = httpx.Client(base_url=self.url, headers=headers, timeout=10, trust_env=False, verify=PLAIN)
        self._apis.append(api)
        return api

    def run(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """``work(…)`` with this process's ORM on the site's database (see `Database.run`)."""
        return self.database.run(work, *args, **kwargs)

    def manage(self, *arguments: str) -> str:
        """A management command in a third process, with this site's settings (see `Database.manage`)."""
        return self.database.manage(*arguments, environment=self.environment())

    def close(self) -> None:
        """Stop the server and the REST clients."""
        for api in self._apis:
            api.close()
        self.stop()


def _asked(channels: Iterable[str], since: object, wait: object = None) -> Query:
    given = {"since": since, "wait": wait}
    rest = [(name, str(value)) for name, value in given.items() if value is not None]
    return [*(("channel", channel) for channel in channels), *rest]


@dataclass(frozen=True)
class Cluster:
    """Two server processes on one database and one Redis."""

    left: Site
    right: Site
    redis: RedisServer


class Sites:
    """Starts sites and, at the end, stops them and drops the databases it made."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self._folder = folder
        self._databases = databases
        self.started: list[Site] = []
        self._cleanup = contextlib.ExitStack()

    def start(
        self,
        on: Vendor | Database = "sqlite",
        *,
        redis: RedisServer | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        options: Sequence[str] = (),
        server: Sequence[str] = SERVE,
        active: bool = True,
    ) -> Site:
        """A running site on a new database of this vendor, or on an existing database.

        ``settings`` go into its environment, ``options`` on the command line of ``server``. ``active``:
        this process's ORM uses its database from now on; a fixture that lives longer than a test says
        False, and its tests activate it themselves.
        """
        [site] = self.start_cluster(
            1, on, redis=redis, settings=settings, options=options, server=server, active=active
        )
        return site

    def start_cluster(
        self,
        size: int,
        on: Vendor | Database = "postgres",
        *,
        redis: RedisServer | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        options: Sequence[str] = (),
        server: Sequence[str] = SERVE,
        active: bool = True,
    ) -> list[Site]:
        """``size`` processes on one database, started side by side; otherwise as ``start``."""
        database = on if isinstance(on, Database) else self._databases.create(on)
        if database is not on:
            self._cleanup.callback(self._databases.drop, database)
        if active:
            self._cleanup.enter_context(self._databases.active(database))
        url = redis.url if redis else ""
        sites = [Site(self._folder, database, url, settings, options, server) for _ in range(size)]
        for site in sites:
            self._cleanup.callback(site.close)
            self.started.append(site)
            site.launch()
        for site in sites:
            site.ready()
        return sites

    def close(self) -> None:
        """Stop and remove everything, newest first."""
        self._cleanup.close()
