"""POST /api/token/, /api/token/refresh/ and /api/logout/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.settings import api_settings

from realtime import limits, topics
from realtime.auth import decode_token, issue_tokens
from realtime.models import LoggedEvent
from tests.accounts.conftest import PASSWORD, Bearer


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def sid(token: str, kind: str) -> str:
    return decode_token(token, kind=kind)["sid"]


# Signing in


def test_a_password_gives_two_tokens_of_one_sign_in(
    alice: Any, tokens: dict[str, str], bearer: Bearer
) -> None:
    assert set(tokens) == {"access", "refresh"}
    assert sid(tokens["access"], "access") == sid(tokens["refresh"], "refresh") != ""
    me = bearer(tokens["access"]).get("/api/me/")
    assert me.json() == {"id": alice.pk, "username": "alice", "name": "Alice"}


def test_each_sign_in_is_its_own(alice: Any, tokens: dict[str, str], client: APIClient) -> None:
    other = client.post("/api/token/", {"username": "alice", "password": PASSWORD}).json()
    assert sid(other["access"], "access") != sid(tokens["access"], "access")


def test_wrong_password_unknown_user_and_closed_account_answer_alike(alice: Any, client: APIClient) -> None:
    def attempt(username: str, password: str) -> tuple[int, bytes]:
        answer = client.post("/api/token/", {"username": username, "password": password})
        return answer.status_code, answer.content

    wrong, unknown = attempt("alice", "wrong"), attempt("nobody", PASSWORD)
    alice.is_active = False
    alice.save()
    closed = attempt("alice", PASSWORD)
    assert wrong == unknown == closed
    assert wrong[0] == 401
    assert b'"forbidden"' in wrong[1]


def test_an_old_token_in_the_header_does_not_stand_in_the_way(alice: Any, bearer: Bearer) -> None:
    answer = bearer("rubbish").post("/api/token/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "x"}, "username"),
        ({"username": "alice"}, "password"),
        ({"username": "", "password": "x"}, "username"),
        ({"username": "a\x00", "password": "x"}, "username"),
        ({"username": ["alice"], "password": "x"}, "username"),
        ({"username": "alice", "password": "x" * 2000}, "password"),
    ],
)
def test_what_is_no_credentials_names_the_field(client: APIClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/api/token/", body)
    assert code(answer) == (400, "invalid_message")
    assert answer.json()["field"] == field


def test_a_password_keeps_its_spaces(alice: Any, client: APIClient) -> None:
    alice.set_password(" spaced ")
    alice.save()
    assert client.post("/api/token/", {"username": "alice", "password": " spaced "}).status_code == 200
    assert client.post("/api/token/", {"username": "alice", "password": "spaced"}).status_code == 401


@pytest.mark.parametrize("body", [r'{"username": "alice", "password": "\ud800"}', "[]", '"x"', "{", "\xff"])
def test_what_is_no_text_or_no_object_is_a_bad_message(client: APIClient, body: str) -> None:
    answer = client.post("/api/token/", body.encode("latin-1"), content_type="application/json")
    assert code(answer) == (400, "invalid_message")


# Failures are limited by address


@pytest.fixture
def three_failures(settings: Any) -> Iterator[None]:
    settings.KITH_AUTH_FAILURES_PER_MINUTE = 3
    limits.forget()
    yield
    limits.forget()


@pytest.mark.usefixtures("three_failures")
def test_who_fails_too_often_waits_even_with_the_right_password(alice: Any, client: APIClient) -> None:
    for _ in range(3):
        assert client.post("/api/token/", {"username": "alice", "password": "wrong"}).status_code == 401
    answer = client.post("/api/token/", {"username": "alice", "password": PASSWORD})
    assert code(answer) == (429, "rate_limited")
    assert 0 < int(answer["Retry-After"]) <= 60
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/api/token/", {"username": "alice", "password": PASSWORD}).status_code == 200


@pytest.mark.usefixtures("three_failures")
def test_refused_tokens_count_and_accepted_ones_do_not(client: APIClient, tokens: dict[str, str]) -> None:
    for _ in range(5):
        assert client.post("/api/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 200
    for _ in range(3):
        assert client.post("/api/token/refresh/", {"refresh": "rubbish"}).status_code == 401
    assert code(client.post("/api/token/refresh/", {"refresh": tokens["refresh"]})) == (429, "rate_limited")


# Refreshing


def test_a_refreshed_token_belongs_to_the_same_sign_in(tokens: dict[str, str], bearer: Bearer) -> None:
    answer = APIClient().post("/api/token/refresh/", {"refresh": tokens["refresh"]})
    assert set(answer.json()) == {"access"}
    assert sid(answer.json()["access"], "access") == sid(tokens["access"], "access")
    assert bearer(answer.json()["access"]).get("/api/me/").status_code == 200


def test_refresh_tokens_rotate_where_simplejwt_is_told_to(
    client: APIClient, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_settings, "ROTATE_REFRESH_TOKENS", True)
    rotated = client.post("/api/token/refresh/", {"refresh": tokens["refresh"]}).json()["refresh"]
    assert rotated != tokens["refresh"]
    assert sid(rotated, "refresh") == sid(tokens["refresh"], "refresh")


def signed(token: str, key: str, **claims: Any) -> str:
    """The same token with other claims and another key's signature."""
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**payload, **claims}, key, algorithm="HS256")


