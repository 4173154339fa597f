from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feed.models import Comment, Post
from feed.services import post_delete, reaction_set
from realtime import cursors
from tests.feed.conftest import Api, Circle, posted, said, upload
from tests.harness.databases import Database
from tests.harness.people import People


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    """Every test here runs on SQLite and on PostgreSQL."""
    return database


def pages(api: Any, url: str) -> list[list[int]]:
    """The ids of each page, following `next` to the end."""
    found = []
    while url:
        answer = api.get(url).json()
        found.append([row["id"] for row in answer["results"]])
        url = answer["next"]
    return found


# ── posts ───────────────────────────────────────────────────────────────────────────────────


def test_post_is_made_shown_edited_and_deleted(circle: Circle, api: Api) -> None:
    alice, bob = api(circle.alice), api(circle.bob)
    attachment = upload(circle.alice)
    made = alice.post("/api/posts/", {"content": " hi ", "attachment": attachment, "ref": "r1"})
    assert made.status_code == 201
    shown = made.json()
    url = f"/api/posts/{shown['id']}/"
    assert shown.pop("duplicate") is False
    assert shown.pop("timestamp").endswith("Z")
    assert shown == {
        "id": shown["id"],
        "userId": circle.alice.pk,
        "userName": circle.alice.username,
        "content": "hi",
        "attachment": attachment,
        "edited_at": None,
        "comment_count": 0,
        "counts": {},
        "my_reaction": None,
    }
    again = alice.post("/api/posts/", {"content": "hi", "attachment": attachment, "ref": "r1"})
    assert (again.status_code, again.json()["id"], again.json()["duplicate"]) == (200, shown["id"], True)
    edited = alice.patch(url, {"content": "ho"}).json()
    assert (edited["content"], edited["attachment"]) == ("ho", attachment)
    assert alice.patch(url, {"attachment": None}).json()["attachment"] is None
    assert bob.get(url).json()["content"] == "ho"
    assert alice.delete(url).status_code == 204
    assert alice.get(url).status_code == 404


def test_answer_to_a_ref_whose_post_is_gone_names_it(circle: Circle, api: Api) -> None:
    alice = api(circle.alice)
    made = alice.post("/api/posts/", {"content": "hi", "ref": "r1"}).json()
    post_delete(post=Post(pk=made["id"]), user=circle.alice)
    again = alice.post("/api/posts/", {"content": "hi", "ref": "r1"})
    assert (again.status_code, again.json()) == (200, {"id": made["id"], "duplicate": True})


def test_feed_shows_my_posts_and_those_of_my_connections(circle: Circle, api: Api) -> None:
    mine, theirs = posted(circle.bob), posted(circle.alice)
    posted(circle.carol)
    reaction_set(post=theirs, user=circle.bob, kind="wow")
    said(theirs, circle.carol)
    answer = api(circle.bob).get("/api/feed/").json()
    assert [row["id"] for row in answer["results"]] == [theirs.pk, mine.pk]
    shown = answer["results"][0]
    assert (shown["comment_count"], shown["counts"], shown["my_reaction"]) == (1, {"wow": 1}, "wow")
    assert answer["next"] is None
    assert cursors.parse(answer["cursor"]).kind == "horizon"  # type: ignore[union-attr]  # it is one
    assert api(circle.dave).get("/api/feed/").json()["results"] == []


def test_pages_do_not_drift_while_posts_come_and_go(circle: Circle, api: Api) -> None:
    keys = [posted(circle.alice).pk for _ in range(7)][::-1]
    bob = api(circle.bob)
    assert pages(bob, "/api/feed/?limit=3") == [keys[:3], keys[3:6], keys[6:]]
    first = bob.get("/api/feed/?limit=3").json()
    posted(circle.alice)
    post_delete(post=Post(pk=keys[1]), user=circle.alice)
    assert [row["id"] for row in bob.get(first["next"]).json()["results"]] == keys[3:6]


def test_feed_takes_as_many_queries_for_many_posts_as_for_few(
    circle: Circle, api: Api, people: People
) -> None:
    bob = api(circle.bob)

    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert bob.get(url).status_code == 200
        return len(caught)

    def fill(number: int) -> Post:
        for _ in range(number):
            author = people.user("author")
            people.connect(author, circle.bob)
            post = posted(author)
            reaction_set(post=post, user=author, kind="like")
            said(post, circle.bob)
            said(first, circle.alice)
        return post

    first = posted(circle.alice)
    fill(1)
    urls = ("/api/feed/", f"/api/posts/{first.pk}/comments/")
    few = [queries(url) for url in urls]
    fill(5)
    assert [queries(url) for url in urls] == few
    assert len(bob.get(urls[0]).json()["results"]) == 7


# ── comments and reactions ──────────────────────────────────────────────────────────────────


