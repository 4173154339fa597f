"""REST: shapes, pages, errors, and as many queries for many rows as for few."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from connections.models import Block, Connection, Request
from connections.services import block_add, connection_make, request_decline, request_send
from realtime import cursors
from tests.connections.conftest import Api, Three
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")

CONNECTIONS, REQUESTS, BLOCKS = "/api/connections/", "/api/connections/requests/", "/api/blocks/"


def ids(api: APIClient, path: str, **query: Any) -> list[int]:
    return [row["id"] for row in api.get(path, query).json()["results"]]


def test_request_from_asking_to_the_tie_and_its_end(three: Three, api: Api) -> None:
    alice, bob = api(three.alice), api(three.bob)
    made = alice.post(REQUESTS, {"to_user_id": three.bob.pk})
    request = made.json()
    assert (made.status_code, request.pop("duplicate")) == (201, False)
    assert request == {
        "id": request["id"],
        "request_id": request["id"],
        "from_user_id": three.alice.pk,
        "from_user_name": three.alice.username,
        "to_user_id": three.bob.pk,
        "to_user_name": three.bob.username,
        "status": "pending",
        "timestamp": request["timestamp"],
    }
    assert request["timestamp"].endswith("Z")
    assert bob.get(REQUESTS).json()["results"] == alice.get(REQUESTS).json()["results"] == [request]
    again = alice.post(REQUESTS, {"to_user_id": three.bob.pk})
    assert (again.status_code, again.json()) == (200, request | {"duplicate": True})
    accepted = bob.post(f"{REQUESTS}{request['id']}/accept/")
    assert (accepted.status_code, accepted.json()) == (200, request | {"status": "accepted"})
    [tie] = alice.get(CONNECTIONS).json()["results"]
    assert tie == {
        "id": tie["id"],
        "request_id": request["id"],
        "user_id": three.bob.pk,
        "user_name": three.bob.username,
        "timestamp": tie["timestamp"],
    }
    assert bob.get(CONNECTIONS).json()["results"][0]["user_id"] == three.alice.pk
    assert bob.delete(f"{CONNECTIONS}{three.alice.pk}/").status_code == 204
    assert bob.delete(f"{CONNECTIONS}{three.alice.pk}/").status_code == 404
    assert ids(alice, CONNECTIONS) == ids(bob, CONNECTIONS) == []


def test_second_of_two_who_ask_each_other_hears_accepted(three: Three, api: Api) -> None:
    first = api(three.alice).post(REQUESTS, {"to_user_id": three.bob.pk}).json()
    second = api(three.bob).post(REQUESTS, {"to_user_id": three.alice.pk})
    assert second.status_code == 201
    assert (second.json()["id"], second.json()["status"]) == (first["id"], "accepted")


def test_decline_looks_pending_to_the_requester_wherever_it_looks(three: Three, api: Api) -> None:
    alice, bob = api(three.alice), api(three.bob)
    request = alice.post(REQUESTS, {"to_user_id": three.bob.pk}).json()
    before = alice.get(REQUESTS).json()["results"]
    declined = bob.post(f"{REQUESTS}{request['id']}/decline/")
    assert (declined.status_code, declined.json()["status"]) == (200, "declined")
    assert alice.get(REQUESTS).json()["results"] == before
    again = alice.post(REQUESTS, {"to_user_id": three.bob.pk}).json()
    assert again == request | {"duplicate": True}
    assert ids(bob, REQUESTS) == []
    withdrawn = alice.post(f"{REQUESTS}{request['id']}/withdraw/")
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    anew = alice.post(REQUESTS, {"to_user_id": three.bob.pk}).json()
    same = ("id", "request_id", "timestamp")
    assert {**anew, **dict.fromkeys(same, 0)} == {**request, **dict.fromkeys(same, 0)}
    assert bob.post(f"{REQUESTS}{anew['id']}/accept/").status_code == 404


def test_requests_are_listed_by_direction(three: Three, api: Api) -> None:
    sent, _ = request_send(sender=three.alice, user_id=three.bob.pk)
    received, _ = request_send(sender=three.carol, user_id=three.alice.pk)
    alice = api(three.alice)
    assert ids(alice, REQUESTS) == [received, sent]
    assert ids(alice, REQUESTS, direction="sent") == [sent]
    assert ids(alice, REQUESTS, direction="received") == [received]
    assert alice.get(REQUESTS, {"direction": "up"}).json()["field"] == "direction"


def test_blocks_are_the_blockers_own(three: Three, api: Api) -> None:
    alice, bob = api(three.alice), api(three.bob)
    made = alice.post(BLOCKS, {"user_id": three.bob.pk, "ref": "b"})
    block = made.json()
    assert (made.status_code, block.pop("duplicate")) == (201, False)
    assert block == {
        "id": block["id"],
        "user_id": three.bob.pk,
        "user_name": three.bob.username,
        "timestamp": block["timestamp"],
    }
    assert alice.get(BLOCKS).json()["results"] == [block]
    assert bob.get(BLOCKS).json()["results"] == []
    again = alice.post(BLOCKS, {"user_id": three.bob.pk})
    assert (again.status_code, again.json()) == (200, block | {"duplicate": True})
    assert bob.delete(f"{BLOCKS}{three.alice.pk}/").status_code == 404
    assert alice.delete(f"{BLOCKS}{three.bob.pk}/").status_code == 204
    gone = alice.post(BLOCKS, {"user_id": three.bob.pk, "ref": "b"})
    assert (gone.status_code, gone.json()) == (200, {"id": block["id"], "duplicate": True})


def test_nobody_sees_one_who_blocked_them_in_any_list(three: Three, api: Api) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    request_send(sender=three.carol, user_id=three.bob.pk)
    request_send(sender=three.bob, user_id=three.carol.pk)
    for blocker in (three.alice, three.carol):
        block_add(user=blocker, user_id=three.bob.pk)
    bob = api(three.bob)
    for path in (CONNECTIONS, REQUESTS, BLOCKS):
        assert ids(bob, path) == []
    names = {person["id"] for person in bob.get("/api/users/").json()["results"]}
    assert names.isdisjoint({three.alice.pk, three.carol.pk})


def test_hidden_and_missing_people_are_answered_alike(three: Three, api: Api) -> None:
    block_add(user=three.bob, user_id=three.alice.pk)
    alice = api(three.alice)
    hidden, missing = (alice.post(REQUESTS, {"to_user_id": key}) for key in (three.bob.pk, 2**62))
    assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json())
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("answer", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("request_id", ["0", "x", "1" * 30, "99999999"])
def test_no_such_request_is_404(three: Three, api: Api, answer: str, request_id: str) -> None:
    assert api(three.alice).post(f"{REQUESTS}{request_id}/{answer}/").status_code == 404


def test_strangers_learn_nothing_of_a_request(three: Three, api: Api) -> None:
    request_id, _ = request_send(sender=three.alice, user_id=three.bob.pk)
    for answer in ("accept", "decline", "withdraw"):
        real = api(three.carol).post(f"{REQUESTS}{request_id}/{answer}/")
        none = api(three.carol).post(f"{REQUESTS}{request_id + 1}/{answer}/")
        assert real.status_code == none.status_code == 404
        assert real.json()["code"] == none.json()["code"]


@pytest.mark.parametrize("body", [{}, {"to_user_id": None}, {"to_user_id": []}, {"to_user_id": True}])
def test_bad_request_names_its_field(three: Three, api: Api, body: dict[str, Any]) -> None:
    answer = api(three.alice).post(REQUESTS, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        *(400, "invalid_message"),
        "to_user_id",
    )


@pytest.mark.parametrize("path", [CONNECTIONS, REQUESTS, BLOCKS])
def test_anonymous_people_see_nothing(path: str) -> None:
    assert APIClient().get(path).status_code == 401


def crowd(number: int, prefix: str) -> list[Any]:
    model = get_user_model()
    model.objects.bulk_create(model(username=f"{prefix}{n}") for n in range(number))
    return list(model.objects.filter(username__startswith=prefix))


def fill(user: Any, number: int, prefix: str) -> None:
    """So many ties, requests of both directions, and blocks."""
    Connection.objects.bulk_create(Connection(one=user, other=p) for p in crowd(number, f"{prefix}tie"))
    Request.objects.bulk_create(Request(from_user=user, to_user=p) for p in crowd(number, f"{prefix}to"))
    Request.objects.bulk_create(Request(from_user=p, to_user=user) for p in crowd(number, f"{prefix}by"))
    Block.objects.bulk_create(Block(user=user, blocked=p) for p in crowd(number, f"{prefix}block"))


@pytest.mark.parametrize("path", [CONNECTIONS, REQUESTS, BLOCKS])
def test_lists_take_as_many_queries_for_many_rows_as_for_few(three: Three, api: Api, path: str) -> None:
    alice = api(three.alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            alice.get(path)
        return len(caught)

    fill(three.alice, 1, "few")
    few = queries()
    fill(three.alice, 10, "many")
    assert queries() == few


@pytest.mark.parametrize("path", [CONNECTIONS, REQUESTS, BLOCKS])
def test_pages_do_not_drift_while_rows_are_added(three: Three, api: Api, path: str) -> None:
    alice = api(three.alice)
    fill(three.alice, 7, "first")
    wanted = ids(alice, path, limit=200)
    seen: list[int] = []
    url = f"{path}?limit=3"
    while url:
        page = alice.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
        fill(three.alice, 1, f"late{len(seen)}")
    assert seen == wanted


def test_next_page_keeps_its_direction(three: Three, api: Api) -> None:
    alice = api(three.alice)
    fill(three.alice, 4, "p")
    following = alice.get(f"{REQUESTS}?direction=sent&limit=3").json()["next"]
    page = alice.get(following).json()
    assert [row["from_user_id"] for row in page["results"]] == [three.alice.pk]
    assert page["next"] is None


def test_lists_carry_a_cursor_of_the_channel(three: Three, api: Api) -> None:
    for path in (CONNECTIONS, REQUESTS, BLOCKS):
        cursor = cursors.parse(api(three.alice).get(path).json()["cursor"])
        assert cursor is not None
        assert cursor.kind == "horizon"


def test_answer_to_one_who_was_declined_before_takes_no_other_way(
    three: Three, api: Api, people: People
) -> None:
    """Neither codes nor keys of an answer tell a no from silence."""
    alice, dora = api(three.alice), people.user("dora")
    request_id, _ = request_send(sender=three.alice, user_id=three.bob.pk)
    request_decline(user=three.bob, request_id=request_id)
    silent, _ = request_send(sender=three.alice, user_id=dora.pk)
    for key in (request_id, silent):
        answer = alice.post(f"{REQUESTS}{key}/accept/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    rows = alice.get(REQUESTS).json()["results"]
    assert {row["status"] for row in rows} == {"pending"}
