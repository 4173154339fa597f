from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models.signals import pre_delete

from connections.services import connection_remove
from feed.models import Comment, Post, Reaction
from feed.selectors import comments_page, post_entries
from feed.services import (
    comment_create,
    comment_delete,
    post_delete,
    reaction_clear,
    reaction_remove,
    reaction_set,
)
from notifications.models import Notification
from realtime.errors import Conflict, Forbidden, InvalidMessage, TooLarge
from realtime.testing import captured_events
from tests.feed.conftest import Circle, log_holds, posted, said, told
from tests.harness.databases import Database
from tests.harness.people import People


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    """Every test here runs on SQLite and on PostgreSQL."""
    return database


def notified() -> list[tuple[str, Any, Any]]:
    rows = Notification.objects.order_by("pk")
    return list(rows.values_list("type", "recipient_id", "actor_id"))


# ── comments ────────────────────────────────────────────────────────────────────────────────


def test_comment_is_told_on_the_stream_of_the_posts_author_with_the_count(circle: Circle) -> None:
    post = posted(circle.alice)
    said(post, circle.bob, "first")
    comment = said(post, circle.carol, " second\x07 ")
    frame = told(circle.alice)[-1]
    assert frame.pop("timestamp")
    assert frame["comment"].pop("timestamp")
    assert frame == {
        "type": "new_comment",
        "channel": "feed",
        "post_id": post.pk,
        "comment": {
            "id": comment.pk,
            "userId": circle.carol.pk,
            "userName": circle.carol.username,
            "content": "second",
        },
        "comment_count": 2,
    }


def test_comment_saved_by_any_code_is_told_and_counted(circle: Circle) -> None:
    post = posted(circle.alice)
    Comment.objects.create(post=post, author=circle.bob, content="from the shell")
    Comment.objects.create(post=post, author=circle.bob, content="again")
    assert [frame["comment_count"] for frame in told(circle.alice)[1:]] == [1, 2]


def test_same_ref_comments_once_a_post(circle: Circle) -> None:
    post, other = posted(circle.alice), posted(circle.alice)
    wanted: dict[str, Any] = {"author": circle.bob, "ref": "r1"}
    made, _ = comment_create(post=post, content="hi", **wanted)
    comment_delete(comment=Comment(pk=made), user=circle.bob)
    assert comment_create(post=post, content=" hi ", **wanted) == (made, True)
    with pytest.raises(Conflict):
        comment_create(post=post, content="ho", **wanted)
    assert comment_create(post=other, content="ho", **wanted)[1] is False


def test_only_who_sees_the_post_comments_and_reacts(circle: Circle, people: People) -> None:
    post = posted(circle.alice)
    connection_remove(user=circle.bob, user_id=circle.alice.pk)
    people.block(circle.alice, circle.carol)
    for person in (circle.bob, circle.carol, circle.dave):
        with pytest.raises(Forbidden):
            comment_create(post=post, author=person, content="let me in")
        with pytest.raises(Forbidden):
            reaction_set(post=post, user=person, kind="like")
        with pytest.raises(Forbidden):
            reaction_clear(post=post, user=person)
    post_delete(post=post, user=circle.alice)
    with pytest.raises(Forbidden):
        comment_create(post=post, author=circle.alice, content="too late")


def test_unfit_content_is_refused(circle: Circle) -> None:
    post = posted(circle.alice)
    for content in ("", " \n", "a\x00b"):
        with pytest.raises(InvalidMessage):
            comment_create(post=post, author=circle.bob, content=content)
    with pytest.raises(TooLarge):
        comment_create(post=post, author=circle.bob, content="x" * 10_241)
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.create(post=post, author=circle.bob, content="")


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_comments_and_posts_authors_delete_and_the_log_forgets(circle: Circle, who: str) -> None:
    post = posted(circle.alice)
    said(post, circle.carol, "stays")
    comment = said(post, circle.bob, "secret")
    comment_delete(comment=comment, user=getattr(circle, who))
    frame = told(circle.alice)[-1]
    assert frame.pop("timestamp")
    assert frame == {
        "type": "comment_deleted",
        "channel": "feed",
        "post_id": post.pk,
        "comment_id": comment.pk,
        "comment_count": 1,
    }
    assert not log_holds("secret")
    assert log_holds("stays")
    with pytest.raises(Forbidden):
        comment_delete(comment=comment, user=circle.bob)


