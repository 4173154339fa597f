from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.models import Cause, Inbox, Notification
from realtime.testing import captured_events
from tests.harness.databases import Database
from tests.harness.people import People
from tests.notifications.conftest import Trio, achieve, comment, like, unread

MODELS = [Notification, Cause, Inbox]


@pytest.fixture(autouse=True)
def on_both(sqlite_database: Database) -> Database:
    """One database is enough: what the admin calls is tested on both."""
    return sqlite_database


@pytest.fixture
def moderator(people: People) -> Client:
    client = Client()
    client.force_login(people.user("moderator", is_staff=True, is_superuser=True))
    return client


def url(model: type[Any], page: str = "") -> str:
    return f"/admin/kith_notifications/{model._meta.model_name}/{page}"


def _permission(codename: str) -> Any:
    return Permission.objects.get(codename=codename, content_type__app_label="kith_notifications")


def fill(trio: Trio, people: People, number: int) -> None:
    for _ in range(number):
        like(trio.alice, people.user())
        comment(people.user(), trio.bob, 1, "well said")
        achieve(people.user())


@pytest.mark.parametrize("model", MODELS)
def test_lists_search_and_take_as_many_queries_for_many_rows_as_for_few(
    model: type[Any], trio: Trio, people: People, moderator: Client
) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert moderator.get(url(model), {"q": query}).status_code == 200
        return len(caught)

    fill(trio, people, 1)
    few = [queries(query) for query in ("", "1", trio.bob.username)]
    fill(trio, people, 4)
    assert [queries(query) for query in ("", "1", trio.bob.username)] == few


@pytest.mark.parametrize("model", MODELS)
def test_pages_of_one_row_open_and_nothing_is_made_by_hand(
    model: type[Any], trio: Trio, people: People, moderator: Client
) -> None:
    fill(trio, people, 1)
    assert moderator.get(url(model, "add/")).status_code == 403
    for row in model.objects.all():
        assert moderator.get(url(model, f"{row.pk}/change/")).status_code == 200
        assert moderator.post(url(model, f"{row.pk}/change/"), {}).status_code == 403


def test_filters_know_a_projects_own_types(trio: Trio, moderator: Client) -> None:
    like(trio.alice, trio.bob)
    row = achieve(trio.alice)
    page = moderator.get(url(Notification), {"type": "achievement"})
    assert list(page.context["cl"].result_list) == [row]
    assert "Reaction on post" in page.content.decode()


def test_inboxes_count_what_is_unread(trio: Trio, moderator: Client) -> None:
    for _ in range(3):
        achieve(trio.alice)
    [row] = moderator.get(url(Inbox)).context["cl"].result_list
    assert (row.user, row.unread_count) == (trio.alice, 3)


@pytest.mark.parametrize("model", [Notification, Inbox])
def test_marking_read_is_told_to_each(model: type[Any], trio: Trio, moderator: Client) -> None:
    for recipient in (trio.alice, trio.bob):
        achieve(recipient)
    action = "mark_read" if model is Notification else "mark_all_read"
    chosen = [row.pk for row in model.objects.all()]
    with captured_events() as events:
        moderator.post(url(model), {"action": action, "_selected_action": chosen})
    assert [(event.type, event.frame("c")["unread_count"]) for event in events] == [
        ("notifications_read", 0)
    ] * 2
    assert unread(trio.alice) == unread(trio.bob) == 0


def test_who_may_only_look_marks_nothing(trio: Trio, people: People) -> None:
    watcher = people.user("watcher", is_staff=True)
    watcher.user_permissions.add(_permission("view_notification"))
    client = Client()
    client.force_login(watcher)
    row = achieve(trio.alice)
    assert client.get(url(Notification)).status_code == 200
    client.post(url(Notification), {"action": "mark_read", "_selected_action": [row.pk]})
    assert unread(trio.alice) == 1


def test_deleting_is_told_and_leaves_exact_counts(trio: Trio, moderator: Client) -> None:
    like(trio.alice, trio.bob)
    like(trio.alice, trio.carol)
    gone = [achieve(trio.alice).pk, achieve(trio.bob).pk]
    with captured_events() as events:
        form = {"action": "delete_selected", "_selected_action": gone, "post": "yes"}
        moderator.post(url(Notification), form)
        cause = Cause.objects.get(actor=trio.carol)
        moderator.post(url(Cause, f"{cause.pk}/delete/"), {"post": "yes"})
    assert [event.type for event in events] == ["notifications_removed"] * 2 + ["notification"]
    [row] = Notification.objects.all()
    assert (row.count, row.actor) == (1, trio.bob)
    moderator.post(url(Notification, f"{row.pk}/delete/"), {"post": "yes"})
    assert not Notification.objects.exists()


def test_a_user_with_notifications_can_be_deleted(trio: Trio, moderator: Client) -> None:
    like(trio.alice, trio.bob)
    like(trio.bob, trio.alice)
    answer = moderator.post(f"/admin/auth/user/{trio.bob.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Notification.objects.exists()
