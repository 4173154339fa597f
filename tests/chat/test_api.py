from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Chat, Message
from chat.services import member_add, member_remove, message_send, message_tombstone, reaction_set
from realtime import log
from realtime.cursors import parse
from tests.chat.conftest import Api, Group, Say
from tests.chat.test_messages import upload
from tests.harness.people import People


def queries(work: Any) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert work().status_code == 200
    return len(caught)


# ── chats ───────────────────────────────────────────────────────────────────────────────────


def test_starting_a_chat_answers_201_and_again_200(group: Group, api: Api) -> None:
    body = {"member_ids": [group.bob.pk], "title": "Trip", "history": "all", "ref": "r1"}
    made = api(group.alice).post("/api/chats/", body)
    assert made.status_code == 201
    told = made.json()
    assert told["id"] == told["chat_id"]
    assert (told["title"], told["kind"], told["history"], told["role"]) == ("Trip", "group", "all", "owner")
    assert [member["user_id"] for member in told["members"]] == [group.alice.pk, group.bob.pk]
    again = api(group.alice).post("/api/chats/", body)
    assert (again.status_code, again.json()) == (200, told | {"duplicate": True})
    other = api(group.alice).post("/api/chats/", body | {"title": "Other"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_ref_of_a_chat_that_one_left_answers_its_id_alone(group: Group, api: Api) -> None:
    body = {"member_ids": [group.bob.pk], "ref": "r1"}
    chat_id = api(group.alice).post("/api/chats/", body).json()["id"]
    assert api(group.alice).delete(f"/api/chats/{chat_id}/members/{group.alice.pk}/").status_code == 204
    again = api(group.alice).post("/api/chats/", body)
    assert (again.status_code, again.json()) == (200, {"id": chat_id, "chat_id": chat_id, "duplicate": True})


def test_direct_chat_names_the_other_one_to_each(group: Group, api: Api) -> None:
    body = {"kind": "direct", "member_ids": [group.bob.pk]}
    made = api(group.alice).post("/api/chats/", body)
    assert (made.status_code, made.json()["peer"]["user_id"]) == (201, group.bob.pk)
    again = api(group.bob).post("/api/chats/", {"kind": "direct", "member_ids": [group.alice.pk]})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert again.json()["peer"] == {"user_id": group.alice.pk, "user_name": group.alice.username}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"member_ids": "all"}, "member_ids"),
        ({"member_ids": [{}]}, "member_ids"),
        ({"member_ids": [10**30]}, "member_ids"),
        ({"kind": "party"}, "kind"),
        ({"history": 5}, "history"),
        ({"title": "a\x00b"}, "title"),
        ({"title": []}, "title"),
        ({"ref": "x" * 65}, "ref"),
        ({"ref": ""}, "ref"),
    ],
)
def test_bad_bodies_name_the_field_and_store_nothing(
    people: People, api: Api, body: dict[str, Any], field: str
) -> None:
    answer = api(people.user("alice")).post("/api/chats/", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        field,
    )
    assert not Chat.objects.exists()


def test_list_has_unread_counts_and_last_messages(group: Group, say: Say, api: Api) -> None:
    said = say(group.chat, group.alice, "hello")
    [row] = api(group.bob).get("/api/chats/").json()["results"]
    assert (row["id"], row["unread_count"], row["last_message"]["message_id"]) == (group.chat.pk, 1, said.pk)
    assert "members" not in row


def test_pages_of_chats_show_each_once_though_some_have_no_message(
    people: People, say: Say, api: Api
) -> None:
    alice = people.user("alice")
    chats = [people.chat(alice) for _ in range(7)]
    for chat in (chats[4], chats[1]):
        say(chat, alice)
    found, url = [], "/api/chats/?limit=2"
    while url:
        page = api(alice).get(url).json()
        assert len(page["results"]) <= 2
        found += [row["id"] for row in page["results"]]
        url = page["next"]
    assert found == [chats[n].pk for n in (1, 4, 6, 5, 3, 2, 0)]


def test_query_count_of_the_chat_list_does_not_grow(people: People, say: Say, api: Api) -> None:
    alice = people.user("alice")

    def add(number: int) -> None:
        for _ in range(number):
            bob, carol = people.users("bob", "carol")
            for chat in (people.chat(alice, bob, carol), people.direct(alice, bob)):
                reaction_set(message=say(chat, bob), user=alice, emoji="👍", added=True)

    client = api(alice)
    add(1)
    few = queries(lambda: client.get("/api/chats/"))
    add(6)
    assert queries(lambda: client.get("/api/chats/")) == few


def test_query_count_of_one_chat_does_not_grow_with_its_members(people: People, api: Api) -> None:
    alice = people.user("alice")
    chat = people.chat(alice, people.user("bob"))
    client = api(alice)
    few = queries(lambda: client.get(f"/api/chats/{chat.pk}/"))
    for _ in range(5):
        member_add(chat=chat, actor=alice, user_id=people.user("more").pk)
    assert queries(lambda: client.get(f"/api/chats/{chat.pk}/")) == few


