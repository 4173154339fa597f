from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from connections.services import connection_remove
from feed.models import Comment, Post, Reaction
from feed.selectors import attachment_readable, posts_visible
from feed.services import post_create, post_delete, post_edit, post_tombstone, reaction_set
from notifications.models import Notification
from realtime.errors import Conflict, Forbidden, InvalidMessage, TooLarge
from realtime.testing import captured_events
from tests.feed.conftest import Circle, log_holds, posted, said, told, upload
from tests.harness.databases import Database
from tests.harness.people import People


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    """Every test here runs on SQLite and on PostgreSQL."""
    return database


# ── posting ─────────────────────────────────────────────────────────────────────────────────


def test_post_is_stored_clean_and_told_on_its_authors_stream(circle: Circle) -> None:
    attachment = upload(circle.alice)
    post_id, duplicate = post_create(
        author=circle.alice, content="  <b>hi</b>\x07\n ", attachment=attachment, ref="r1"
    )
    assert not duplicate
    [frame] = told(circle.alice)
    assert frame.pop("timestamp")
    assert frame["post"].pop("timestamp")
    assert frame == {
        "type": "new_post",
        "channel": "feed",
        "post": {
            "id": post_id,
            "userId": circle.alice.pk,
            "userName": circle.alice.username,
            "content": "<b>hi</b>",
            "attachment": attachment,
            "edited_at": None,
        },
    }


def test_post_saved_by_any_code_is_told(circle: Circle) -> None:
    made = Post.objects.create(author=circle.bob, content="from the shell")
    [frame] = told(circle.bob)
    assert (frame["type"], frame["post"]["id"], frame["post"]["attachment"]) == ("new_post", made.pk, None)


def test_same_ref_posts_once_and_still_answers_after_deletion(circle: Circle) -> None:
    wanted: dict[str, Any] = {"author": circle.alice, "ref": "r1"}
    made, _ = post_create(content="hi", **wanted)
    assert post_create(content=" hi ", **wanted) == (made, True)
    with pytest.raises(Conflict):
        post_create(content="ho", **wanted)
    post_delete(post=Post(pk=made), user=circle.alice)
    assert post_create(content="hi", **wanted) == (made, True)
    other, duplicate = post_create(author=circle.bob, content="hi", ref="r1")
    assert (other != made, duplicate) == (True, False)


def test_unfit_content_is_refused_and_not_stored(circle: Circle) -> None:
    for content in ("", " \n\t", "a\x00b", "\ud800"):
        with pytest.raises(InvalidMessage):
            post_create(author=circle.alice, content=content)
    with pytest.raises(TooLarge):
        post_create(author=circle.alice, content="é" * 5_121)
    assert not Post.objects.exists()


def test_attachment_must_be_the_authors_own_upload(circle: Circle) -> None:
    post = posted(circle.alice)
    for path in (upload(circle.bob), "/upload/files/none.png", "/etc/passwd", "https://example.org/a.png"):
        for write in (
            lambda path=path: post_create(author=circle.alice, content="look", attachment=path),
            lambda path=path: post_edit(post=post, user=circle.alice, attachment=path),
        ):
            with pytest.raises(InvalidMessage) as refused:
                write()
            assert refused.value.field == "attachment"


def test_post_is_seen_by_its_author_and_their_connections(circle: Circle) -> None:
    post = posted(circle.alice, attachment=upload(circle.alice))
    theirs = posted(circle.bob)
    seen = {person: {row.pk for row in posts_visible(user=person)} for person in circle}
    assert seen == {
        circle.alice: {post.pk, theirs.pk},
        circle.bob: {post.pk, theirs.pk},
        circle.carol: {post.pk},
        circle.dave: set(),
    }
    readers = [person for person in circle if attachment_readable(user=person, path=post.attachment)]
    assert readers == [circle.alice, circle.bob, circle.carol]


def test_post_is_seen_no_more_after_removal_block_and_deletion(circle: Circle, people: People) -> None:
    post = posted(circle.alice, attachment=upload(circle.alice))
    connection_remove(user=circle.alice, user_id=circle.bob.pk)
    people.block(circle.carol, circle.alice)
    assert not posts_visible(user=circle.bob).exists()
    assert not posts_visible(user=circle.carol).exists()
    path = post.attachment
    post_delete(post=post, user=circle.alice)
    assert not posts_visible(user=circle.alice).exists()
    assert not attachment_readable(user=circle.alice, path=path)


# ── mentions ────────────────────────────────────────────────────────────────────────────────


def mentioned() -> list[tuple[Any, int | None]]:
    rows = Notification.objects.filter(type="mention").order_by("pk")
    return list(rows.values_list("recipient_id", "post_id"))


def test_mention_notifies_only_who_may_see_the_post(circle: Circle) -> None:
    names = " ".join(f"@{person.username}" for person in circle)
    post = posted(circle.alice, f"hello {names}")
    assert sorted(mentioned()) == sorted([(circle.bob.pk, post.pk), (circle.carol.pk, post.pk)])


