"""Who a socket belongs to: the five ways to say so, and how each token is judged (PROTOCOL §2)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.test import Client as DjangoClient

from realtime.auth import SESSION_CLAIM, end_session
from tests.harness.client import Client
from tests.harness.people import PASSWORD, People, token_for
from tests.harness.site import Site

FORMER_KEY = "a key of last year that is long enough for HS256"


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "KITH_ACCESS_MINUTES": "7",
        "KITH_PREVIOUS_KEYS": f"{FORMER_KEY},one of the year before that is as long",
    }


# ── the five ways ───────────────────────────────────────────────────────────────────────────

Way = Callable[[Site, str], AbstractAsyncContextManager[Client]]


def by_query(site: Site, token: str) -> AbstractAsyncContextManager[Client]:
    return site.connect(token=token)


def by_header(site: Site, token: str) -> AbstractAsyncContextManager[Client]:
    return site.connect(headers={"Authorization": f"Bearer {token}"})


def by_subprotocol(site: Site, token: str) -> AbstractAsyncContextManager[Client]:
    return site.connect(subprotocols=["kith.v1", f"bearer.{token}"])


@asynccontextmanager
async def by_first_frame(site: Site, token: str) -> AsyncIterator[Client]:
    async with site.connect() as client:
        await client.send({"type": "authenticate", "token": token})
        yield client


WAYS = [by_query, by_header, by_subprotocol, by_first_frame]


@pytest.mark.parametrize("way", WAYS)
async def test_a_token_signs_in_by_any_way(site: Site, people: People, way: Way) -> None:
    alice = people.user("alice")
    async with way(site, site.token(alice)) as client:
        connected = await client.recv()
        assert (connected["type"], connected["user_id"]) == ("connected", alice.pk)


def session_of(user: Any) -> str:
    """The key of a new Django session."""
    browser = DjangoClient()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


async def test_the_session_cookie_signs_in_a_page_of_the_same_origin(site: Site, people: People) -> None:
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice, history='all').pk}"
    cookie = {"Cookie": f"csrftoken=x; sessionid={site.run(session_of, alice)}; theme=dark"}
    async with site.connect(channel, since=0, headers=cookie, origin=site.url) as client:
        assert (await client.until("connected"))["user_id"] == alice.pk
        await client.until("member_joined", user_id=alice.pk)


async def test_the_session_cookie_counts_for_nothing_without_an_origin(site: Site, people: People) -> None:
    cookie = {"Cookie": f"sessionid={site.run(session_of, people.user('alice'))}"}
    async with site.connect(headers=cookie) as client:
        await client.send({"type": "ping"})
        assert await refusal(client) == "token_missing"


async def test_a_cookie_of_nobody_does_not_stand_in_the_way_of_a_token(site: Site, people: People) -> None:
    """Browsers send cookies unasked: one of an ended session is no offer that could be refused."""
    alice = people.user("alice")
    async with site.connect(headers={"Cookie": "sessionid=" + "z" * 32}, origin=site.url) as client:
        await client.send({"type": "authenticate", "token": site.token(alice)})
        assert (await client.until("connected"))["user_id"] == alice.pk


async def test_the_subprotocol_is_answered_and_the_token_is_not_repeated(site: Site, people: People) -> None:
    async with by_subprotocol(site, site.token(people.user())) as client:
        assert client.socket.subprotocol == "kith.v1"


async def test_a_client_that_offers_no_subprotocol_gets_none(site: Site, people: People) -> None:
    async with by_query(site, site.token(people.user())) as client:
        assert client.socket.subprotocol is None


# ── judging ─────────────────────────────────────────────────────────────────────────────────


async def refusal(client: Client) -> str:
    """The code of the `auth_error` that is all this socket ever says, before it closes 4401."""
    assert await client.closed() == 4401
    [frame] = client.seen
    assert frame["type"] == "auth_error"
    assert frame["message"]
    assert frame.keys() == {"type", "code", "message"}
    return str(frame["code"])


def changed(token: str, part: int) -> str:
    """The token with one bit of one of its three parts turned."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    return ".".join(parts)


def logged_out(user: Any) -> str:
    token = token_for(user)
    end_session(jwt.decode(token, options={"verify_signature": False})[SESSION_CLAIM], user)
    return token


def before_new_password(user: Any) -> str:
    token = token_for(user)
    user.set_password("another one")
    user.save()
    return token


def deactivated(user: Any) -> str:
    user.is_active = False
    user.save()
    return token_for(user)


def deleted(user: Any) -> str:
    token = token_for(user)
    get_user_model().objects.get(pk=user.pk).delete()
    return token


