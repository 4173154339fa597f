"""REST, the admin and what is kept, in this process, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from connections.services import block_add, connection_remove
from presence import running
from presence.models import LastSeen
from presence.selectors import is_online
from presence.services import last_seen_save
from presence.store import Status
from presence.view import View
from tests.harness.databases import Database
from tests.harness.people import People
from tests.presence.conftest import Befriend

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    return database


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> View:
    """What a server knows, in this process, which is none."""
    view = View()
    runner = SimpleNamespace(view=view, is_here=lambda user: user in view.statuses)
    monkeypatch.setattr(running, "current", lambda: runner)
    return view


def asked(user: Any, users: str | None) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.get("/api/presence/", {} if users is None else {"users": users})


def ids(*users: Any) -> str:
    return ",".join(str(user.pk) for user in users)


def statuses(user: Any, *users: Any) -> dict[int, str]:
    return {person["user_id"]: person["status"] for person in asked(user, ids(*users)).json()["results"]}


def test_rest_tells_of_connections_alone_and_of_the_invisible_as_of_the_absent(
    people: People, befriend: Befriend, view: View
) -> None:
    me, away, absent, hidden = people.users("me", "away", "absent", "hidden")
    stranger, former, blocker, blocked = people.users("stranger", "former", "blocker", "blocked")
    everyone = (me, away, absent, hidden, stranger, former, blocker, blocked)
    befriend(me, away, absent, hidden, former, blocker, blocked)
    connection_remove(user=me, user_id=former.pk)
    block_add(user=blocker, user_id=me.pk)
    block_add(user=me, user_id=blocked.pk)
    last_seen_save(seen={hidden.pk: NOON, absent.pk: NOON, stranger.pk: NOON})
    view.statuses = {str(user.pk): Status.ONLINE for user in everyone if user is not absent}
    view.statuses |= {str(away.pk): Status.AWAY, str(hidden.pk): Status.INVISIBLE}
    answer = asked(me, ids(*everyone)).json()
    assert answer["next"] is None
    assert isinstance(answer["cursor"], str)
    noon = "2026-01-02T12:00:00Z"
    assert answer["results"] == [
        {"user_id": away.pk, "full_name": away.username, "status": "away", "last_seen": None},
        {"user_id": absent.pk, "full_name": absent.username, "status": "offline", "last_seen": noon},
        {"user_id": hidden.pk, "full_name": hidden.username, "status": "offline", "last_seen": noon},
    ]
    assert asked(None, ids(away)).status_code == 401


def test_who_just_left_is_told_with_the_time_that_watchers_were_told(
    people: People, befriend: Befriend, view: View
) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    last_seen_save(seen={ada.pk: NOON})
    for later, expected in ((-1, NOON), (1, NOON + timedelta(seconds=1))):
        view.left = {str(ada.pk): int((NOON.timestamp() + later) * 1000)}
        [person] = asked(me, ids(ada)).json()["results"]
        assert datetime.fromisoformat(person["last_seen"]) == expected


@pytest.mark.parametrize("users", [None, "", "x", "1,x", "1.5", ",".join(map(str, range(1, 202)))])
def test_what_names_no_users_is_refused(people: People, users: str | None) -> None:
    answer = asked(people.user(), users)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_message", "users")


def test_ids_may_be_apart_repeated_and_of_nobody(people: People, befriend: Befriend, view: View) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    view.statuses = {str(ada.pk): Status.BUSY}
    assert [
        person["status"] for person in asked(me, f" {ada.pk}, {ada.pk},,999999999").json()["results"]
    ] == ["busy"]


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    people: People, befriend: Befriend, view: View
) -> None:
    me, *others = people.users(*["somebody"] * 12)
    befriend(me, *others)

    def queries(*users: Any) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert len(statuses(me, *users)) == len(users)
        return len(caught)

    assert queries(*others) == queries(*others[:1])


def test_is_online_says_whether_the_user_is_here_and_counts_the_invisible(people: People, view: View) -> None:
    ada, hidden, absent = people.users("ada", "hidden", "absent")
    view.statuses = {str(ada.pk): Status.AWAY, str(hidden.pk): Status.INVISIBLE}
    assert [is_online(user_id=user.pk) for user in (ada, hidden, absent)] == [True, True, False]


def test_nobody_is_online_where_there_is_neither_a_server_nor_redis(people: People) -> None:
    assert not is_online(user_id=people.user().pk)


# ── what is kept ────────────────────────────────────────────────────────────────────────────


def test_a_newer_time_is_kept_and_an_older_is_not(people: People) -> None:
    ada, eve = people.users("ada", "eve")
    later = NOON + timedelta(hours=1)
    last_seen_save(seen={ada.pk: NOON, eve.pk: later})
    last_seen_save(seen={ada.pk: later, eve.pk: NOON})
    assert dict(LastSeen.objects.values_list("user", "at")) == {ada.pk: later, eve.pk: later}


def test_who_was_deleted_meanwhile_is_passed_over(people: People) -> None:
    ada, eve = people.users("ada", "eve")
    key = eve.pk
    eve.delete()
    last_seen_save(seen={ada.pk: NOON, key: NOON})
    assert [row.user for row in LastSeen.objects.all()] == [ada]
    ada.delete()
    assert not LastSeen.objects.exists()


def test_saving_takes_as_many_queries_for_many_as_for_few(people: People) -> None:
    def queries(save: Callable[[], None]) -> int:
        with CaptureQueriesContext(connection) as caught:
            save()
        return len(caught)

    one, *others = people.users(*["somebody"] * 12)
    assert queries(lambda: last_seen_save(seen={one.pk: NOON})) == queries(
        lambda: last_seen_save(seen={user.pk: NOON for user in others})
    )


# ── admin ───────────────────────────────────────────────────────────────────────────────────


def test_the_admin_lists_finds_shows_and_changes_nothing(people: People) -> None:
    moderator = Client()
    moderator.force_login(people.user("moderator", is_staff=True, is_superuser=True))
    url = "/admin/kith_presence/lastseen/"

    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert moderator.get(url, {"q": query}).status_code == 200
        return len(caught)

    ada, *others = people.users(*["ada"] * 9)
    last_seen_save(seen={ada.pk: NOON})
    few = queries(""), queries("ada")
    last_seen_save(seen={user.pk: NOON for user in others})
    assert (queries(""), queries("ada")) == few
    assert moderator.get(url, {"q": "nobody"}).context["cl"].result_count == 0
    page = moderator.get(f"{url}{ada.pk}/change/").content.decode()
    assert ada.username in page
    assert 'name="_save"' not in page
    assert moderator.get(f"{url}add/").status_code == 403
    assert (
        moderator.post(f"{url}{ada.pk}/change/", {"at_0": "2026-02-03", "at_1": "10:00"}).status_code == 403
    )
    deleted = moderator.post(f"/admin/auth/user/{ada.pk}/delete/", {"post": "yes"})
    assert deleted.status_code == 302, "who may delete a user may delete this with them"
