from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from notifications import types
from notifications.models import Notification
from notifications.services import notifications_read
from tests.harness.people import People
from tests.notifications.conftest import Api, Trio, achieve, comment, like, unread

LIST, READ, PREFERENCES = (f"/api/notifications/{rest}" for rest in ("", "read/", "preferences/"))


def pages(client: APIClient, **query: Any) -> list[list[int]]:
    """The ids of all pages."""
    found, answer = [], client.get(LIST, query).json()
    while True:
        found.append([row["id"] for row in answer["results"]])
        if answer["next"] is None:
            return found
        answer = client.get(answer["next"]).json()


def test_a_notification_is_shown_as_it_is_told(trio: Trio, api: Api) -> None:
    row = comment(trio.alice, trio.bob, 7, "well said")
    answer = api(trio.alice).get(LIST)
    assert answer.status_code == 200
    assert answer.json()["unread_count"] == 1
    [shown] = answer.json()["results"]
    assert shown.pop("timestamp").endswith("Z")
    assert shown == {
        "id": row.pk,
        "type": "comment_on_post",
        "user_id": trio.bob.pk,
        "user_name": trio.bob.username,
        "count": 1,
        "post_id": 1,
        "comment_id": 7,
        "chat_id": None,
        "text": "well said",
        "data": {},
        "read": False,
    }
    achieve(trio.carol)
    [shown] = api(trio.carol).get(LIST).json()["results"]
    assert (shown["user_id"], shown["user_name"]) == (None, "")


def test_one_sees_ones_own_alone_and_nobody_sees_any(trio: Trio, api: Api) -> None:
    achieve(trio.alice)
    assert api(trio.bob).get(LIST).json()["results"] == []
    for method, path in (("get", LIST), ("post", READ), ("get", PREFERENCES), ("put", PREFERENCES)):
        answer = getattr(APIClient(), method)(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


def test_the_newest_come_first_page_by_page(trio: Trio, api: Api) -> None:
    keys = [achieve(trio.alice).pk for _ in range(5)][::-1]
    assert pages(api(trio.alice), limit=2) == [keys[:2], keys[2:4], keys[4:]]
    assert pages(api(trio.alice), limit=5) == [keys]


def test_only_unread_ones_where_one_asks_for_them(trio: Trio, api: Api) -> None:
    keys = [achieve(trio.alice).pk for _ in range(5)][::-1]
    notifications_read(user=trio.alice, ids=[keys[1], keys[4]])
    assert pages(api(trio.alice), unread=1, limit=2) == [[keys[0], keys[2]], [keys[3]]]
    answer = api(trio.alice).get(LIST, {"unread": 1}).json()
    assert answer["unread_count"] == 3


def test_pages_do_not_drift_while_notifications_come_and_go(trio: Trio, api: Api) -> None:
    client = api(trio.alice)
    keys = [achieve(trio.alice).pk for _ in range(6)][::-1]
    first = client.get(LIST, {"limit": 2}).json()
    achieve(trio.alice)
    Notification.objects.get(pk=keys[2]).delete()
    notifications_read(user=trio.alice, all=True)
    second = client.get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == keys[3:5]


def test_equal_times_neither_repeat_nor_skip(trio: Trio, api: Api) -> None:
    rows = [achieve(trio.alice) for _ in range(5)]
    Notification.objects.update(timestamp=rows[0].timestamp)
    assert pages(api(trio.alice), limit=2) == [
        [rows[4].pk, rows[3].pk],
        [rows[2].pk, rows[1].pk],
        [rows[0].pk],
    ]


@pytest.mark.parametrize("unread", [0, 1])
def test_a_list_takes_as_many_queries_for_many_as_for_few(
    trio: Trio, people: People, api: Api, unread: int
) -> None:
    client = api(trio.alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(LIST, {"unread": unread}).status_code == 200
        return len(caught)

    like(trio.alice, trio.bob)
    few = queries()
    for number in range(15):
        like(trio.alice, people.user(), post_id=number)
    assert queries() == few


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"before": "x"}, "before"),
        ({"before": "5"}, "before"),
        ({"before": f"{10**18}.1"}, "before"),
        ({"before": "-1.5"}, "before"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"unread": "perhaps"}, "unread"),
    ],
)
def test_a_page_that_cannot_be_is_refused(trio: Trio, api: Api, query: Any, field: str) -> None:
    answer = api(trio.alice).get(LIST, query)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_message", field)


def test_the_furthest_places_that_can_be_written_are_empty_or_all(trio: Trio, api: Api) -> None:
    achieve(trio.alice)
    for before, found in (("0.0", 0), (f"{'9' * 17}.{'9' * 18}", 1)):
        answer = api(trio.alice).get(LIST, {"before": before})
        assert (answer.status_code, len(answer.json()["results"])) == (200, found)


# ── read ────────────────────────────────────────────────────────────────────────────────────


def test_some_or_all_are_marked_read(trio: Trio, api: Api) -> None:
    client = api(trio.alice)
    keys = [achieve(trio.alice).pk for _ in range(3)]
    theirs = achieve(trio.bob)
    answer = client.post(READ, {"ids": [keys[0], theirs.pk]})
    assert (answer.status_code, answer.json()) == (200, {"unread_count": 2})
    assert client.post(READ, {"all": True}).json() == {"unread_count": 0}
    assert unread(trio.bob) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "ids"),
        ({"ids": [1], "all": True}, "ids"),
        ({"ids": "1"}, "ids"),
        ({"ids": [0]}, "ids"),
        ({"ids": [2**63]}, "ids"),
        ({"ids": None}, "ids"),
        ({"all": "x"}, "all"),
    ],
)
def test_marks_that_make_no_sense_are_refused(trio: Trio, api: Api, asked: Any, field: str) -> None:
    achieve(trio.alice)
    answer = api(trio.alice).post(READ, asked)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        field,
    )
    assert unread(trio.alice) == 1


# ── preferences ─────────────────────────────────────────────────────────────────────────────


def test_preferences_are_put_and_got(trio: Trio, api: Api) -> None:
    client = api(trio.alice)
    on = {"preferences": dict.fromkeys(types.BUILT_IN, True)}
    assert client.get(PREFERENCES).json() == on
    off = {"preferences": {**on["preferences"], "mention": False}}
    answer = client.put(PREFERENCES, {"preferences": {"mention": False}})
    assert (answer.status_code, answer.json()) == (200, off)
    assert client.get(PREFERENCES).json() == off
    assert api(trio.bob).get(PREFERENCES).json() == on


@pytest.mark.parametrize(
    "asked", [{}, {"preferences": []}, {"preferences": {"mention": "x"}}, {"preferences": {"No": False}}]
)
def test_preferences_that_make_no_sense_are_refused(trio: Trio, api: Api, asked: Any) -> None:
    answer = api(trio.alice).put(PREFERENCES, asked)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        "preferences",
    )