def test_owner_changes_title_and_history(group: Group, api: Api) -> None:
    url = f"/api/chats/{group.chat.pk}/"
    changed = api(group.alice).patch(url, {"title": "New", "history": "all"})
    assert (changed.status_code, changed.json()["title"], changed.json()["history"]) == (200, "New", "all")
    assert api(group.bob).patch(url, {"title": "Mine"}).status_code == 404
    assert api(group.alice).patch(url, {"history": "none"}).json()["field"] == "history"
    assert api(group.bob).get(url).json()["title"] == "New"


def test_owner_adds_promotes_and_removes(group: Group, api: Api) -> None:
    url = f"/api/chats/{group.chat.pk}/members/"
    added = api(group.alice).post(url, {"user_id": group.carol.pk})
    assert (added.status_code, added.json()["user_name"]) == (201, group.carol.username)
    assert api(group.alice).post(url, {"user_id": group.carol.pk}).status_code == 200
    carol = f"{url}{group.carol.pk}/"
    assert api(group.alice).patch(carol, {"role": "owner"}).json()["role"] == "owner"
    assert api(group.alice).patch(carol, {"role": "king"}).json()["field"] == "role"
    assert api(group.carol).delete(f"{url}{group.alice.pk}/").status_code == 204
    assert api(group.alice).get(f"/api/chats/{group.chat.pk}/").status_code == 404


# ── messages ────────────────────────────────────────────────────────────────────────────────


def test_message_object_has_the_keys_of_its_event(group: Group, say: Say, api: Api) -> None:
    path = upload(group.bob)
    first = say(group.chat, group.alice)
    body = {"content": " hi ", "attachment": path, "reply_to": first.pk, "ref": "r1"}
    made = api(group.bob).post(f"/api/chats/{group.chat.pk}/messages/", body)
    assert made.status_code == 201
    told = made.json()
    reaction_set(message=Message(pk=told["id"]), user=group.alice, emoji="👍", added=True)
    reaction_set(message=Message(pk=told["id"]), user=group.bob, emoji="👍", added=True)
    row, _ = api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert datetime.fromisoformat(row.pop("timestamp")).tzinfo is not None
    assert row == {
        "id": told["id"],
        "message_id": told["id"],
        "chat_id": group.chat.pk,
        "sender_id": group.bob.pk,
        "sender_name": group.bob.username,
        "content": "hi",
        "attachment": path,
        "reply_to": first.pk,
        "ref": "r1",
        "edited_at": None,
        "deleted": False,
        "reactions": {"👍": [group.alice.pk, group.bob.pk]},
    }


def test_message_by_rest_and_again_by_socket_with_one_ref_is_one(group: Group, api: Api) -> None:
    url = f"/api/chats/{group.chat.pk}/messages/"
    sent = api(group.bob).post(url, {"content": "hi", "ref": "r1"}).json()
    assert message_send(chat=group.chat, sender=group.bob, content="hi", ref="r1") == (sent["id"], True)
    again = api(group.bob).post(url, {"content": "hi", "ref": "r1"})
    assert (again.status_code, again.json()) == (200, sent | {"duplicate": True})
    assert api(group.bob).post(url, {"content": "other", "ref": "r1"}).status_code == 409
    Message.objects.get().delete()
    gone = api(group.bob).post(url, {"content": "hi", "ref": "r1"})
    assert (gone.status_code, gone.json()) == (
        200,
        {"id": sent["id"], "message_id": sent["id"], "duplicate": True},
    )


def test_pages_of_messages_do_not_drift_while_more_are_said(group: Group, say: Say, api: Api) -> None:
    said = [say(group.chat, group.alice, str(number)).pk for number in range(5)]
    client = api(group.bob)
    first = client.get(f"/api/chats/{group.chat.pk}/messages/?limit=2").json()
    say(group.chat, group.alice, "in between")
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    found = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert found == said[::-1]
    assert third["next"] is None


def test_query_count_of_the_message_list_does_not_grow(group: Group, say: Say, api: Api) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            for sender in (group.alice, group.bob):
                reaction_set(message=say(group.chat, sender), user=group.bob, emoji="👍", added=True)

    client, url = api(group.alice), f"/api/chats/{group.chat.pk}/messages/"
    add(1)
    few = queries(lambda: client.get(url))
    add(10)
    assert queries(lambda: client.get(url)) == few


@pytest.mark.parametrize("path", ["/api/chats/", "/api/chats/{}/messages/"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("before=x", "before"),
        ("before=-1", "before"),
        (f"before={10**30}", "before"),
    ],
)
def test_bad_query_parameters_are_refused(group: Group, api: Api, path: str, query: str, field: str) -> None:
    answer = api(group.alice).get(f"{path.format(group.chat.pk)}?{query}")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        field,
    )


