"""Who may see whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import user_search
from connections import selectors
from connections.models import Block, Connection
from connections.services import block_add, connection_make
from tests.connections.conftest import Three
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


def test_connected_ids_name_the_other_whichever_side_of_the_row_it_is_on(three: Three) -> None:
    Connection.objects.create(one=three.alice, other=three.bob)
    Connection.objects.create(one=three.carol, other=three.alice)
    assert sorted(selectors.connected_ids(user_id=three.alice.pk)) == [three.bob.pk, three.carol.pk]
    assert selectors.connected_ids(user_id=three.carol.pk) == [three.alice.pk]
    assert not selectors.are_connected(user_id=three.bob.pk, other_id=three.carol.pk)
    assert not selectors.are_connected(user_id=three.bob.pk, other_id=three.bob.pk)


def test_ties_are_fit_for_a_subquery(three: Three) -> None:
    connection_make(one_id=three.alice.pk, other_id=three.bob.pk)
    peers = selectors.ties(user_id=three.alice.pk).values("peer_id")
    assert list(get_user_model().objects.filter(pk__in=peers)) == [three.bob]


def test_block_hides_both_ways_and_nobody_else(three: Three) -> None:
    alice, bob, carol = (user.pk for user in three)
    block_add(user=three.alice, user_id=bob)
    assert selectors.hidden_ids(user_id=alice) == {bob}
    assert selectors.hidden_ids(user_id=bob) == {alice}
    assert selectors.hidden_ids(user_id=carol) == set()
    assert selectors.is_hidden(user_id=bob, other_id=alice)
    assert not selectors.is_hidden(user_id=bob, other_id=carol)


def test_visible_users_are_active_and_not_hidden(three: Three, people: People) -> None:
    gone = people.user("gone", is_active=False)
    block_add(user=three.alice, user_id=three.bob.pk)
    assert set(selectors.visible_users(user=three.bob)) == {three.bob, three.carol}
    some = get_user_model().objects.filter(pk__in=[three.alice.pk, three.carol.pk, gone.pk])
    assert list(selectors.visible_users(user=three.bob, queryset=some)) == [three.carol]


def test_search_finds_nobody_who_is_hidden(three: Three) -> None:
    block_add(user=three.alice, user_id=three.bob.pk)
    assert user_search(user=three.alice, limit=10) == [three.carol]
    assert user_search(user=three.bob, limit=10) == [three.carol]
    assert user_search(user=three.carol, limit=10) == [three.alice, three.bob]


def test_each_read_is_one_query_however_many_ties_and_blocks(three: Three) -> None:
    others = get_user_model().objects.bulk_create(get_user_model()(username=f"u{n}") for n in range(40))
    Connection.objects.bulk_create(Connection(one=three.alice, other=other) for other in others[:20])
    Block.objects.bulk_create(Block(user=other, blocked=three.alice) for other in others[20:])
    mine: dict[str, Any] = {"user_id": three.alice.pk}
    for read, found in (
        (lambda: selectors.connected_ids(**mine), 20),
        (lambda: selectors.hidden_ids(**mine), 20),
        (lambda: list(selectors.visible_users(user=three.alice)), 23),
    ):
        with CaptureQueriesContext(connection) as caught:
            assert len(read()) == found
        assert len(caught) == 1
