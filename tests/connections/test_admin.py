"""Connections in the admin. One database is enough: what it calls is tested on both."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connections.models import Block, Connection, Request
from connections.selectors import is_hidden
from connections.services import block_add, connection_make, request_send
from realtime.testing import captured_events
from tests.connections.conftest import Three
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("sqlite_database")

MODELS = [Request, Connection, Block]


@pytest.fixture
def moderator(people: People) -> Client:
    client = Client()
    client.force_login(people.user("moderator", is_staff=True, is_superuser=True))
    return client


def url(model: type[Any], page: str = "") -> str:
    return f"/admin/kith_connections/{model._meta.model_name}/{page}"


def fill(three: Three, people: People, number: int) -> None:
    for _ in range(number):
        asked, tied, blocked = people.users("asked", "tied", "blocked")
        request_send(sender=three.alice, user_id=asked.pk)
        connection_make(one_id=tied.pk, other_id=three.alice.pk)
        block_add(user=three.alice, user_id=blocked.pk)


@pytest.mark.parametrize("model", MODELS)
def test_lists_search_and_take_as_many_queries_for_many_rows_as_for_few(
    model: type[Any], three: Three, people: People, moderator: Client
) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert moderator.get(url(model), {"q": query}).status_code == 200
        return len(caught)

    fill(three, people, 1)
    few = [queries(query) for query in ("", "1", three.alice.username)]
    fill(three, people, 4)
    assert [queries(query) for query in ("", "1", three.alice.username)] == few


@pytest.mark.parametrize("model", MODELS)
def test_pages_of_one_row_open_and_users_are_picked_by_typing(
    model: type[Any], three: Three, people: People, moderator: Client
) -> None:
    fill(three, people, 1)
    page = moderator.get(url(model, "add/"))
    assert "admin-autocomplete" in page.content.decode()
    for row in model.objects.all():
        page = moderator.get(url(model, f"{row.pk}/change/"))
        assert page.status_code == 200
        assert page.context["adminform"].form.fields == {}  # nothing about it changes


def test_open_requests_are_found_by_the_filter(three: Three, moderator: Client) -> None:
    request_send(sender=three.alice, user_id=three.bob.pk)
    Request.objects.create(from_user=three.carol, to_user=three.bob, status="withdrawn")
    for value, found in (("yes", ["pending"]), ("no", ["withdrawn"])):
        rows = moderator.get(url(Request), {"open": value}).context["cl"].result_list
        assert [row.status for row in rows] == found


def test_request_made_here_is_told(three: Three, moderator: Client) -> None:
    with captured_events() as events:
        moderator.post(url(Request, "add/"), {"from_user": three.alice.pk, "to_user": three.bob.pk})
    assert [event.type for event in events] == ["connection_request", "request_sent"]


def test_moderator_withdraws_requests_and_blocks_requesters(three: Three, moderator: Client) -> None:
    for sender in (three.alice, three.carol):
        request_send(sender=sender, user_id=three.bob.pk)
    first, second = Request.objects.order_by("pk")
    moderator.post(url(Request), {"action": "withdraw", "_selected_action": [first.pk]})
    moderator.post(url(Request), {"action": "block_requester", "_selected_action": [second.pk]})
    assert [row.status for row in Request.objects.order_by("pk")] == ["withdrawn", "blocked"]
    [block] = Block.objects.all()
    assert (block.user, block.blocked) == (three.bob, three.carol)


def test_tie_made_here_is_once_and_closes_what_was_open(three: Three, moderator: Client) -> None:
    request_send(sender=three.alice, user_id=three.bob.pk)
    form = {"one": three.bob.pk, "other": three.alice.pk}
    with captured_events() as events:
        assert moderator.post(url(Connection, "add/"), form).status_code == 302
    assert "connection_accepted" in [event.type for event in events]
    assert Request.objects.get().status == "accepted"
    for again in (form, {"one": form["other"], "other": form["one"]}, {"one": 1, "other": 1}):
        refused = moderator.post(url(Connection, "add/"), again)
        assert refused.context["adminform"].form.non_field_errors()
    block_add(user=three.carol, user_id=three.bob.pk)
    refused = moderator.post(url(Connection, "add/"), {"one": three.bob.pk, "other": three.carol.pk})
    assert "blocks the other" in str(refused.context["adminform"].form.non_field_errors())


def test_tie_deleted_here_is_told_and_a_pair_can_be_kept_apart(three: Three, moderator: Client) -> None:
    ties = [connection_make(one_id=three.alice.pk, other_id=user.pk) for user in (three.bob, three.carol)]
    form = {"action": "delete_selected", "_selected_action": [ties[0].pk], "post": "yes"}
    with captured_events() as events:
        moderator.post(url(Connection), form)
    assert [event.type for event in events].count("connection_removed") == 2
    moderator.post(url(Connection), {"action": "block_both_ways", "_selected_action": [ties[1].pk]})
    assert Block.objects.count() == 2
    assert not Connection.objects.exists()


def test_block_made_and_deleted_here_does_what_blocking_does(three: Three, moderator: Client) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    moderator.post(url(Block, "add/"), {"user": three.alice.pk, "blocked": three.bob.pk})
    assert not Connection.objects.exists()
    assert is_hidden(user_id=three.bob.pk, other_id=three.alice.pk)
    moderator.post(url(Block, f"{Block.objects.get().pk}/delete/"), {"post": "yes"})
    assert not is_hidden(user_id=three.bob.pk, other_id=three.alice.pk)