def test_comment_is_made_listed_and_deleted(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    url = f"/api/posts/{post.pk}/comments/"
    bob = api(circle.bob)
    made = bob.post(url, {"content": " hi ", "ref": "r1"})
    assert made.status_code == 201
    shown = made.json()
    assert shown.pop("duplicate") is False
    assert bob.post(url, {"content": "hi", "ref": "r1"}).json() == shown | {"duplicate": True}
    assert api(circle.carol).get(url).json()["results"] == [shown]
    assert shown.pop("timestamp").endswith("Z")
    assert shown == {
        "id": shown["id"],
        "post_id": post.pk,
        "userId": circle.bob.pk,
        "userName": circle.bob.username,
        "content": "hi",
    }
    assert bob.delete(f"/api/comments/{shown['id']}/").status_code == 204
    assert bob.post(url, {"content": "hi", "ref": "r1"}).json() == {
        "id": shown["id"],
        "post_id": post.pk,
        "duplicate": True,
    }


def test_comments_are_paged_without_drift(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    keys = [said(post, circle.bob).pk for _ in range(5)][::-1]
    url = f"/api/posts/{post.pk}/comments/?limit=2"
    assert pages(api(circle.carol), url) == [keys[:2], keys[2:4], keys[4:]]
    first = api(circle.carol).get(url).json()
    said(post, circle.bob)
    Comment.objects.get(pk=keys[0]).delete()
    assert [row["id"] for row in api(circle.carol).get(first["next"]).json()["results"]] == keys[2:4]


def test_reaction_is_set_replaced_and_taken_back(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    url = f"/api/posts/{post.pk}/reactions/"
    reaction_set(post=post, user=circle.carol, kind="like")
    bob = api(circle.bob)
    answers = [bob.post(url, {"kind": kind}) for kind in ("like", "like", "sad")]
    assert [answer.status_code for answer in answers] == [201, 200, 201]
    last = answers[-1].json()
    assert last == {
        "id": last["id"],
        "post_id": post.pk,
        "user_id": circle.bob.pk,
        "kind": "sad",
        "counts": {"like": 1, "sad": 1},
        "duplicate": False,
    }
    assert [bob.delete(url).status_code for _ in range(2)] == [204, 204]
    shown = bob.get(f"/api/posts/{post.pk}/").json()
    assert (shown["counts"], shown["my_reaction"]) == ({"like": 1}, None)


# ── refusals ────────────────────────────────────────────────────────────────────────────────


def test_what_one_may_not_see_answers_as_what_does_not_exist(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    comment = said(post, circle.alice)

    def attempts(person: Any, post_id: Any, comment_id: Any) -> list[Any]:
        client = api(person)
        url = f"/api/posts/{post_id}/"
        return [
            client.get(url),
            client.patch(url, {"content": "x"}),
            client.delete(url),
            client.get(f"{url}comments/"),
            client.post(f"{url}comments/", {"content": "x"}),
            client.post(f"{url}reactions/", {"kind": "like"}),
            client.delete(f"{url}reactions/"),
            client.delete(f"/api/comments/{comment_id}/"),
        ]

    missing = attempts(circle.dave, post.pk + 99, comment.pk + 99)
    for others in (
        attempts(circle.dave, post.pk, comment.pk),
        attempts(circle.dave, "x", "-1"),
        attempts(circle.dave, 2**63, "9" * 40),
    ):
        for one, other in zip(missing, others, strict=True):
            assert (one.status_code, one.json()) == (404, other.json())
    url = f"/api/posts/{post.pk}/"
    reader = api(circle.bob)
    refused = [
        reader.patch(url, {"content": "x"}),
        reader.delete(url),
        reader.delete(f"/api/comments/{comment.pk}/"),
    ]
    assert [answer.status_code for answer in refused] == [404] * 3
    assert Post.objects.get().content == "hello"


def test_what_does_not_fit_names_its_field(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    alice = api(circle.alice)
    url = f"/api/posts/{post.pk}/"
    for answer, field in (
        (alice.post("/api/posts/", {}), "content"),
        (alice.post("/api/posts/", {"content": " "}), "content"),
        (alice.post("/api/posts/", {"content": "x", "attachment": "/etc/passwd"}), "attachment"),
        (alice.post("/api/posts/", {"content": "x", "ref": "r" * 65}), "ref"),
        (alice.patch(url, {"content": ""}), "content"),
        (alice.post(f"{url}comments/", {"content": 5}), "content"),
        (alice.post(f"{url}reactions/", {"kind": "hate"}), "kind"),
        (alice.get("/api/feed/?before=0"), "before"),
        (alice.get(f"{url}comments/?limit=201"), "limit"),
    ):
        told = answer.json()
        assert (answer.status_code, told["code"], told["field"]) == (400, "invalid_message", field)


def test_nobody_without_a_sign_in_reads_or_writes(circle: Circle, api: Api) -> None:
    post = posted(circle.alice)
    nobody = api(None)
    for url in ("/api/feed/", f"/api/posts/{post.pk}/", f"/api/posts/{post.pk}/comments/"):
        assert nobody.get(url).status_code == 401
    assert nobody.post("/api/posts/", {"content": "x"}).status_code == 401
