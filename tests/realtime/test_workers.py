"""`manage.py serve --workers N`: several processes on one port, any of which may die."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.process import free_port, is_gone
from tests.harness.servers import RedisServer
from tests.harness.site import Site, Sites
from tests.harness.waiting import eventually, wait_until
from tests.realtime.test_health import figures

WORKERS = 3
SOCKETS = 24


@pytest.fixture
def site(sites: Sites, redis: RedisServer) -> Site:
    settings = {"KITH_OPEN_SOCKETS_PER_USER": "0"}  # whichever worker they come to
    return sites.start("postgres", redis=redis, settings=settings, options=["--workers", str(WORKERS)])


def workers(site: Site) -> list[psutil.Process]:
    return psutil.Process(site.pid).children()


def holders(site: Site, clients: list[Client]) -> set[int]:
    """Pids of the workers that hold these sockets."""
    ports = {client.socket.local_address[1] for client in clients}
    return {
        worker.pid
        for worker in workers(site)
        for link in worker.net_connections("tcp")
        if getattr(link.raddr, "port", None) in ports
    }


@contextlib.asynccontextmanager
async def crowd(site: Site, channel: str, user: object, count: int) -> AsyncIterator[list[Client]]:
    async with contextlib.AsyncExitStack() as stack:
        opening = [stack.enter_async_context(site.open(channel, user)) for _ in range(count)]
        yield [await each for each in opening]


async def test_sockets_of_all_workers_hear_each_other(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    channel = f"messages/{people.chat(alice, bob).pk}"
    async with contextlib.AsyncExitStack() as stack:
        clients: list[Client] = []
        while len(holders(site, clients)) < WORKERS:  # who accepts is the kernel's choice
            assert len(clients) < 100
            opening = (site.connect(channel, token=site.token(bob)) for _ in range(8))
            clients += await asyncio.gather(*map(stack.enter_async_context, opening))
        for client in clients:
            await client.opened()
        sender = await stack.enter_async_context(site.open(channel, alice))
        await sender.command({"type": "message", "content": "to all"})
        for client in clients:
            await client.until("new_message", content="to all")

        async def counted() -> bool:  # of all workers, whichever answers
            return (await asyncio.to_thread(figures, site))["kith_sockets"] == len(clients) + 1

        await eventually(counted)


async def test_a_killed_worker_is_replaced_and_the_others_go_on(site: Site, people: People) -> None:
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice).pk}"
    before = workers(site)
    async with crowd(site, channel, alice, SOCKETS) as clients:
        before[0].kill()

        def replaced() -> bool:
            now = workers(site)
            return len(now) == WORKERS and before[0] not in now

        await asyncio.to_thread(lambda: wait_until(replaced, within=20))
        left = [client for client in clients if client.socket.state.name == "OPEN"]
        for client in left:
            await client.barrier()
        async with site.open(channel, alice) as late:
            await late.command({"type": "message", "content": "still here"})
            for client in left:
                await client.until("new_message", content="still here")
    assert f"worker {before[0].pid} died" in site.log()


async def test_sigterm_drains_every_worker(site: Site, people: People) -> None:
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice).pk}"
    family = workers(site)
    assert len(family) == WORKERS
    async with crowd(site, channel, alice, 9) as clients:
        site.terminate()
        for client in clients:
            assert await client.closed() == 1012
            assert client.seen[-1]["type"] == "reconnect"
    assert await asyncio.to_thread(site.wait) == 0
    assert all(map(is_gone, family))
    assert "Traceback" not in site.log()


async def test_sighup_replaces_the_workers_without_a_gap(site: Site, people: People) -> None:
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice).pk}"
    family = workers(site)
    async with site.open(channel, alice) as client:
        psutil.Process(site.pid).send_signal(signal.SIGHUP)

        async def replaced() -> bool:
            async with site.connect(channel, token=site.token(alice)) as probe:  # refused, it would raise
                assert (await probe.recv())["type"] in ("connected", "reconnect")
            return all(map(is_gone, family)) and len(workers(site)) == WORKERS

        await eventually(replaced, within=40)
        assert await client.closed() == 1012
    async with site.open(channel, alice) as client:
        await client.barrier()


async def test_workers_end_when_their_parent_was_killed(site: Site, people: People) -> None:
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice).pk}"
    family = workers(site)
    async with site.open(channel, alice) as client:
        psutil.Process(site.pid).kill()
        assert await client.closed() == 1012

        async def gone() -> bool:
            return all(map(is_gone, family))

        await eventually(gone, within=20)


def refused(database: Database, **environment: str) -> str:
    with pytest.raises(AssertionError) as error:
        database.manage(
            *("serve", "--workers", "2", "--port", str(free_port())),
            environment=database.environment | environment,
        )
    said = str(error.value)
    assert "Traceback" not in said
    return said


def test_workers_without_postgresql_or_redis_are_refused(
    sqlite_database: Database, redis: RedisServer
) -> None:
    assert "DATABASE_URL, a PostgreSQL (SQLite serves one process) and REDIS_URL, a Redis" in refused(
        sqlite_database
    )
    said = refused(sqlite_database, KITH_TEST_REDIS_URL=redis.url)
    assert "DATABASE_URL" in said
    assert "REDIS_URL" not in said


def test_workers_that_cannot_start_end_with_the_reason(
    postgres_database: Database, redis: RedisServer
) -> None:
    said = refused(
        postgres_database,
        KITH_TEST_REDIS_URL=redis.url,
        DJANGO_SETTINGS_MODULE="tests.realtime.nowhere",
    )
    assert "No worker came up" in said
