from __future__ import annotations

from typing import Any

import pytest

from chat.models import Chat
from chat.services import member_add, reaction_set
from tests.chat.conftest import Api, Group, Say
from tests.chat.rest import assert_refused, queries
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


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


BAD_CHATS: list[tuple[dict[str, Any], str]] = [
    ({"member_ids": "all"}, "member_ids"),
    ({"member_ids": [{}]}, "member_ids"),
    ({"member_ids": [1.5]}, "member_ids"),
    ({"member_ids": [10**30]}, "member_ids"),
    ({"kind": "party"}, "kind"),
    ({"history": 5}, "history"),
    ({"title": "a\x00b"}, "title"),
    ({"title": []}, "title"),
    ({"ref": "x" * 65}, "ref"),
    ({"ref": ""}, "ref"),
]


def test_bad_bodies_name_the_field_and_store_nothing(
    people: People, api: Api, subtests: pytest.Subtests
) -> None:
    client = api(people.user("alice"))
    for body, field in BAD_CHATS:
        with subtests.test(body=body):
            assert_refused(client.post("/api/chats/", body), field)
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
