from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.models import Chat, Membership, Message, Reaction
from chat.services import reaction_set
from realtime.testing import captured_events
from tests.chat.conftest import Group, Say
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("sqlite_database")  # what the admin calls is tested on both


@pytest.fixture
def moderator(people: People) -> Client:
    client = Client()
    client.force_login(people.user("moderator", is_staff=True, is_superuser=True))
    return client


def url(model: type[Any], page: str = "") -> str:
    return f"/admin/kith_chat/{model._meta.model_name}/{page}"


def fill(group: Group, people: People, say: Say, number: int) -> None:
    for _ in range(number):
        for chat in (people.chat(group.alice, group.bob), people.direct(group.alice, people.user("more"))):
            reaction_set(message=say(chat, group.alice), user=group.alice, emoji="👍", added=True)


@pytest.mark.parametrize("model", [Chat, Membership, Message, Reaction])
def test_lists_search_and_take_as_many_queries_for_many_rows_as_for_few(
    model: type[Any], group: Group, people: People, say: Say, moderator: Client
) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert moderator.get(url(model), {"q": query}).status_code == 200
        return len(caught)

    fill(group, people, say, 1)
    few = [queries(query) for query in ("", "1", group.alice.username)]
    fill(group, people, say, 4)
    assert [queries(query) for query in ("", "1", group.alice.username)] == few


@pytest.mark.parametrize("model", [Chat, Membership, Message, Reaction])
def test_pages_of_one_row_open(
    model: type[Any], group: Group, people: People, say: Say, moderator: Client
) -> None:
    fill(group, people, say, 1)
    assert moderator.get(url(model, "add/")).status_code == 200
    for row in model.objects.all():
        assert moderator.get(url(model, f"{row.pk}/change/")).status_code == 200


def test_chat_list_counts_members_and_messages(group: Group, say: Say, moderator: Client) -> None:
    for _ in range(3):
        say(group.chat, group.bob)
    [row] = moderator.get(url(Chat)).context["cl"].result_list
    assert (row.member_count, row.message_count) == (2, 3)


def test_message_typed_in_the_admin_is_told_and_judged(group: Group, moderator: Client) -> None:
    form = {
        "chat": group.chat.pk,
        "sender": group.bob.pk,
        "content": " from the admin\x07 ",
        "attachment": "",
    }
    with captured_events() as events:
        assert moderator.post(url(Message, "add/"), form).status_code == 302
    [told] = events
    assert (told.type, told.frame("c")["content"]) == ("new_message", "from the admin")
    refused = moderator.post(url(Message, "add/"), form | {"content": "é" * 5_121})
    assert "longer than" in str(refused.context["adminform"].form.errors["content"])
    assert Message.objects.count() == 1


def test_edit_in_the_admin_is_told_with_its_time(group: Group, say: Say, moderator: Client) -> None:
    message = say(group.chat, group.bob)
    with captured_events() as events:
        moderator.post(url(Message, f"{message.pk}/change/"), {"content": "mended"})
    [told] = events
    assert (told.type, told.frame("c")["content"]) == ("message_edited", "mended")
    assert told.frame("c")["edited_at"] is not None


def test_moderators_action_leaves_tombstones_and_tells_them(
    group: Group, say: Say, moderator: Client
) -> None:
    said = [say(group.chat, group.bob).pk for _ in range(2)]
    with captured_events() as events:
        moderator.post(url(Message), {"action": "leave_tombstone", "_selected_action": said})
    assert [event.type for event in events] == ["message_deleted"] * 2
    assert [row.is_deleted for row in Message.objects.all()] == [True, True]
    page = moderator.get(url(Message, f"{said[0]}/change/"))
    assert "content" not in page.context["adminform"].form.fields


def test_real_delete_in_the_admin_is_told_too(group: Group, say: Say, moderator: Client) -> None:
    said = [say(group.chat, group.bob).pk, say(group.chat, group.alice).pk]
    form = {"action": "delete_selected", "_selected_action": said, "post": "yes"}
    with captured_events() as events:
        moderator.post(url(Message), form)
    assert sorted(event.frame("c")["message_id"] for event in events) == said
    assert {event.type for event in events} == {"message_deleted"}


def test_member_added_and_removed_in_the_admin_is_told(group: Group, say: Say, moderator: Client) -> None:
    last = say(group.chat, group.alice)
    with captured_events() as events:
        form = {"chat": group.chat.pk, "user": group.carol.pk, "role": "member"}
        moderator.post(url(Membership, "add/"), form)
        row = Membership.objects.get(user=group.carol)
        moderator.post(url(Membership, f"{row.pk}/delete/"), {"post": "yes"})
    assert row.joined_after == last.pk
    types = ["member_joined", "chat_added", "member_left", "chat_removed"]
    assert [event.type for event in events] == types


def test_users_are_picked_by_key_where_the_admin_does_not_know_them(
    group: Group, moderator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "admin-autocomplete" in str(
        moderator.get(url(Membership, "add/")).context["adminform"].form["user"]
    )
    pages: dict[Any, Any] = admin.site._registry
    monkeypatch.delitem(pages, User)
    page = moderator.get(url(Membership, "add/"))
    assert "admin-autocomplete" not in str(page.context["adminform"].form["user"])