def test_edit_notifies_the_newly_mentioned_and_deletion_withdraws(circle: Circle) -> None:
    post = posted(circle.alice, f"@{circle.bob.username}")
    post_edit(post=post, user=circle.alice, content=f"@{circle.bob.username} @{circle.carol.username}")
    assert mentioned() == [(circle.bob.pk, post.pk), (circle.carol.pk, post.pk)]
    post_edit(post=post, user=circle.alice, content=f"@{circle.carol.username}")
    assert mentioned() == [(circle.carol.pk, post.pk)]
    post_delete(post=post, user=circle.alice)
    assert mentioned() == []


# ── editing and deleting ────────────────────────────────────────────────────────────────────


def test_author_edits_and_the_log_forgets_what_it_said(circle: Circle) -> None:
    post = posted(circle.alice, "secret", attachment=upload(circle.alice))
    edited = post_edit(post=post, user=circle.alice, content="public")
    assert (edited.attachment, edited.edited_at is None) == (post.attachment, False)
    frames = told(circle.alice)
    assert [frame["type"] for frame in frames] == ["new_post", "post_edited"]
    assert [frame["post"]["content"] for frame in frames] == ["public", "public"]
    assert not log_holds("secret")
    post_edit(post=post, user=circle.alice, attachment=None)
    assert [frame["post"]["attachment"] for frame in told(circle.alice)] == [None] * 3
    assert Post.objects.get().content == "public"


def test_edit_without_a_change_tells_nothing(circle: Circle) -> None:
    post = posted(circle.alice, "same")
    with captured_events() as events:
        assert post_edit(post=post, user=circle.alice, content=" same ").edited_at is None
    assert events == []


def test_only_the_author_edits_and_deletes(circle: Circle) -> None:
    post = posted(circle.alice)
    for person in (circle.bob, circle.dave):
        with pytest.raises(Forbidden):
            post_edit(post=post, user=person, content="mine")
        with pytest.raises(Forbidden):
            post_delete(post=post, user=person)
    with pytest.raises(Forbidden):
        post_edit(post=Post(pk=post.pk + 1), user=circle.alice, content="none")
    assert Post.objects.get().content == "hello"


def test_deletion_leaves_nothing_of_what_was_said(circle: Circle) -> None:
    post = posted(circle.alice, "secret", attachment=upload(circle.alice))
    said(post, circle.bob, f"secret, too @{circle.carol.username}")
    reaction_set(post=post, user=circle.bob, kind="wow")
    with captured_events() as events:
        post_delete(post=post, user=circle.alice)
        post_tombstone(post=post)
    assert [event.type for event in events if event.topic().channel == "feed"] == ["post_deleted"]
    left = Post.objects.get()
    assert (left.content, left.attachment, left.is_deleted) == ("", "", True)
    for model in (Comment, Reaction, Notification):
        assert not model._default_manager.exists()
    assert not log_holds("secret")
    assert not log_holds("/upload/")


def test_replayed_frames_of_what_was_deleted_keep_their_shape(circle: Circle) -> None:
    post = posted(circle.alice, attachment=upload(circle.alice))
    comment = said(post, circle.bob)
    post_delete(post=post, user=circle.alice)
    new_post, new_comment, _ = told(circle.alice)
    assert (new_post["post"]["id"], new_post["post"]["content"]) == (post.pk, "")
    assert new_post["post"]["attachment"] is None
    assert (new_comment["comment"]["id"], new_comment["comment"]["content"]) == (comment.pk, "")


def test_row_deleted_by_any_code_is_told_and_forgotten(circle: Circle) -> None:
    post = posted(circle.alice, "secret")
    said(post, circle.bob, "secret, too")
    Post.objects.filter(pk=post.pk).delete()
    frame = told(circle.alice)[-1]
    assert (frame["type"], frame["post_id"]) == ("post_deleted", post.pk)
    assert "secret" not in str(told(circle.alice))


def test_clearing_a_tombstone_away_tells_nothing_again(circle: Circle) -> None:
    post = posted(circle.alice)
    post_tombstone(post=post)
    with captured_events() as events:
        Post.objects.all().delete()
    assert events == []


def test_deleting_a_user_leaves_nothing_of_what_they_said(circle: Circle) -> None:
    post = posted(circle.alice)
    said(post, circle.bob, "secret comment")
    reaction_set(post=post, user=circle.bob, kind="like")
    said(posted(circle.bob, "secret post"), circle.alice)
    circle.bob.delete()
    assert not log_holds("secret")
    assert list(Post.objects.all()) == [post]
    assert not Comment.objects.exists()
    last = {frame["type"]: frame for frame in told(circle.alice)}
    assert last["comment_deleted"]["comment_count"] == 0
    assert (last["post_reaction"]["added"], last["post_reaction"]["counts"]) == (False, {})


def test_database_refuses_a_tombstone_that_speaks_and_a_silent_post(circle: Circle) -> None:
    post = posted(circle.alice)
    for change in ({"content": ""}, {"deleted_at": post.timestamp}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Post.objects.filter(pk=post.pk).update(**change)
