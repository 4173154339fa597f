"""The fixtures of every test; the harness behind them is in tests/harness/.

| fixture | life | what |
|---|---|---|
| `site` | server per module, shared | SQLite, one process; the default choice |
| `postgres_site` | server per module, shared | PostgreSQL, one process |
| `fresh_site` | test | `site` for oneself: for faults, and for what changes the whole server |
| `redis_site` | test | SQLite and a Redis of its own (`redis`) |
| `cluster` | test | `.left` and `.right`, two processes on one PostgreSQL database and one Redis (`.redis`) |
| `sites` | test | `sites.start(…)`: any other shape, settings as keywords |
| `redis` | test | a Redis server |
| `postgres` | session | the PostgreSQL server; a test that kills it starts it again |
| `sqlite_database`, `postgres_database` | test | no server: our ORM on a fresh database, real commits |
| `database` | test, twice | both of these in turn |
| `people` | test | users and chats on the active database |

A module changes its shared servers by overriding `site_settings`:

    @pytest.fixture(scope="module")
    def site_settings():
        return {"KITH_AUTH_TIMEOUT_S": "0.3"}

Tests marked `django_db` (pytest-django's own way: one transaction, rolled back) work beside these, on
SQLite and without `people`; one test uses one way or the other.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests.harness.databases import Database, Databases, Vendor
from tests.harness.people import People
from tests.harness.process import LOG_TAIL
from tests.harness.servers import PostgresServer, RedisServer
from tests.harness.site import Cluster, Site, Sites


def pytest_addoption(parser: pytest.Parser) -> None:
    """Of tests/faults."""
    group = parser.getgroup("faults")
    group.addoption("--faults", choices=["short", "long"], default="short", help="how hard faults strike")
    group.addoption("--faults-report", metavar="FILE", help="write the table of faults as Markdown")


def pytest_configure() -> None:
    """A suite ended by SIGTERM (a time limit) clears up as one ended by Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def test_folder() -> Iterator[Path]:
    """The folder of everything that the settings of the tests put somewhere."""
    folder: Path = settings.KITH_TEST_FOLDER
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def databases(
    test_folder: Path, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Databases]:
    """What makes databases."""
    with closing(Databases(test_folder, django_db_blocker)) as databases:
        yield databases


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases) -> None:
    """pytest-django's own database: a copy of our template instead of a second run of all migrations."""
    databases.rest_on(databases.create("sqlite"))


@pytest.fixture(scope="session")
def postgres(databases: Databases) -> PostgresServer:
    """The PostgreSQL server of this session."""
    return databases.postgres


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server of this test's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def one_way(request: pytest.FixtureRequest, django_db_setup: None) -> None:
    """Refuses a test that asks for pytest-django's rolled-back database and for one of ours."""
    theirs = {"db", "transactional_db", "django_db_reset_sequences"} & set(request.fixturenames)
    if theirs or request.node.get_closest_marker("django_db"):
        raise pytest.UsageError(
            f"{request.node.nodeid}: `django_db` and a database of the harness exclude each other"
        )


def _fresh(databases: Databases, vendor: Vendor) -> Iterator[Database]:
    database = databases.create(vendor)
    with databases.active(database):
        yield database
    databases.drop(database)


@pytest.fixture
def sqlite_database(databases: Databases, one_way: None) -> Iterator[Database]:
    """The ORM of this process on a fresh SQLite database."""
    yield from _fresh(databases, "sqlite")


@pytest.fixture
def postgres_database(databases: Databases, one_way: None) -> Iterator[Database]:
    """The ORM of this process on a fresh PostgreSQL database."""
    yield from _fresh(databases, "postgres")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, databases: Databases, one_way: None) -> Iterator[Database]:
    """The test runs on both."""
    yield from _fresh(databases, request.param)


@pytest.fixture
def sites(tmp_path: Path, databases: Databases, one_way: None) -> Iterator[Sites]:
    """Starts servers for this test."""
    with closing(Sites(tmp_path, databases)) as sites:
        yield sites


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """Environment of the module's shared servers; a module overrides it."""
    return {}


@pytest.fixture(scope="module")
def module_sites(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Sites]:
    """Starts servers for this module."""
    with closing(Sites(tmp_path_factory.mktemp("sites"), databases)) as sites:
        yield sites


@pytest.fixture(scope="module")
def sqlite_server(module_sites: Sites, site_settings: dict[str, str]) -> Site:
    return module_sites.start("sqlite", active=False, settings=site_settings)


@pytest.fixture(scope="module")
def postgres_server(module_sites: Sites, site_settings: dict[str, str]) -> Site:
    return module_sites.start("postgres", active=False, settings=site_settings)


@pytest.fixture
def site(sqlite_server: Site, databases: Databases, one_way: None) -> Iterator[Site]:
    """The module's server on SQLite."""
    with databases.active(sqlite_server.database):
        yield sqlite_server


@pytest.fixture
def postgres_site(postgres_server: Site, databases: Databases, one_way: None) -> Iterator[Site]:
    """The module's server on PostgreSQL."""
    with databases.active(postgres_server.database):
        yield postgres_server


@pytest.fixture
def fresh_site(sites: Sites) -> Site:
    """A server on SQLite for this test alone."""
    return sites.start("sqlite")


@pytest.fixture
def redis_site(sites: Sites, redis: RedisServer) -> Site:
    """A server on SQLite with Redis, for this test alone."""
    return sites.start("sqlite", redis=redis)


@pytest.fixture
def cluster(sites: Sites, redis: RedisServer) -> Cluster:
    """Two servers on one PostgreSQL database and one Redis, for this test alone."""
    left, right = sites.start_cluster(2, "postgres", redis=redis)
    return Cluster(left, right, redis)


@pytest.fixture
def people() -> People:
    """Makes users and chats."""
    return People()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its servers printed."""
    report = yield
    if report.failed:
        used = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Sites)]
        for site in (site for sites in used for site in sites.started):
            report.sections.append((f"log of {site.url}", site.log()[-LOG_TAIL:]))
    return report
