"""The gate does to requests what it says; the tests of bad networks rest on it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.browser.gate import API, PAGE, WEBSOCKET, Gate, gate_to
from tests.harness.client import connect
from tests.harness.people import People
from tests.harness.site import PLAIN, Site


def client(gate: Gate) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gate.url, timeout=2, trust_env=False, verify=PLAIN)


def socket(gate: Gate, site: Site, user: Any) -> Any:
    return connect(gate.url.replace("http", "ws") + f"/ws/online?token={site.token(user)}")


async def test_an_open_gate_carries_requests_and_sockets(site: Site, people: People) -> None:
    async with gate_to(site) as gate, client(gate) as http, socket(gate, site, people.user()) as line:
        await line.opened()
        assert (await http.get("/health/")).json()["total_sockets"] == 1
        assert (await http.get("/api/me/")).status_code == 401
        assert [gate.passed(kind) for kind in (WEBSOCKET, PAGE, API)] == [1, 1, 1]


async def test_what_is_refused_is_cut_and_answered_403_while_the_rest_passes(
    site: Site, people: People
) -> None:
    user = people.user()
    async with gate_to(site) as gate, client(gate) as http:
        async with socket(gate, site, user) as line:
            await line.opened()
            gate.refuse(WEBSOCKET)
            assert await line.closed() == 1006
        with pytest.raises(InvalidStatus, match="403"):
            async with socket(gate, site, user):
                pass
        assert (await http.get("/health/")).status_code == 200
        gate.open()
        async with socket(gate, site, user) as line:
            await line.opened()


async def test_what_is_held_gets_no_byte(site: Site) -> None:
    async with gate_to(site) as gate, client(gate) as http:
        gate.hold(PAGE)
        with pytest.raises(httpx.ReadTimeout):
            await http.get("/health/", timeout=0.3)
        assert gate.passed(PAGE) == 0


async def test_what_is_muted_goes_in_and_nothing_comes_out(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    people.connect(alice, bob)
    async with gate_to(site) as gate, site.open("online", bob) as watch, socket(gate, site, alice) as line:
        await watch.until("user_online", user_id=alice.pk)
        await line.opened()
        gate.mute(WEBSOCKET)
        await line.send({"type": "status", "status": "busy"})
        await watch.until("user_online", user_id=alice.pk, status="busy")
        with pytest.raises(TimeoutError):
            await line.command({"type": "ping"}, within=0.3)


async def test_a_server_that_is_down_is_seen_through_the_gate(fresh_site: Site) -> None:
    async with gate_to(fresh_site) as gate, client(gate) as http:
        await asyncio.to_thread(fresh_site.stop)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/health/")
        await asyncio.to_thread(fresh_site.start)
        assert (await http.get("/health/")).status_code == 200
