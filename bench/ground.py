"""What every server of a run stands on: PostgreSQL, Redis, and databases with people in them.

PostgreSQL is as it comes, `fsync` and `synchronous_commit` on: what is acknowledged would outlive the
machine. Each server starts on a fresh copy of a template, which is made when it is first needed.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bench.cores import Cores
from tests.harness.servers import PostgresServer, RedisServer

ROOT = Path(__file__).parent.parent
PREPARE_WITHIN_S = 300  # migrations, and thousands of people
MISSED = 10  # messages in a chat that was told something
CHAT_SIZE = 8

Vendor = Literal["postgres", "sqlite"]
Data = Literal["kith", "tutorial", ""]  # whose tables; none

# Raised, not switched off: each is still counted.
LIMITS: Mapping[str, str] = {
    "KITH_COMMANDS_PER_MINUTE": "10000000",
    "KITH_SIGNALS_PER_MINUTE": "10000000",
    "KITH_SOCKETS_PER_IP_PER_MINUTE": "10000000",
    "KITH_SOCKETS_PER_USER_PER_MINUTE": "10000000",
    "KITH_OPEN_SOCKETS_PER_USER": "10000000",
    "KITH_ACCESS_MINUTES": "1440",
}


class DurablePostgres(PostgresServer):
    """The tests' server, but for what they switch off to be quick."""

    SETTINGS = (
        *("fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=200"),
        *("unix_socket_directories=", "listen_addresses=127.0.0.1", "checkpoint_timeout=1h"),
        *("max_wal_size=4GB", "log_checkpoints=off"),
    )


@dataclass(frozen=True)
class Need:
    """Who is in Kith's database: so many ``users``; a room of the first ``room`` of them; ``chats`` of
    `CHAT_SIZE` each, in the first ``told`` of which `MISSED` messages were sent."""

    users: int
    room: int
    chats: int
    told: int


@dataclass(frozen=True)
class People:
    """What the seed made. ``tokens`` by user; ``members``: of the room; ``since``: for each chat that was
    told something, the cursor from before that."""

    tokens: list[str]
    room: int
    members: int
    chats: list[int]
    since: list[str]


class Ground:
    """Databases on servers that run already, and what processes need to know to use them. ``need`` by
    vendor; ``migrated``: a PostgreSQL database with Kith's tables and nobody in it, where there is one."""

    def __init__(
        self,
        cores: Cores,
        need: Mapping[Vendor, Need],
        folder: Path,
        redis: RedisServer,
        postgres: PostgresServer,
        migrated: str = "",
    ) -> None:
        self.cores = cores
        self.folder = folder
        self.redis = redis
        self.postgres = postgres
        self._need = need
        self._migrated = migrated
        self._people: dict[Vendor, People] = {}
        self._templates: dict[tuple[Data, Vendor], str] = {}
        self._numbers = itertools.count(1)

    def people(self, vendor: Vendor) -> People:
        """Of the databases that `copy` made for Kith."""
        return self._people[vendor]

    def copy(self, data: Data, vendor: Vendor) -> str:
        """The URL of a fresh database with these tables; in memory, where there are none."""
        if not data:
            return "sqlite://:memory:"
        if (data, vendor) not in self._templates:
            self._templates[data, vendor] = self._template(data, vendor)
        return self._create(f"bench_{data}_{next(self._numbers)}", vendor, self._templates[data, vendor])

    def drop(self, url: str) -> None:
        """Remove what `copy` made."""
        if _vendor(url) == "postgres":
            self.postgres.drop_database(url.rpartition("/")[2])
        elif url.startswith(_SQLITE):
            for part in self.folder.glob(f"{Path(url.removeprefix(_SQLITE)).name}*"):
                part.unlink()

    def environment(self, url: str) -> dict[str, str]:
        """Of Kith's processes: what is said here, and nothing of this machine's `.env`."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("KITH_", "WEBSOCKET_"))
        }
        return kept | {
            "DATABASE_URL": url,
            "REDIS_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "SECRET_KEY": "of-the-bench-alone-and-long-enough-for-HS256-and-for-Django",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DEBUG": "0",
            **LIMITS,
        }

    def tutorial_environment(self, url: str) -> dict[str, str]:
        """Of the tutorial's processes."""
        mine = {"REDIS_URL": self.redis.url, "DATABASE_URL": url}
        return {**os.environ, **mine, "DJANGO_SETTINGS_MODULE": "bench.apps.tutorial_settings"}

    def _create(self, name: str, vendor: Vendor, template: str = "") -> str:
        if vendor == "postgres":
            return self.postgres.create_database(name, template=template.rpartition("/")[2] or "template1")
        path = self.folder / f"{name}.sqlite3"
        if template:
            shutil.copy(template.removeprefix(_SQLITE), path)
        return f"{_SQLITE}{path}"

    def _template(self, data: Data, vendor: Vendor) -> str:
        migrated = self._migrated if (data, vendor) == ("kith", "postgres") else ""
        url = self._create(f"bench_{data}_template", vendor, migrated)
        if data == "tutorial":
            _run([sys.executable, "-m", "bench.apps.durable.table"], self.tutorial_environment(url))
            return url
        environment = self.environment(url)
        if not migrated:
            _run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
        need = json.dumps(asdict(self._need[vendor]))
        said = _run([sys.executable, "-m", "bench.seed", need], environment)
        self._people[vendor] = People(**json.loads(said))
        return url

    def close(self) -> None:
        """Drop the templates."""
        for url in self._templates.values():
            self.drop(url)


_SQLITE = "sqlite:///"


def _vendor(url: str) -> Vendor:
    return "sqlite" if url.startswith("sqlite:") else "postgres"


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    """What it wrote. Raises subprocess.CalledProcessError; its errors are shown."""
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=ROOT,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PREPARE_WITHIN_S,
    )
    return done.stdout
