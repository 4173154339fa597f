from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed.models import Comment, Post, Reaction
from feed.services import reaction_set
from notifications.models import Notification
from realtime.testing import captured_events
from tests.feed.conftest import Circle, log_holds, posted, said
from tests.harness.databases import Database
from tests.harness.people import People

MODELS = (Post, Comment, Reaction)


@pytest.fixture(autouse=True)
def on_sqlite(sqlite_database: Database) -> Database:
    """One database is enough: what the admin calls is tested on both."""
    return sqlite_database


@pytest.fixture
def moderator(people: People) -> Client:
    client = Client()
    client.force_login(people.user("moderator", is_staff=True, is_superuser=True))
    return client


def url(model: type[Any], page: str = "") -> str:
    return f"/admin/kith_feed/{model._meta.model_name}/{page}"


def fill(circle: Circle, number: int) -> None:
    for _ in range(number):
        post = posted(circle.alice)
        for person in (circle.bob, circle.carol):
            said(post, person)
            reaction_set(post=post, user=person, kind="like")


def feed_types(events: list[Any]) -> list[str]:
    return [event.type for event in events if event.topic().channel == "feed"]


@pytest.mark.parametrize("model", MODELS)
def test_lists_search_and_take_as_many_queries_for_many_rows_as_for_few(
    model: type[Any], circle: Circle, moderator: Client
) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert moderator.get(url(model), {"q": query}).status_code == 200
        return len(caught)

    fill(circle, 1)
    few = [queries(query) for query in ("", "1", circle.bob.username)]
    fill(circle, 4)
    assert [queries(query) for query in ("", "1", circle.bob.username)] == few


@pytest.mark.parametrize("model", MODELS)
def test_pages_of_one_row_open(model: type[Any], circle: Circle, moderator: Client) -> None:
    fill(circle, 1)
    assert moderator.get(url(model, "add/")).status_code == 200
    for row in model.objects.all():
        assert moderator.get(url(model, f"{row.pk}/change/")).status_code == 200
        assert moderator.get(url(model, f"{row.pk}/delete/")).status_code == 200


def test_post_list_counts_comments_and_reactions_and_filters_tombstones(
    circle: Circle, moderator: Client
) -> None:
    fill(circle, 2)
    gone, left = Post.objects.order_by("pk")
    moderator.post(url(Post), {"action": "leave_tombstone", "_selected_action": [gone.pk]})
    rows = {row.pk: row for row in moderator.get(url(Post)).context["cl"].result_list}
    assert {key: (row.comment_number, row.reaction_number) for key, row in rows.items()} == {
        left.pk: (2, 2),
        gone.pk: (0, 0),
    }
    for state, found in (("no", left), ("yes", gone)):
        assert list(moderator.get(url(Post), {"deleted": state}).context["cl"].result_list) == [found]


def test_post_typed_and_edited_in_the_admin_is_told_and_judged(circle: Circle, moderator: Client) -> None:
    form = {"author": circle.alice.pk, "content": " from the admin\x07 ", "attachment": ""}
    with captured_events() as events:
        assert moderator.post(url(Post, "add/"), form).status_code == 302
        post = Post.objects.get()
        moderator.post(url(Post, f"{post.pk}/change/"), {"content": "mended"})
    assert [(event.type, event.frame("c")["post"].content) for event in events] == [
        ("new_post", "from the admin"),
        ("post_edited", "mended"),
    ]
    assert Post.objects.get().edited_at is not None
    refused = moderator.post(url(Post, "add/"), form | {"content": "é" * 5_121})
    assert "longer than" in str(refused.context["adminform"].form.errors["content"])


def test_moderators_action_leaves_tombstones_and_withdraws_what_was_notified(
    circle: Circle, moderator: Client
) -> None:
    fill(circle, 2)
    keys = list(Post.objects.values_list("pk", flat=True))
    with captured_events() as events:
        moderator.post(url(Post), {"action": "leave_tombstone", "_selected_action": keys})
    assert feed_types(events) == ["post_deleted"] * 2
    assert all(post.is_deleted for post in Post.objects.all())
    assert not Notification.objects.exists()
    page = moderator.get(url(Post, f"{keys[0]}/change/"))
    assert "content" not in page.context["adminform"].form.fields


@pytest.mark.parametrize(("model", "told"), [(Post, "post_deleted"), (Comment, "comment_deleted")])
@pytest.mark.parametrize("page", ["one", "several"])
def test_real_delete_is_told_once_and_forgets_and_withdraws(
    model: type[Any], told: str, page: str, circle: Circle, moderator: Client
) -> None:
    said(posted(circle.alice), circle.bob, "secret")
    [row] = model.objects.all()
    with captured_events() as events:
        if page == "one":
            moderator.post(url(model, f"{row.pk}/delete/"), {"post": "yes"})
        else:
            form = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            moderator.post(url(model), form)
    assert feed_types(events) == [told]
    assert not model.objects.exists()
    assert not log_holds("secret")
    assert not Notification.objects.exists()


def test_reaction_deleted_in_the_admin_is_told_and_withdrawn(circle: Circle, moderator: Client) -> None:
    reaction_set(post=posted(circle.alice), user=circle.bob, kind="wow")
    with captured_events() as events:
        moderator.post(url(Reaction, f"{Reaction.objects.get().pk}/delete/"), {"post": "yes"})
    assert feed_types(events) == ["post_reaction"]
    assert not Notification.objects.exists()