JUDGED: dict[str, tuple[Callable[[Any], str], str]] = {
    "empty": (lambda user: "", "token_missing"),
    "no token at all": (lambda user: "rubbish", "token_invalid"),
    "three parts of nothing": (lambda user: "a.b.c", "token_invalid"),
    "changed header": (lambda user: changed(token_for(user), 0), "token_invalid"),
    "changed payload": (lambda user: changed(token_for(user), 1), "token_invalid"),
    "changed signature": (lambda user: changed(token_for(user), 2), "token_invalid"),
    "another key": (lambda user: token_for(user, key="not ours, but as long as ours is"), "token_invalid"),
    "alg none": (lambda user: token_for(user, algorithm="none"), "token_invalid"),
    "another algorithm": (lambda user: token_for(user, algorithm="HS384"), "token_invalid"),
    "refresh token": (lambda user: token_for(user, token_type="refresh"), "token_invalid"),
    "no type": (lambda user: token_for(user, token_type=None), "token_invalid"),
    "no expiry": (lambda user: token_for(user, exp=None), "token_invalid"),
    "senseless expiry": (lambda user: token_for(user, exp=10**30), "token_invalid"),
    "nobody": (lambda user: token_for(user, user_id=None), "token_invalid"),
    "no user's id": (lambda user: token_for(user, user_id="a b\x00"), "token_invalid"),
    "an id beyond all numbers": (lambda user: token_for(user, user_id=str(10**30)), "token_invalid"),
    "deleted user": (deleted, "token_invalid"),
    "expired": (lambda user: token_for(user, exp=1), "token_expired"),
    "expired, another key": (lambda user: token_for(user, exp=1, key="x" * 40), "token_invalid"),
    "logged out": (logged_out, "token_revoked"),
    "password changed since": (before_new_password, "token_revoked"),
    "deactivated": (deactivated, "token_revoked"),
}


@pytest.mark.parametrize(("forge", "code"), JUDGED.values(), ids=JUDGED)
async def test_a_token_is_judged_at_once_and_alike_by_any_way(
    site: Site, people: People, forge: Callable[[Any], str], code: str
) -> None:
    token = site.run(forge, people.user("alice"))
    for way in WAYS:
        async with way(site, token) as client:
            assert await refusal(client) == code, way.__name__


async def test_a_token_that_is_not_even_ascii_is_invalid(site: Site) -> None:
    for way in (by_query, by_first_frame):
        async with way(site, "Schlüssel.中文.🔑") as client:
            assert await refusal(client) == "token_invalid"


async def test_a_former_key_verifies(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with site.connect(token=token_for(alice, key=FORMER_KEY)) as client:
        assert (await client.until("connected"))["user_id"] == alice.pk
    async with site.connect(token=token_for(alice, key=FORMER_KEY, exp=1)) as client:
        assert await refusal(client) == "token_expired"


def test_a_token_lives_for_as_long_as_the_setting_says(site: Site, people: People) -> None:
    alice = people.user("alice")
    answer = site.api().post("/api/token/", json={"username": alice.username, "password": PASSWORD})
    payload = jwt.decode(answer.json()["access"], options={"verify_signature": False})
    assert payload["exp"] - payload["iat"] == 7 * 60


async def test_a_token_of_a_server_whose_clock_is_ahead_signs_in(site: Site, people: People) -> None:
    alice = people.user("alice")
    ahead = int(time.time()) + 300
    token = token_for(alice, iat=ahead, exp=ahead + 600)
    async with site.connect(token=token) as client:
        await client.until("connected", user_id=alice.pk)
    assert site.api(token).get("/api/me/").status_code == 200


def test_a_former_key_never_signs(site: Site, people: People) -> None:
    alice = people.user("alice")
    answer = site.api().post("/api/token/", json={"username": alice.username, "password": PASSWORD})
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(answer.json()["access"], FORMER_KEY, algorithms=["HS256"])


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "subscribe", "channel": "messages"}])
async def test_a_frame_before_authenticating_is_refused(site: Site, frame: dict[str, Any]) -> None:
    async with site.connect() as client:
        await client.send(frame)
        assert await refusal(client) == "token_missing"


@pytest.mark.parametrize("fields", [{}, {"token": 5}, {"token": None}, {"token": ["x"]}])
async def test_an_authenticate_without_a_token_may_be_mended(
    site: Site, people: People, fields: dict[str, Any]
) -> None:
    async with site.connect() as client:
        await client.send({"type": "authenticate", "ref": "r", **fields})
        error = await client.until("error")
        assert (error["code"], error["field"], error["ref"]) == ("invalid_message", "token", "r")
        await client.send({"type": "authenticate", "token": site.token(people.user())})
        await client.until("connected")


async def test_the_first_of_two_ways_is_not_overruled_by_the_second(site: Site, people: People) -> None:
    """A frame that follows a token in the query is a refresh of that socket, of the same user only."""
    alice, bob = people.users("alice", "bob")
    async with by_query(site, site.token(alice)) as client:
        await client.send({"type": "authenticate", "token": site.token(bob)})
        assert (await client.until("connected"))["user_id"] == alice.pk
        assert (await client.until("error"))["code"] == "forbidden"
