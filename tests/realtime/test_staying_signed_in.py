"""Tokens that are refreshed, run out or are taken back while sockets are open (PROTOCOL §2)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.test import Client as DjangoClient

from realtime.auth import SESSION_CLAIM, end_session
from realtime.rights import close_sockets
from tests.harness.client import Client
from tests.harness.people import PASSWORD, People
from tests.harness.servers import RedisServer
from tests.harness.site import Site, Sites
from tests.harness.waiting import wait_until

WITHIN_S = 20.0  # what another process did is noticed within KITH_POLL_S, 0.25 s here


async def taken_back(client: Client, code: str = "token_revoked") -> None:
    """The server says why and closes."""
    assert await client.closed(within=WITHIN_S) == 4401
    assert (client.seen[-1]["type"], client.seen[-1]["code"]) == ("auth_error", code)


def moment(text: str) -> float:
    """A time of the wire (RFC 3339, UTC) in seconds since 1970."""
    at = datetime.fromisoformat(text)
    assert at.tzinfo == UTC
    return at.timestamp()


# ── refresh in place ────────────────────────────────────────────────────────────────────────


async def test_authenticate_again_refreshes_in_place(site: Site, people: People) -> None:
    alice = people.user("alice")
    later = int(time.time()) + 4000
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        await client.send({"type": "authenticate", "token": site.token(alice, exp=later)})
        answer = await client.until("authenticated")
        assert answer.keys() == {"type", "user_id", "expires_at"}
        assert answer["user_id"] == alice.pk
        assert moment(answer["expires_at"]) == later
        assert await client.barrier() == []


async def test_a_refresh_is_for_the_same_user_only(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        await client.send({"type": "authenticate", "token": site.token(bob), "ref": "r"})
        error = await client.until("error")
        assert (error["code"], error["ref"]) == ("forbidden", "r")
        assert (await client.command({"type": "message", "content": "still alice"}))["type"] == "ack"


@pytest.mark.parametrize(
    ("changes", "code"), [({"exp": 1}, "token_expired"), ({"key": "x" * 40}, "token_invalid")]
)
async def test_a_refresh_is_judged_like_any_token(
    site: Site, people: People, changes: dict[str, Any], code: str
) -> None:
    alice = people.user("alice")
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        await client.send({"type": "authenticate", "token": site.token(alice, **changes)})
        await taken_back(client, code)


async def test_expiry_is_announced_and_closes_unless_refreshed(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    expiry = int(time.time()) + 2
    token = site.token(alice, exp=expiry)
    channel = f"messages/{chat.pk}"
    async with site.connect(channel, token=token) as idle, site.connect(channel, token=token) as active:
        warning = await idle.until("token_expiring")
        assert warning.keys() == {"type", "expires_at"}
        assert moment(warning["expires_at"]) == expiry
        assert expiry - 1.1 < time.time() < expiry  # KITH_TOKEN_WARNING_S is 1 in tests
        await active.until("token_expiring")
        await active.send({"type": "authenticate", "token": site.token(alice)})
        await active.until("authenticated")
        await taken_back(idle, "token_expired")
        assert expiry - 0.1 < time.time() < expiry + 1
        assert (await active.command({"type": "message", "content": "here"}))["type"] == "ack"


async def test_a_refreshed_token_runs_out_in_its_turn(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        await client.send({"type": "authenticate", "token": site.token(alice, exp=int(time.time()) + 1)})
        await client.until("token_expiring")
        await taken_back(client, "token_expired")


# ── signing out ─────────────────────────────────────────────────────────────────────────────


def signed_in(site: Site, user: Any) -> dict[str, str]:
    answer = site.api().post("/api/token/", json={"username": user.username, "password": PASSWORD})
    tokens: dict[str, str] = answer.raise_for_status().json()
    return tokens


async def test_logging_out_closes_the_sockets_of_that_sign_in_only(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    phone, laptop = signed_in(site, alice), signed_in(site, alice)
    renewed = site.api().post("/api/token/refresh/", json={"refresh": phone["refresh"]}).json()["access"]
    async with contextlib.AsyncExitStack() as stack:
        tokens = [phone["access"], renewed, laptop["access"], site.token(bob)]
        sockets = [await stack.enter_async_context(site.connect(token=token)) for token in tokens]
        for client in sockets:
            await client.until("connected")
        assert site.api(phone["access"]).post("/api/logout/", json={}).status_code == 204
        for client in sockets[:2]:
            await taken_back(client)
        # The laptop is judged, too, and holds: known when one more sign-out has closed one more socket.
        async with site.connect(token=(third := signed_in(site, alice))["access"]) as client:
            await client.until("connected")
            site.api(third["access"]).post("/api/logout/", json={})
            await taken_back(client)
        for client in sockets[2:]:
            assert await client.barrier() == []


async def test_a_socket_lives_by_the_sign_in_of_its_newest_token(site: Site, people: People) -> None:
    alice = people.user("alice")
    first, second = signed_in(site, alice), signed_in(site, alice)
    async with site.connect(token=first["access"]) as moved, site.connect(token=first["access"]) as stayed:
        await stayed.until("connected")
        await moved.until("connected")
        await moved.send({"type": "authenticate", "token": second["access"]})
        await moved.until("authenticated")
        site.api(first["access"]).post("/api/logout/", json={})
        await taken_back(stayed)
        assert (await moved.barrier()) == []
        site.api(second["access"]).post("/api/logout/", json={})
        await taken_back(moved)


async def test_a_signed_out_refresh_token_opens_nothing(site: Site, people: People) -> None:
    tokens = signed_in(site, people.user("alice"))
    site.api().post("/api/logout/", json={"refresh": tokens["refresh"]}).raise_for_status()
    async with site.connect(token=tokens["access"]) as client:
        await taken_back(client)


def session_of(user: Any) -> str:
    """The key of a new Django session."""
    browser = DjangoClient()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


async def test_the_end_of_a_django_session_closes_its_sockets(site: Site, people: People) -> None:
    """Django tells of a logout before it deletes the session; often, as that is a race."""
    alice, csrf = people.user("alice"), "c" * 32
    for _ in range(10):
        cookies = f"sessionid={site.run(session_of, alice)}; csrftoken={csrf}"
        async with site.connect(headers={"Cookie": cookies}, origin=site.url) as client:
            await client.until("connected")
            site.api().post(
                "/api/logout/", json={}, headers={"Cookie": cookies, "X-CSRFToken": csrf}
            ).raise_for_status()
            await taken_back(client)


# ── what ends every sign-in, done in another process (this one) ─────────────────────────────


def new_password(user: Any) -> None:
    user.set_password("a new one")
    user.save()


def new_password_alone(user: Any) -> None:
    user.set_password("a new one")
    user.save(update_fields=["password"])


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


def delete(user: Any) -> None:
    get_user_model().objects.get(pk=user.pk).delete()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (new_password, "token_revoked"),
        (new_password_alone, "token_revoked"),
        (deactivate, "token_revoked"),
        (delete, "token_invalid"),
    ],
)
async def test_what_ends_every_sign_in_closes_every_socket(
    site: Site, people: People, change: Callable[[Any], None], code: str
) -> None:
    alice, bob = people.users("alice", "bob")
    people.chat(alice, bob)
    async with contextlib.AsyncExitStack() as stack:
        single = await stack.enter_async_context(site.open("messages", alice))
        multiplexed = await stack.enter_async_context(site.connect(token=site.token(alice)))
        other = await stack.enter_async_context(site.open("messages", bob))
        await multiplexed.until("connected")
        site.run(change, alice)
        await taken_back(single, code)
        await taken_back(multiplexed, code)
        assert [frame["type"] for frame in await other.barrier() if frame["type"] == "auth_error"] == []


async def test_a_changed_password_closes_the_sockets_of_the_cookie(site: Site, people: People) -> None:
    alice = people.user("alice")
    cookie = {"Cookie": f"sessionid={site.run(session_of, alice)}"}
    async with site.connect(headers=cookie, origin=site.url) as client:
        await client.until("connected")
        site.run(new_password, alice)
        await taken_back(client)


def renamed(user: Any) -> None:
    user.first_name = "Alice"
    user.save()


async def test_other_changes_of_a_user_close_nothing(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        site.run(renamed, alice)
        async with site.connect(token=(token := signed_in(site, alice))["access"]) as witness:
            await witness.until("connected")
            site.api(token["access"]).post("/api/logout/", json={})
            await taken_back(witness)  # so the order before it was obeyed as well
        assert await client.barrier() == []


async def test_an_operator_closes_sockets_and_the_client_may_come_back(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")
        site.run(close_sockets, alice)
        assert await client.closed(within=WITHIN_S) == 1000
    async with site.connect(token=site.token(alice)) as client:
        await client.until("connected")


@pytest.fixture
def pair(sites: Sites) -> list[Site]:
    """Two servers on one database and no Redis."""
    return sites.start_cluster(2, "postgres")


async def test_two_processes_without_a_broker_tell_each_other_by_the_log(
    pair: list[Site], people: People
) -> None:
    left, right = pair
    tokens = signed_in(left, people.user("alice"))
    async with right.connect(token=tokens["access"]) as client:
        await client.until("connected")
        left.api(tokens["access"]).post("/api/logout/", json={}).raise_for_status()
        await taken_back(client)


@pytest.fixture
def redis_that_hangs(sites: Sites, redis: RedisServer) -> Iterator[Site]:
    """A server that waits for its Redis, in vain, before it admits a socket."""
    site = sites.start("sqlite", redis=redis, settings={"KITH_SOCKETS_PER_USER_PER_MINUTE": "100"})
    redis.pause()
    yield site
    redis.resume()


async def test_a_sign_out_amid_the_admission_closes_the_socket(
    redis_that_hangs: Site, people: People
) -> None:
    site, alice = redis_that_hangs, people.user("alice")
    token = site.token(alice)
    sid = jwt.decode(token, options={"verify_signature": False})[SESSION_CLAIM]
    async with site.connect(token=token) as client:
        wait_until(lambda: site.health()["total_sockets"] == 1)
        site.run(end_session, sid, alice)
        await taken_back(client)