def test_others_do_not_delete_a_comment(circle: Circle) -> None:
    comment = said(posted(circle.alice), circle.bob)
    for person in (circle.carol, circle.dave):
        with pytest.raises(Forbidden):
            comment_delete(comment=comment, user=person)
    assert Comment.objects.exists()


def test_one_takes_back_what_one_said_also_where_one_sees_the_post_no_more(circle: Circle) -> None:
    comment = said(posted(circle.alice), circle.bob)
    connection_remove(user=circle.bob, user_id=circle.alice.pk)
    comment_delete(comment=comment, user=circle.bob)
    assert not Comment.objects.exists()


def test_comment_notifies_the_posts_author_and_whom_it_names_of_the_readers(circle: Circle) -> None:
    post = posted(circle.alice)
    said(post, circle.alice, "mine")
    assert notified() == []
    names = " ".join(f"@{person.username}" for person in circle)
    comment = said(post, circle.bob, f"hello {names}")
    assert notified() == [
        ("comment_on_post", circle.alice.pk, circle.bob.pk),
        ("mention", circle.carol.pk, circle.bob.pk),
    ]
    comment_delete(comment=comment, user=circle.bob)
    assert notified() == []


def test_hidden_people_neither_see_nor_count_each_others_acts(circle: Circle, people: People) -> None:
    post = posted(circle.alice)
    comment = said(post, circle.bob, f"@{circle.carol.username}")
    reaction_set(post=post, user=circle.bob, kind="wow")
    people.block(circle.carol, circle.bob)
    seen = {}
    for person in (circle.alice, circle.bob, circle.carol):
        [entry] = post_entries(user=person)
        page = comments_page(user=person, post_id=post.pk, limit=9)
        seen[person] = (entry.comment_count, entry.counts, [row.pk for row in page])
    assert seen == {
        circle.alice: (1, {"wow": 1}, [comment.pk]),
        circle.bob: (1, {"wow": 1}, [comment.pk]),
        circle.carol: (0, {}, []),
    }


# ── reactions ───────────────────────────────────────────────────────────────────────────────


def test_reaction_is_told_once_replaced_and_taken_back_with_exact_counts(circle: Circle) -> None:
    post = posted(circle.alice)
    reaction_set(post=post, user=circle.carol, kind="like")
    for kind in ("like", "like", "sad"):
        reaction_set(post=post, user=circle.bob, kind=kind)
    for _ in range(2):
        reaction_clear(post=post, user=circle.bob)
    keys = ("post_id", "user_id", "kind", "added", "counts")
    assert [tuple(frame[key] for key in keys) for frame in told(circle.alice)[1:]] == [
        (post.pk, circle.carol.pk, "like", True, {"like": 1}),
        (post.pk, circle.bob.pk, "like", True, {"like": 2}),
        (post.pk, circle.bob.pk, "sad", True, {"like": 1, "sad": 1}),
        (post.pk, circle.bob.pk, "sad", False, {"like": 1}),
    ]
    assert Reaction.objects.get().user == circle.carol


def test_reaction_answers_whether_it_changed_anything(circle: Circle) -> None:
    post = posted(circle.alice)
    wanted: dict[str, Any] = {"post": post, "user": circle.bob}
    key, duplicate = reaction_set(kind="like", ref="r1", **wanted)
    assert not duplicate
    assert reaction_set(kind="like", **wanted) == (key, True)
    assert reaction_set(kind="love", **wanted) == (key, False)
    assert reaction_set(kind="like", ref="r1", **wanted) == (key, True)
    assert Reaction.objects.get().kind == "love"
    with pytest.raises(Conflict):
        reaction_set(kind="wow", ref="r1", **wanted)
    with pytest.raises(InvalidMessage) as refused:
        reaction_set(kind="hate", **wanted)
    assert refused.value.field == "kind"


