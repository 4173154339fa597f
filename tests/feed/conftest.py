"""What the tests of feed say again and again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from feed.models import Comment, Post
from feed.services import comment_create, post_create
from realtime import topics
from realtime.models import LoggedEvent
from tests.harness.people import People
from tests.harness.site import Site
from uploads.services import upload_create

Api = Callable[[Any], APIClient]


class Circle(NamedTuple):
    """Alice is connected with Bob and with Carol, who do not know each other; Dave is a stranger."""

    alice: Any
    bob: Any
    carol: Any
    dave: Any


@pytest.fixture(params=["site", "postgres_site"])
def server(request: pytest.FixtureRequest) -> Site:
    """On SQLite and on PostgreSQL."""
    site: Site = request.getfixturevalue(request.param)
    return site


@pytest.fixture
def circle(people: People) -> Circle:
    circle = Circle(*people.users("alice", "bob", "carol", "dave"))
    people.connect(circle.alice, circle.bob)
    people.connect(circle.carol, circle.alice)
    return circle


def posted(author: Any, content: str = "hello", **options: Any) -> Post:
    """A new post."""
    post_id, _ = post_create(author=author, content=content, **options)
    return Post.objects.get(pk=post_id)


def said(post: Post, author: Any, content: str = "hi", **options: Any) -> Comment:
    """A new comment."""
    comment_id, _ = comment_create(post=post, author=author, content=content, **options)
    return Comment.objects.get(pk=comment_id)


def told(author: Any) -> list[dict[str, Any]]:
    """The frames of an author's stream, in order, but for the silent ones."""
    rows = LoggedEvent.objects.filter(topic=topics.author(author.pk).name).exclude(type="reader_lost")
    return [json.loads(body) for body in rows.order_by("seq").values_list("body", flat=True)]


def log_holds(text: str) -> bool:
    """Whether this text is anywhere in the log."""
    return LoggedEvent.objects.filter(body__contains=text).exists()


def upload(owner: Any) -> str:
    """The path of a new upload."""
    stored, _ = upload_create(owner=owner, file=ContentFile(b"some plain text", name="a.txt"))
    return stored.attachment


@pytest.fixture
def api() -> Api:
    """``api(user)``: REST as this user."""

    def api(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return api
