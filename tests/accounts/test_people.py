"""GET /api/me/ and GET /api/users/."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.selectors import user_search
from tests.accounts.conftest import Bearer
from tests.harness.databases import Database
from tests.harness.people import People


@pytest.fixture
def asker(tokens: dict[str, str], bearer: Bearer) -> APIClient:
    return bearer(tokens["access"])


@pytest.fixture
def crowd(db: None) -> None:
    users = get_user_model().objects
    users.create_user("bob", "secret@example.org", first_name="Robert", last_name="Miller")
    users.create_user("carol", first_name="Carol", last_name="Robinson")
    users.create_user("dave")
    users.create_user("gone_bob", first_name="Bob", is_active=False)


def found(asker: APIClient, search: str) -> list[str]:
    return [user["username"] for user in asker.get("/api/users/", {"search": search}).json()["results"]]


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("search", "usernames"),
    [
        ("bob", ["bob"]),  # and not the deactivated one
        ("ROB", ["bob", "carol"]),
        ("rob mil", ["bob"]),
        ("mil rob", ["bob"]),
        ("ob", []),
        ("secret", []),
        ("%", []),
        ("_", []),
        ("alice", []),  # oneself
        ("", ["bob", "carol", "dave"]),
        ("  ", ["bob", "carol", "dave"]),
    ],
)
def test_people_are_found_by_the_beginnings_of_their_names(
    asker: APIClient, search: str, usernames: list[str]
) -> None:
    assert found(asker, search) == usernames


@pytest.mark.usefixtures("crowd")
def test_others_see_a_name_and_no_address(asker: APIClient) -> None:
    bob, _, dave = asker.get("/api/users/").json()["results"]
    assert bob == {
        "id": get_user_model().objects.get(username="bob").pk,
        "username": "bob",
        "name": "Robert Miller",
    }
    assert dave["name"] == "dave"


def test_pages_follow_each_other_without_hole_or_repeat(asker: APIClient) -> None:
    names = [f"user{number:02}" for number in range(25)]
    get_user_model().objects.bulk_create(get_user_model()(username=name) for name in names)
    seen: list[str] = []
    following = "/api/users/?search=user&limit=10"
    while following:
        page = asker.get(following).json()
        assert len(page["results"]) <= 10
        seen += [user["username"] for user in page["results"]]
        following = page["next"]
    assert seen == names


def test_a_full_last_page_has_no_next(asker: APIClient) -> None:
    get_user_model().objects.create_user("bob")
    assert asker.get("/api/users/", {"limit": 1}).json()["next"] is None


def test_the_queries_do_not_grow_with_the_people(asker: APIClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            asker.get("/api/users/", {"limit": 100})
        return len(captured)

    get_user_model().objects.create_user("bob")
    few = queries()
    get_user_model().objects.bulk_create(get_user_model()(username=f"user{number}") for number in range(50))
    assert queries() == few


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "x"),
        ("limit", "9" * 30),
        ("search", "a\x00"),
        ("search", "x" * 151),
    ],
)
def test_a_bad_parameter_is_named(asker: APIClient, name: str, value: str) -> None:
    answer = asker.get("/api/users/", {name: value})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        name,
    )


@pytest.mark.parametrize("path", ["/api/me/", "/api/users/"])
def test_strangers_see_nobody(client: APIClient, path: str) -> None:
    assert client.get(path).status_code == 401


def test_pages_follow_the_databases_own_order(database: Database, people: People) -> None:
    names = ["b", "B", "a", "ä", "Z", "_", "9"]
    asking, *others = people.users("asking", *names)
    seen: list[Any] = []
    after = ""
    while page := database.run(user_search, user=asking, after=after, limit=2):
        seen += page
        after = page[-1].username
    assert len(seen) == len(others)
    assert set(seen) == set(others)
