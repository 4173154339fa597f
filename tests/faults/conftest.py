"""What every fault starts from; the table at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import arena as arenas
from tests.faults.ledger import Row
from tests.faults.table import as_markdown, as_text
from tests.harness.databases import Databases
from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Sites

ROWS = pytest.StashKey[list[Row]]()
SETTINGS = {
    "KITH_POLL_S": "1",
    "WEBSOCKET_PING_INTERVAL": "2",  # what clients are told to ping by: a frozen server is noticed soon
    "WEBSOCKET_PING_TIMEOUT": "6",
    "KITH_RECONNECT_MS": "1000",
    # Rates that nobody reaches, but that are counted: by Redis, which may be away.
    **dict.fromkeys(
        (
            *("KITH_COMMANDS_PER_MINUTE", "KITH_SIGNALS_PER_MINUTE", "KITH_AUTH_FAILURES_PER_MINUTE"),
            *("KITH_SOCKETS_PER_IP_PER_MINUTE", "KITH_SOCKETS_PER_USER_PER_MINUTE"),
        ),
        "100000",
    ),
}


@pytest.fixture(scope="session")
def form(request: pytest.FixtureRequest) -> arenas.Form:
    """Short, or with ``--faults=long``."""
    return arenas.LONG if request.config.getoption("--faults") == "long" else arenas.SHORT


@pytest.fixture(scope="session")
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """The lines of the table so far."""
    return request.config.stash.setdefault(ROWS, [])


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """Of the module's servers; a module overrides it with what it adds."""
    return SETTINGS


@pytest.fixture(scope="module")
def module_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The module's Redis."""
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture(scope="module")
def ground(module_redis: RedisServer, module_sites: Sites, site_settings: dict[str, str]) -> Cluster:
    """The module's two servers on one PostgreSQL database and one Redis."""
    left, right = module_sites.start_cluster(2, redis=module_redis, settings=site_settings, active=False)
    return Cluster(left, right, module_redis)


@pytest.fixture
def arena(
    ground: Cluster,
    databases: Databases,
    one_way: None,
    people: People,
    form: arenas.Form,
    rows: list[Row],
) -> Iterator[arenas.Arena]:
    """The ground, whole again after the last fault, and new people on it."""
    for server in (ground.redis, databases.postgres, ground.left, ground.right):
        if not server.running():
            server.start()
    with databases.active(ground.left.database):
        yield arenas.Arena(ground, people, form, rows)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table; ``--faults-report`` writes it to a file, too."""
    if not (rows := config.stash.get(ROWS, [])):
        return
    terminalreporter.section("faults")
    for line in as_text(rows):
        terminalreporter.write_line(line)
    if report := config.getoption("--faults-report"):
        Path(report).write_text(as_markdown(rows))
