from __future__ import annotations

from datetime import datetime

import pytest

from chat.models import Message
from chat.services import message_send, reaction_set
from realtime import log
from realtime.cursors import parse
from tests.chat.conftest import Api, Group, Say
from tests.chat.rest import assert_refused, queries
from tests.chat.test_messages import upload
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


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


BAD_QUERIES = ("limit=0", "limit=201", "limit=x", "before=x", "before=-1", f"before={10**30}")


def test_bad_query_parameters_are_refused(group: Group, api: Api, subtests: pytest.Subtests) -> None:
    for path in ("/api/chats/", f"/api/chats/{group.chat.pk}/messages/"):
        for query in BAD_QUERIES:
            with subtests.test(path=path, query=query):
                assert_refused(api(group.alice).get(f"{path}?{query}"), query.partition("=")[0])


def test_cursor_of_messages_is_where_their_rows_end(group: Group, say: Say, api: Api) -> None:
    say(group.chat, group.alice)
    cursor = parse(api(group.bob).get(f"/api/chats/{group.chat.pk}/messages/").json()["cursor"])
    assert cursor is not None
    later = say(group.chat, group.alice, "later")
    spans = {f"chat.{group.chat.pk}": log.Span(0)}
    missed = log.page(log.missed(spans, cursor), limit=10)
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
    spans = dict.fromkeys([f"chat.{group.chat.pk}", f"chat.{other.pk}"], log.Span(0))
    missed = log.page(log.missed(spans, cursor), limit=10)
    assert [packet.type for packet in missed] == ["new_message"] * 2


def test_author_edits_and_deletes(group: Group, say: Say, api: Api) -> None:
    url = f"/api/messages/{say(group.chat, group.bob).pk}/"
    edited = api(group.bob).patch(url, {"content": "better"})
    assert (edited.status_code, edited.json()["content"]) == (200, "better")
    assert edited.json()["edited_at"] is not None
    assert api(group.bob).delete(url).status_code == 204
    [row] = api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert (row["deleted"], row["content"], row["attachment"], row["reactions"]) == (True, "", None, {})


def test_content_is_judged_by_one_rule(group: Group, api: Api) -> None:
    client, url = api(group.bob), f"/api/chats/{group.chat.pk}/messages/"
    assert_refused(client.post(url, {"content": " "}), "content")
    assert_refused(client.post(url, {"content": []}), "content")
    assert_refused(client.post(url, {}), "content")
    too_large = client.post(url, {"content": "x" * 10_241})
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    assert not Message.objects.exists()