def test_tokens_that_are_no_refresh_tokens_of_ours_are_invalid(
    client: APIClient, tokens: dict[str, str], settings: Any
) -> None:
    unsigned = jwt.encode(jwt.decode(tokens["refresh"], options={"verify_signature": False}), "", "none")
    nobody = signed(tokens["refresh"], settings.SECRET_KEY, user_id="999999")
    forged = signed(tokens["refresh"], "another key, long enough for HS256")
    for token in (tokens["access"], forged, unsigned, nobody, "rubbish", "ä", "a.b.c"):
        assert code(client.post("/api/token/refresh/", {"refresh": token})) == (401, "token_invalid")


def test_an_expired_token_says_so(client: APIClient, tokens: dict[str, str], settings: Any) -> None:
    old = signed(tokens["refresh"], settings.SECRET_KEY, exp=1)
    assert code(client.post("/api/token/refresh/", {"refresh": old})) == (401, "token_expired")


def test_a_former_key_still_verifies(client: APIClient, tokens: dict[str, str], settings: Any) -> None:
    former = "the former key, long enough for HS256"
    old = signed(tokens["refresh"], former)
    settings.SECRET_KEY_FALLBACKS = [former]
    access = client.post("/api/token/refresh/", {"refresh": old}).json()["access"]
    settings.SECRET_KEY_FALLBACKS = []
    assert sid(access, "access")  # signed with the present key


@pytest.mark.parametrize("change", ["logged out", "deactivated", "password changed"])
def test_a_sign_in_that_ended_gives_no_more_tokens(
    alice: Any, client: APIClient, tokens: dict[str, str], bearer: Bearer, change: str
) -> None:
    if change == "logged out":
        bearer(tokens["access"]).post("/api/logout/")
    elif change == "deactivated":
        alice.is_active = False
        alice.save()
    else:
        alice.set_password("another")
        alice.save()
    assert code(client.post("/api/token/refresh/", {"refresh": tokens["refresh"]})) == (401, "token_revoked")


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": ["x"]}])
def test_no_refresh_token_is_a_bad_message(client: APIClient, body: dict[str, Any]) -> None:
    answer = client.post("/api/token/refresh/", body)
    assert code(answer) == (400, "invalid_message")
    assert answer.json()["field"] == "refresh"


# Signing out


def sign_ins_looked_at(user: Any) -> int:
    """How often the user's open sockets were told to ask whether their sign-in still holds."""
    return LoggedEvent.objects.filter(topic=topics.control(user.pk).name, type="control_changed").count()


def test_signing_out_ends_one_sign_in_and_no_other(
    alice: Any, tokens: dict[str, str], bearer: Bearer
) -> None:
    other = issue_tokens(alice)["access"]
    assert bearer(tokens["access"]).post("/api/logout/").status_code == 204
    assert code(bearer(tokens["access"]).get("/api/me/")) == (401, "token_revoked")
    assert bearer(other).get("/api/me/").status_code == 200


def test_signing_out_twice_is_no_error(alice: Any, tokens: dict[str, str], bearer: Bearer) -> None:
    statuses = [bearer(tokens["access"]).post("/api/logout/").status_code for _ in range(2)]
    assert statuses == [204, 204]
    assert sign_ins_looked_at(alice) == 1


def test_a_refresh_token_signs_out_where_the_access_token_has_expired(
    tokens: dict[str, str], bearer: Bearer, settings: Any
) -> None:
    expired = signed(tokens["access"], settings.SECRET_KEY, exp=1)
    assert code(bearer(expired).post("/api/logout/")) == (401, "token_expired")
    assert bearer(expired).post("/api/logout/", {"refresh": tokens["refresh"]}).status_code == 204
    assert code(bearer(tokens["access"]).get("/api/me/")) == (401, "token_revoked")


def test_a_browsers_session_signs_out(alice: Any) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/api/me/").status_code == 200
    assert browser.post("/api/logout/", content_type="application/json").status_code == 204
    assert browser.get("/api/me/").status_code == 401
    assert sign_ins_looked_at(alice) == 1


def test_another_site_cannot_sign_a_browser_out(alice: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert code(browser.post("/api/logout/", content_type="application/json")) == (404, "forbidden")
    assert browser.get("/api/me/").status_code == 200


@pytest.mark.django_db
def test_nobody_cannot_sign_out(client: APIClient, bearer: Bearer) -> None:
    assert code(client.post("/api/logout/")) == (401, "token_missing")
    assert code(bearer("rubbish").post("/api/logout/")) == (401, "token_invalid")
    assert code(client.post("/api/logout/", {"refresh": "rubbish"})) == (401, "token_invalid")
