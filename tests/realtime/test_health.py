"""Is it alive, is it ready, how is it doing (PROTOCOL §8)."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.people import People
from tests.harness.servers import PostgresServer, RedisServer
from tests.harness.site import Site, Sites
from tests.harness.waiting import wait_until


def figures(site: Site) -> dict[str, float]:
    """What Prometheus would read, by the name of the sample (labels summed up)."""
    answer = site.api().get("/metrics").raise_for_status()
    assert answer.headers["Content-Type"].startswith("text/plain")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.parametrize("path", ["/health", "/health/", "/ws/health", "/ws/health/", "/api/v1/health"])
def test_health_needs_no_sign_in_and_has_its_aliases(site: Site, path: str) -> None:
    answer = site.api().get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "active_connections": 0, "total_sockets": 0}


async def test_health_counts_users_and_sockets(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    async with contextlib.AsyncExitStack() as stack:
        for user in (alice, alice, bob):
            await stack.enter_async_context(site.open("messages", user))
        async with site.connect() as nobody:
            await nobody.send_raw("not signed in yet")
            await nobody.until("error")
            assert site.health() == {"status": "healthy", "active_connections": 2, "total_sockets": 4}
        wait_until(lambda: site.health()["total_sockets"] == 3)
    assert wait_until(lambda: site.health()["total_sockets"] == 0)
    assert site.health()["active_connections"] == 0


@pytest.mark.parametrize("path", ["/ready", "/ready/"])
def test_ready_answers_when_the_database_does(site: Site, path: str) -> None:
    answer = site.api().get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_metrics_are_in_the_format_of_prometheus(site: Site, path: str) -> None:
    assert "kith_sockets 0.0" in site.api().get(path).raise_for_status().text


async def test_metrics_count_sockets_commands_and_refusals(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    before = figures(site)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        await client.command({"type": "message", "content": "counted"})
        await client.until("new_message")
        await client.command({"type": "dance"})
        async with site.connect(token="wrong") as refused:
            assert await refused.closed() == 4401
        during = figures(site)
    assert during["kith_sockets"] == 1
    assert during["kith_commands_total"] - before.get("kith_commands_total", 0) == 2
    assert during["kith_delivered_total"] - before["kith_delivered_total"] >= 1
    assert during["kith_refused_total"] - before.get("kith_refused_total", 0) == 1
    assert wait_until(lambda: figures(site)["kith_sockets"] == 0) is True


async def test_metrics_tell_what_a_process_holds(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")

    def told() -> tuple[float, ...]:
        now = figures(site)
        return tuple(now[name] for name in ("kith_sockets", "kith_users", "kith_streams"))

    assert wait_until(lambda: told() == (0, 0, 0))
    tasks = figures(site)["kith_tasks"]
    async with site.open("notifications", alice), site.open("notifications", alice):
        assert wait_until(lambda: told()[:2] == (2, 1))
        _, _, of_one = told()
        async with site.open("notifications", bob):
            assert wait_until(lambda: told()[:2] == (3, 2))
            assert told()[2] == of_one + 2  # notifications, and what is said to all sockets of a user
            assert figures(site)["kith_tasks"] > tasks
            assert figures(site)["kith_threads"] > 1
    assert wait_until(lambda: told() == (0, 0, 0))


def readiness(site: Site) -> tuple[int, dict[str, Any]]:
    answer = site.api().get("/ready/")
    return answer.status_code, answer.json()


def test_not_ready_names_what_is_away_while_health_stays(
    sites: Sites, postgres: PostgresServer, redis: RedisServer
) -> None:
    site = sites.start("postgres", redis=redis)
    away = {"broker": "does not answer"}
    wait_until(lambda: readiness(site) == (200, {"status": "ready"}))
    redis.kill()
    wait_until(lambda: readiness(site) == (503, {"status": "unavailable", "problems": away}))
    postgres.kill()
    try:
        away["database"] = "does not answer"
        assert readiness(site) == (503, {"status": "unavailable", "problems": away})
        assert site.health()["status"] == "healthy"
    finally:
        postgres.start()
        redis.start()
    wait_until(lambda: readiness(site) == (200, {"status": "ready"}))
