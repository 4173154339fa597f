"""Who a stream, a poll and a posted command belong to: the ways that HTTP has (PROTOCOL §2)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client as DjangoClient

from realtime.rights import close_sockets
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.stream import Stream

ALLOWED = "https://app.example.org"
CSRF = "c" * 32
PING = {"type": "ping"}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_ALLOWED_ORIGINS": ALLOWED, "LOG_LEVEL": "DEBUG"}


def session_of(site: Site, user: Any) -> str:
    browser = DjangoClient()
    site.run(browser.force_login, user)
    return browser.cookies["sessionid"].value


def answers(site: Site, *, query: str = "", **headers: str) -> list[httpx.Response]:
    """Of a poll, the beginning of a stream, and a command."""
    with site.api() as http:
        poll = http.get(f"/api/events/?channel=feed&wait=0{query}", headers=headers)
        with http.stream("GET", f"/api/events/stream/?channel=feed{query}", headers=headers) as stream:
            if stream.is_error:
                stream.read()
        command = http.post(f"/api/commands/?{query}", json=PING, headers=headers)
    return [poll, stream, command]


def assert_refused(responses: list[httpx.Response], code: str) -> None:
    for response in responses:
        assert response.status_code == 401
        assert response.json().keys() == {"code", "message"}
        assert response.json()["code"] == code
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


# ── tokens ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_token_signs_in(site: Site, people: People, way: str) -> None:
    token = site.token(people.user("alice"))
    given = {"Authorization": f"Bearer {token}"} if way == "header" else {"query": f"&token={token}"}
    assert [response.status_code for response in answers(site, **given)] == [200, 200, 200]
    assert token not in site.log()
    assert token.rpartition(".")[2] not in site.log()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1}, "token_expired"),
        ({"key": "x" * 40}, "token_invalid"),
        ({"token_type": "refresh"}, "token_invalid"),
        ({"user_id": "999999"}, "token_invalid"),
    ],
)
def test_a_bad_token_is_refused_with_its_code(
    site: Site, people: People, changes: dict[str, Any], code: str
) -> None:
    token = site.token(people.user("alice"), **changes)
    assert_refused(answers(site, Authorization=f"Bearer {token}"), code)
    assert_refused(answers(site, query=f"&token={token}"), code)


def test_a_sign_in_that_ended_is_refused(site: Site, people: People) -> None:
    token = site.token(people.user("alice"))
    site.api(token).post("/api/logout/", json={}).raise_for_status()
    assert_refused(answers(site, Authorization=f"Bearer {token}"), "token_revoked")


def test_without_a_token_it_is_missing(site: Site) -> None:
    assert_refused(answers(site), "token_missing")
    assert_refused(answers(site, query="&token="), "token_missing")
    assert_refused(answers(site, Cookie="sessionid=" + "z" * 32), "token_missing")


def test_an_empty_token_is_judged_whatever_the_cookie_says(site: Site, people: People) -> None:
    cookie = f"sessionid={session_of(site, people.user('alice'))}"
    assert_refused(answers(site, query="&token=", Cookie=cookie), "token_missing")


# ── the session cookie ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("origin", [True, False])
def test_the_session_cookie_signs_in_a_page_of_the_host(site: Site, people: People, origin: bool) -> None:
    """A browser names no origin when a page GETs from its own host."""
    cookie = f"sessionid={session_of(site, people.user('alice'))}; csrftoken={CSRF}"
    headers = {"Cookie": cookie, "X-CSRFToken": CSRF} | ({"Origin": site.url} if origin else {})
    assert [response.status_code for response in answers(site, **headers)] == [200, 200, 200]


@pytest.mark.parametrize("origin", [ALLOWED, "https://evil.example", "null"])
def test_the_session_cookie_counts_for_nothing_on_a_foreign_page(
    site: Site, people: People, origin: str
) -> None:
    cookie = f"sessionid={session_of(site, people.user('alice'))}; csrftoken={CSRF}"
    headers = {"Cookie": cookie, "X-CSRFToken": CSRF, "Origin": origin}
    assert_refused(answers(site, **headers), "token_missing")


@pytest.mark.parametrize("token", [None, "d" * 32])
def test_a_command_by_cookie_needs_the_csrf_token(site: Site, people: People, token: str | None) -> None:
    cookie = f"sessionid={session_of(site, people.user('alice'))}; csrftoken={CSRF}"
    headers = {"Cookie": cookie} | ({} if token is None else {"X-CSRFToken": token})
    refused = site.api().post("/api/commands/", json=PING, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "forbidden")
    assert "CSRF" in refused.json()["message"]


async def test_the_end_of_the_session_ends_its_stream(site: Site, people: People) -> None:
    alice = people.user("alice")
    cookie = {"Cookie": f"sessionid={session_of(site, alice)}; csrftoken={CSRF}"}
    async with (
        site.http() as http,
        http.stream("GET", "/api/events/stream/?channel=feed", headers=cookie) as response,
    ):
        stream = Stream(response)
        await stream.opened()
        answer = site.api().post("/api/logout/", json={}, headers=cookie | {"X-CSRFToken": CSRF})
        answer.raise_for_status()
        assert await stream.closed() == 4401
        assert stream.seen[-1]["code"] == "token_revoked"


# ── pages of other hosts ────────────────────────────────────────────────────────────────────


def test_other_hosts_pages_read_as_they_read_rest(site: Site, people: People) -> None:
    token = site.token(people.user("alice"))
    for origin, allowed in ((ALLOWED, ALLOWED), ("https://evil.example", None)):
        for response in answers(site, Authorization=f"Bearer {token}", Origin=origin):
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
    preflight = site.api().options(
        "/api/commands/",
        headers={
            "Origin": ALLOWED,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert preflight.headers["Access-Control-Allow-Origin"] == ALLOWED


# ── presence ────────────────────────────────────────────────────────────────────────────────


async def test_who_streams_or_polls_is_online(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    people.connect(alice, bob)
    async with site.open("online", bob) as watcher:
        async with site.stream("feed", user=alice) as stream:
            await stream.opened()
            await watcher.until("user_online", user_id=alice.pk)
        cursor = (await site.poll("feed", user=alice)).cursor
        for _ in range(3):
            cursor = (await site.poll("feed", user=alice, since=cursor, wait=0.2)).cursor
        assert [frame["type"] for frame in await watcher.barrier()] == []
        site.run(close_sockets, alice)
        await watcher.until("user_offline", user_id=alice.pk, within=20)
