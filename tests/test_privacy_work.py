"""What a refusal takes tells as little as what it says: for what is forbidden the same statements are run, in
the same order, as for what is missing. (Not milliseconds: those differ every time.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from chat.models import Chat, Membership, Message
from connections.models import Request
from connections.services import request_send
from feed.models import Comment, Post, Reaction
from notifications.models import Notification
from realtime.channels import Channel, find
from realtime.errors import Forbidden
from realtime.opening import Question, read_snapshots
from tests.harness.databases import Databases, in_thread
from tests.harness.people import token_for
from tests.privacy_scene import Scene, set_scene
from tests.privacy_table import ASKS, SEES, cells
from tests.test_privacy import NO_ID, answer
from uploads.models import Upload

MISSING = 2_000_000_011  # no id of anything, and one that fits every column
NUMBERED = {"post", "comment", "group", "direct", "message", "request"}  # named by a number in a path
SEEN = {("POST /chats/{direct}/messages/", "barred")}  # who reads it knows that it is there


@pytest.fixture(scope="module")
def scene(databases: Databases, django_db_setup: None) -> Iterator[Scene]:
    """On PostgreSQL, where every statement is a way to go, and rows are waited for."""
    database = databases.create("postgres")
    with databases.active(database):
        scene = in_thread(set_scene)
        sender, asked = scene.people["self"], scene.people["asked"]
        key, _ = in_thread(request_send, sender=sender, user_id=asked.pk)
        yield scene._replace(names={**scene.names, "request": key})
    databases.drop(database)


def rest(user: Any) -> httpx.Client:
    """REST in this thread and on its connection."""
    token = {"Authorization": f"Bearer {token_for(user)}"}
    transport = httpx.WSGITransport(app=get_wsgi_application())
    return httpx.Client(transport=transport, base_url="http://testserver", headers=token)


def work(api: httpx.Client, what: str, names: dict[str, Any]) -> tuple[Any, list[str]]:
    """What one request answers, and the statements that it ran, without the values in them."""
    with CaptureQueriesContext(connection) as captured:
        said = answer(api, what, names)
    return said, shapes(captured)


def shapes(captured: CaptureQueriesContext) -> list[str]:
    return [re.sub(r"'[^']*'|\b\d+\b", "?", query["sql"]) for query in captured]


def test_rest_does_the_same_for_what_is_forbidden_missing_or_no_id_at_all(
    scene: Scene, subtests: pytest.Subtests
) -> None:
    def compare() -> None:
        real = scene.names
        missing = {name: f"/upload/files/{'0' * 32}.txt" if name == "file" else MISSING for name in real}
        for what, row in cells(ASKS).items():
            for column in [column for column, cell in row.items() if cell == "."]:
                with subtests.test(what=what, who=column), rest(scene.people[column]) as api:
                    _, expected = work(api, what, missing)
                    if (what, column) not in SEEN:
                        assert work(api, what, real)[1] == expected
                    if named := NUMBERED & {name for _, name, *_ in Formatter().parse(what) if name}:
                        nonsense = missing | dict.fromkeys(named, NO_ID)
                        assert work(api, what, nonsense) == work(api, what, missing)

    in_thread(compare)


@pytest.fixture
def impatience() -> Iterator[None]:
    """No connection waits for a row."""

    def impatient(connection: BaseDatabaseWrapper, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")

    connection_created.connect(impatient)
    yield
    connection_created.disconnect(impatient)


@pytest.mark.usefixtures("impatience")
def test_a_refusal_does_not_wait_for_those_who_are_writing(scene: Scene, subtests: pytest.Subtests) -> None:
    """Who is refused must not even queue for a row: how long that takes tells that it is there."""

    def ask(what: str, column: str) -> int:
        with rest(scene.people[column]) as api:
            status, _ = answer(api, what, scene.names)
            return status

    with transaction.atomic():
        for model in (Post, Comment, Reaction, Chat, Membership, Message, Request, Notification, Upload):
            assert list(model._default_manager.select_for_update())
        for what, row in cells(ASKS).items():
            for column in [column for column, cell in row.items() if cell == "."]:
                if (what, column) not in SEEN:
                    with subtests.test(what=what, who=column):
                        assert in_thread(ask, what, column) in (200, 400, 404)  # else 503


@pytest.mark.parametrize("since", [None, "0", "an old one"])
def test_channels_do_the_same_for_what_is_forbidden_missing_or_no_id_at_all(
    scene: Scene, since: str | None
) -> None:
    """Single sockets and `/ws` open channels alike (tests/test_privacy.py compares what they are told)."""

    def refusal(channel_class: type[Channel], person: Any, chat: object, cursor: str | None) -> list[str]:
        channel = channel_class(user=person, params={"chat_id": str(chat)})
        with CaptureQueriesContext(connection) as captured:
            assert channel.topic_names()
            (answer,) = read_snapshots([Question(channel, cursor, 100, {})])
            assert isinstance(answer, Forbidden)
        return shapes(captured)

    def compare() -> None:
        for name, row in (("group", "a group message now"), ("direct", "a message to the barred before")):
            real = scene.names[name]
            cursor = scene.cursors[f"messages/{real}"] if since == "an old one" else since
            channel_class, _ = find(f"messages/{real}")
            for column, person in scene.people.items():
                if cells(SEES)[row][column] != "x":
                    works = [refusal(channel_class, person, chat, cursor) for chat in (real, MISSING, NO_ID)]
                    assert works[0] == works[1] == works[2] != []

    in_thread(compare)
