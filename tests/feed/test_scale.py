"""A post costs the same whether one person reads it or five thousand."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.models import Connection
from feed.consumers import FeedConsumer
from feed.selectors import post_entries
from feed.services import comment_create, reaction_set
from realtime.models import LoggedEvent
from realtime.testing import captured_events
from tests.feed.conftest import posted
from tests.harness.databases import Database
from tests.harness.people import People

MANY = 5_000


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    return database


def test_post_by_someone_with_5000_connections_is_a_few_queries_and_one_broadcast(people: People) -> None:
    few, many = people.users("few", "many")
    people.connect(few, many)
    model = get_user_model()
    readers = model.objects.bulk_create(model(username=f"reader{n}", password="!") for n in range(MANY))
    Connection.objects.bulk_create(Connection(one=many, other=reader) for reader in readers)

    def cost(author: object) -> tuple[int, int]:
        logged = LoggedEvent.objects.count()
        with CaptureQueriesContext(connection) as caught, captured_events() as events:
            post = posted(author, "hello everybody")
            comment_create(post=post, author=author, content="me, too")
            reaction_set(post=post, user=author, kind="like")
        assert [event.type for event in events] == ["new_post", "new_comment", "post_reaction"]
        return len(caught), LoggedEvent.objects.count() - logged

    first, second = cost(few), cost(many)
    assert second == first
    assert second[1] == 3
    with CaptureQueriesContext(connection) as caught:
        assert len(post_entries(user=many)) == 2
        assert len(FeedConsumer(user=many, params={}).topics()) == MANY + 3
    assert len(caught) <= 5
