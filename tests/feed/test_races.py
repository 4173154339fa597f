"""What people do at the same moment: on PostgreSQL, many times over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from connections.services import block_add, connection_remove
from feed.models import Comment, Post, Reaction
from feed.services import (
    comment_create,
    comment_delete,
    comment_remove,
    post_create,
    post_delete,
    post_edit,
    reaction_clear,
    reaction_set,
)
from realtime import topics
from realtime.models import LoggedEvent
from tests.feed.conftest import Circle, posted, said, told
from tests.harness.people import People
from tests.harness.races import race, waits

pytestmark = pytest.mark.usefixtures("postgres_database")

ROUNDS = 25


def counts(author: Any, kind: str) -> list[int]:
    return [frame["comment_count"] for frame in told(author) if frame["type"] == kind]


# ── counts ──────────────────────────────────────────────────────────────────────────────────


def test_comments_at_once_are_counted_one_by_one(circle: Circle) -> None:
    post = posted(circle.alice)
    for _ in range(ROUNDS):
        works = [
            partial(comment_create, post=post, author=person, content="hi")
            for person in (circle.bob, circle.carol)
        ]
        plain = partial(Comment.objects.create, post=post, author=circle.alice, content="from the shell")
        assert race(*works, plain) == ["done"] * 3
    assert counts(circle.alice, "new_comment") == list(range(1, 3 * ROUNDS + 1))


def test_comments_that_come_and_go_at_once_end_with_the_right_count(circle: Circle) -> None:
    post = posted(circle.alice)
    for _ in range(ROUNDS):
        comment = said(post, circle.bob)
        outcomes = race(
            partial(comment_delete, comment=comment, user=circle.bob),
            partial(comment_delete, comment=comment, user=circle.alice),
            partial(comment_create, post=post, author=circle.carol, content="hi"),
        )
        assert sorted(outcomes) == ["done", "done", "forbidden"]
    last = [frame for frame in told(circle.alice) if "comment_count" in frame][-1]
    assert last["comment_count"] == Comment.objects.count() == ROUNDS


def test_reactions_at_once_are_one_each_and_counted_exactly(circle: Circle) -> None:
    for _ in range(ROUNDS):
        post = posted(circle.alice)
        react = partial(reaction_set, post=post)
        outcomes = race(
            partial(react, user=circle.bob, kind="like"),
            partial(react, user=circle.bob, kind="sad"),
            partial(react, user=circle.carol, kind="like"),
            partial(reaction_clear, post=post, user=circle.carol),
        )
        assert outcomes == ["done"] * 4
        truth: dict[str, int] = {}
        for kind in Reaction.objects.filter(post=post).values_list("kind", flat=True):
            truth[kind] = truth.get(kind, 0) + 1
        assert told(circle.alice)[-1]["counts"] == truth
        assert Reaction.objects.filter(post=post, user=circle.bob).count() == 1


def test_same_ref_at_once_makes_one_post_and_one_comment(circle: Circle) -> None:
    for number in range(ROUNDS):
        post_work = partial(post_create, author=circle.alice, content="hi", ref=f"r{number}")
        assert race(post_work, post_work) == ["done", "done"]
        post = Post.objects.latest("pk")
        comment_work = partial(comment_create, post=post, author=circle.bob, content="hi", ref="r")
        assert race(comment_work, comment_work) == ["done", "done"]
    assert (Post.objects.count(), Comment.objects.count()) == (ROUNDS, ROUNDS)


# ── deletion ────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_put_under_a_post_that_is_being_deleted(circle: Circle) -> None:
    for _ in range(ROUNDS):
        post = posted(circle.alice)
        deleted, *others = race(
            partial(post_delete, post=post, user=circle.alice),
            partial(comment_create, post=post, author=circle.bob, content="secret"),
            partial(reaction_set, post=post, user=circle.carol, kind="wow"),
            partial(post_edit, post=post, user=circle.alice, content="secret"),
        )
        assert deleted == "done"
        assert {*others} <= {"done", "forbidden"}
        assert told(circle.alice)[-1]["type"] == "post_deleted"
        assert not Comment.objects.exists()
        assert not Reaction.objects.exists()
    assert "secret" not in str(told(circle.alice))


# ── ties ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pairs(people: People) -> Iterator[tuple[Any, Any]]:
    """Connected pairs, each for one round."""

    def connected() -> tuple[Any, Any]:
        pair = people.user("alice"), people.user("bob")
        people.connect(*pair)
        return pair

    return (connected() for _ in range(ROUNDS))


def stream(author: Any) -> list[str]:
    """The types on an author's stream, the silent ones included."""
    rows = LoggedEvent.objects.filter(topic=topics.author(author.pk).name).order_by("seq")
    return list(rows.values_list("type", flat=True))


@pytest.mark.parametrize("end", [block_add, connection_remove])
def test_post_published_while_its_reader_is_blocked_lies_before_or_after_the_loss(
    pairs: Iterator[tuple[Any, Any]], end: Callable[..., Any]
) -> None:
    for alice, bob in pairs:
        outcomes = race(
            partial(post_create, author=alice, content="hi"),
            partial(end, user=alice, user_id=bob.pk),
            partial(post_create, author=alice, content="ho"),
        )
        assert outcomes == ["done"] * 3
        assert sorted(stream(alice)) == ["new_post", "new_post", "reader_lost"]
        assert stream(bob) == ["reader_lost"]


@pytest.mark.parametrize("end", [block_add, connection_remove])
def test_nothing_said_by_right_of_a_tie_follows_its_end(
    pairs: Iterator[tuple[Any, Any]], end: Callable[..., Any]
) -> None:
    for alice, bob in pairs:
        post = posted(alice)
        ended, *others = race(
            partial(end, user=alice, user_id=bob.pk),
            partial(comment_create, post=post, author=bob, content="hi"),
            partial(reaction_set, post=post, user=bob, kind="like"),
        )
        assert ended == "done"
        assert {*others} <= {"done", "forbidden"}
        assert others.count("done") == Comment.objects.filter(post=post).count() + post.reactions.count()
        assert stream(alice)[-1] == "reader_lost"


def test_locks_hold_back_what_they_must_and_nothing_else(circle: Circle, people: People) -> None:
    post = posted(circle.alice)
    with transaction.atomic():
        comment = said(post, circle.bob)
        assert waits(block_add, user=circle.alice, user_id=circle.bob.pk)
        assert waits(comment_create, post=post, author=circle.carol, content="hi")
        assert not waits(post_create, author=circle.alice, content="meanwhile")
        assert not waits(connection_remove, user=circle.carol, user_id=circle.alice.pk)
    with transaction.atomic():
        comment_remove(comment=comment)
        assert waits(reaction_set, post=post, user=circle.bob, kind="like")
        assert not waits(connection_remove, user=circle.alice, user_id=circle.bob.pk)