def test_reaction_notifies_the_posts_author_until_it_is_taken_back(circle: Circle) -> None:
    post = posted(circle.alice)
    reaction_set(post=post, user=circle.alice, kind="like")
    for person, kind in ((circle.bob, "like"), (circle.bob, "love"), (circle.carol, "wow")):
        reaction_set(post=post, user=person, kind=kind)
    notification = Notification.objects.get()
    assert (notification.type, notification.count) == ("reaction_on_post", 2)
    reaction_clear(post=post, user=circle.carol)
    notification.refresh_from_db()
    assert (notification.actor, notification.count) == (circle.bob, 1)
    reaction_clear(post=post, user=circle.bob)
    assert not Notification.objects.exists()


def test_database_refuses_a_second_reaction_and_an_unknown_kind(circle: Circle) -> None:
    post = posted(circle.alice)
    Reaction.objects.create(post=post, user=circle.bob, kind="like")
    for user, kind in ((circle.bob, "love"), (circle.carol, "hate")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reaction.objects.create(post=post, user=user, kind=kind)


def test_what_goes_in_one_statement_is_counted_one_by_one(circle: Circle) -> None:
    one, other = posted(circle.alice), posted(circle.alice)
    kept = said(one, circle.alice)
    for post in (one, other):
        for person in (circle.bob, circle.carol, circle.bob):
            said(post, person)
        reaction_set(post=post, user=circle.bob, kind="like")
        reaction_set(post=post, user=circle.carol, kind="sad")
    count = len(told(circle.alice))
    get_user_model().objects.filter(pk__in=[circle.bob.pk, circle.carol.pk]).delete()
    comments: dict[int, list[int]] = {one.pk: [], other.pk: []}
    reactions: dict[int, list[int]] = {one.pk: [], other.pk: []}
    for frame in told(circle.alice)[count:]:
        if frame["type"] == "comment_deleted":
            comments[frame["post_id"]].append(frame["comment_count"])
        elif frame["type"] == "post_reaction":
            assert frame["kind"] not in frame["counts"]
            reactions[frame["post_id"]].append(sum(frame["counts"].values()))
    assert comments == {one.pk: [3, 2, 1], other.pk: [2, 1, 0]}
    assert reactions == {one.pk: [1, 0], other.pk: [1, 0]}
    assert Comment.objects.get() == kept


def test_a_deletion_that_failed_is_not_counted_later(circle: Circle) -> None:
    post = posted(circle.alice)
    first, second = said(post, circle.bob), said(post, circle.carol)
    both = Comment.objects.filter(post=post)

    def refuse(sender: Any, **_: Any) -> None:
        raise ZeroDivisionError

    pre_delete.connect(refuse, sender=Comment)
    try:
        for deleted in (both, first):
            with pytest.raises(ZeroDivisionError):
                deleted.delete()
    finally:
        pre_delete.disconnect(refuse, sender=Comment)
    first.delete()
    assert told(circle.alice)[-1]["comment_count"] == 1
    second.delete()
    assert told(circle.alice)[-1]["comment_count"] == 0


def test_reaction_that_is_gone_is_not_removed_again(circle: Circle) -> None:
    post = posted(circle.alice)
    reaction_set(post=post, user=circle.bob, kind="like")
    reaction = Reaction.objects.get()
    reaction_set(post=post, user=circle.bob, kind="sad")
    reaction_remove(reaction=reaction)
    assert (told(circle.alice)[-1]["kind"], told(circle.alice)[-1]["counts"]) == ("sad", {})
    with pytest.raises(Forbidden):
        reaction_remove(reaction=reaction)


def test_what_is_put_under_a_tombstone_by_any_code_is_not_told(circle: Circle) -> None:
    post = posted(circle.alice)
    post_delete(post=post, user=circle.alice)
    with captured_events() as events:
        Comment.objects.create(post=Post(pk=post.pk), author=circle.bob, content="late")
        Reaction.objects.create(post=Post(pk=post.pk), user=circle.bob, kind="like")
        Comment.objects.all().delete()
    assert events == []
