"""The admin's first page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Message
from chat.services import message_send
from feed.services import post_create
from project import dashboard
from tests.harness.databases import Database
from tests.harness.people import People


@pytest.fixture(autouse=True)
def on_both(database: Database) -> Database:
    return database


def figures(user: Any) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    page = client.get("/admin/")
    assert page.status_code == 200
    found: dict[str, str] = dict(page.context["figures"])
    assert all(title in page.content.decode() for title in found)
    return found


def test_it_counts_what_happened_today(people: People) -> None:
    staff = people.user("staff", is_staff=True, is_superuser=True)
    alice, bob = people.users("alice", "bob")
    people.connect(alice, bob)
    chat = people.chat(alice, bob)
    said = [message_send(chat=chat, sender=alice, content="hi")[0] for _ in range(3)]
    Message.objects.filter(pk=said[0]).update(timestamp=timezone.now() - timedelta(days=1))
    post_create(author=alice, content="hi")
    assert figures(staff) == {
        "Users online": "0",
        "Sockets of this process": "0",
        "Messages today": "2",
        "Posts today": "1",
        "Comments today": "0",
        "Requests today": "0",
        "Connections today": "1",
    }


def test_it_counts_only_what_one_may_see(people: People) -> None:
    staff = people.user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_post"))
    assert set(figures(staff)) == {"Users online", "Sockets of this process", "Posts today"}


def test_it_costs_the_same_with_many_rows(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = people.user("staff", is_staff=True, is_superuser=True)
    alice = people.user("alice")

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            figures(staff)
        return len(caught)

    few = queries()
    chat = people.chat(alice)
    for _ in range(5):
        message_send(chat=chat, sender=alice, content="hi")
    assert queries() == few
    monkeypatch.setattr(dashboard, "MOST", 4)
    assert figures(staff)["Messages today"] == "4 or more"