def test_cursor_of_messages_is_where_their_rows_end(group: Group, say: Say, api: Api) -> None:
    say(group.chat, group.alice)
    cursor = parse(api(group.bob).get(f"/api/chats/{group.chat.pk}/messages/").json()["cursor"])
    assert cursor is not None
    later = say(group.chat, group.alice, "later")
    missed = log.after_cursor({f"chat.{group.chat.pk}": 0}, cursor, limit=10)
    assert [packet.type for packet in missed] == ["new_message"]
    assert f'"message_id":{later.pk}'.encode() in missed[0].body


def test_cursor_of_chats_misses_nothing_of_any_of_them(
    group: Group, people: People, say: Say, api: Api
) -> None:
    other = people.chat(group.alice, group.bob)
    cursor = parse(api(group.bob).get("/api/chats/").json()["cursor"])
    assert cursor is not None
    for chat in (group.chat, other):
        say(chat, group.alice)
    floors = dict.fromkeys([f"chat.{group.chat.pk}", f"chat.{other.pk}"], 0)
    assert [packet.type for packet in log.after_cursor(floors, cursor, limit=10)] == ["new_message"] * 2


def test_author_edits_and_deletes(group: Group, say: Say, api: Api) -> None:
    url = f"/api/messages/{say(group.chat, group.bob).pk}/"
    edited = api(group.bob).patch(url, {"content": "better"})
    assert (edited.status_code, edited.json()["content"]) == (200, "better")
    assert edited.json()["edited_at"] is not None
    assert api(group.bob).delete(url).status_code == 204
    [row] = api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert (row["deleted"], row["content"], row["attachment"], row["reactions"]) == (True, "", None, {})


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("", 400, "invalid_message"),
        (5.5, 201, ""),
        ([], 400, "invalid_message"),
        ("x" * 10_241, 413, "too_large"),
    ],
)
def test_content_is_judged_by_one_rule(group: Group, api: Api, content: Any, status: int, code: str) -> None:
    answer = api(group.bob).post(f"/api/chats/{group.chat.pk}/messages/", {"content": content})
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)
    assert answer.json().get("field", "content") == "content"


# ── rights ──────────────────────────────────────────────────────────────────────────────────

STRANGERS_TRIES = [
    ("get", "/api/chats/{chat}/", {}),
    ("patch", "/api/chats/{chat}/", {"title": "x"}),
    ("post", "/api/chats/{chat}/members/", {"user_id": 1}),
    ("patch", "/api/chats/{chat}/members/{bob}/", {"role": "owner"}),
    ("delete", "/api/chats/{chat}/members/{bob}/", {}),
    ("get", "/api/chats/{chat}/messages/", {}),
    ("post", "/api/chats/{chat}/messages/", {"content": "x"}),
    ("patch", "/api/messages/{message}/", {"content": "x"}),
    ("delete", "/api/messages/{message}/", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), STRANGERS_TRIES)
def test_strangers_get_the_same_404_whether_it_exists_or_not(
    group: Group, say: Say, api: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    message = say(group.chat, group.bob)
    real = {"chat": group.chat.pk, "bob": group.bob.pk, "message": message.pk}
    missing = [
        {"chat": wrong, "bob": group.bob.pk, "message": wrong} for wrong in (10**9, 10**30, "abc", "0")
    ]
    answers = [getattr(api(group.carol), method)(path.format(**names), body) for names in (real, *missing)]
    assert [answer.status_code for answer in answers] == [404] * 5
    told = answers[0].json()
    assert told["code"] in ("forbidden", "not_found")
    assert answers[1].json() == told  # well-formed, and there is none
    assert Message.objects.get().content == "hello"


@pytest.mark.parametrize(("method", "path", "body"), STRANGERS_TRIES)
def test_nobody_gets_401(group: Group, api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    url = path.format(chat=group.chat.pk, bob=group.bob.pk, message=1)
    assert getattr(api(None), method)(url, body).status_code == 401


def test_removed_member_reads_nothing_more(group: Group, say: Say, api: Api) -> None:
    say(group.chat, group.alice)
    member_remove(chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    assert api(group.bob).get(f"/api/chats/{group.chat.pk}/messages/").status_code == 404
    assert api(group.bob).get("/api/chats/").json()["results"] == []


def test_tombstone_is_gone_for_its_author_too(group: Group, say: Say, api: Api) -> None:
    message = say(group.chat, group.bob)
    message_tombstone(message=message)
    answer = api(group.bob).patch(f"/api/messages/{message.pk}/", {"content": "back"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api(group.bob).delete(f"/api/messages/{message.pk}/").status_code == 204


def test_openapi_passes_its_own_validator(tmp_path: Any) -> None:
    target = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(target))
    assert "/api/chats/{chat_id}/messages/" in target.read_text()
