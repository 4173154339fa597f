"""A post costs the same whether one person reads it or five thousand, whatever was said under it, and whoever
hides from whom."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.models import Connection
from feed.consumers import FeedConsumer
from feed.models import Comment, Post, Reaction
from feed.selectors import post_entries
from feed.services import comment_create, comment_delete, reaction_set
from realtime.models import LoggedEvent
from realtime.opening import Question, Snapshot, read_snapshots
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


def test_a_comment_under_thousands_by_people_who_hide_from_each_other_is_as_few_queries(
    people: People,
) -> None:
    author, reader, *others = people.users("author", "reader", *["other"] * 20)
    people.connect(author, reader)
    for other in others:
        people.block(reader, other)
    quiet, loud = posted(author), posted(author)
    Comment.objects.bulk_create(
        Comment(post=loud, author=others[number % len(others)], content="x") for number in range(MANY)
    )
    Reaction.objects.bulk_create(Reaction(post=loud, user=other, kind="wow") for other in others)

    def cost(post: Post) -> int:
        with CaptureQueriesContext(connection) as caught, captured_events() as events:
            comment_id, _ = comment_create(post=post, author=author, content="hello")
            reaction_set(post=post, user=author, kind="like")
            reaction_set(post=post, user=author, kind="sad")
            comment_delete(comment=Comment(pk=comment_id), user=author)
        assert len(events) == 4
        return len(caught)

    cost(posted(author))  # what is read once and kept
    assert cost(quiet) == cost(loud)
    feed = FeedConsumer(user=reader, params={})
    with CaptureQueriesContext(connection) as caught:
        assert len(list(feed.tallies())) == 2 * len(others)
    assert len(caught) == 3
    with CaptureQueriesContext(connection) as hiding:
        (found,) = read_snapshots([Question(feed, "0", None, {})])
    assert isinstance(found, Snapshot)
    assert found.unseen.users == {str(other.pk) for other in others}
    with CaptureQueriesContext(connection) as seeing:
        read_snapshots([Question(FeedConsumer(user=author, params={}), "0", None, {})])
    assert len(hiding) <= len(seeing) + 4
