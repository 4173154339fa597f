from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from chat.models import Chat, Membership
from chat.services import chat_create, chat_update, member_add
from realtime.errors import Conflict, Forbidden, InvalidMessage, TooLarge
from realtime.testing import captured_events
from tests.chat.conftest import Group
from tests.harness.people import People
from tests.harness.races import at_once

pytestmark = pytest.mark.usefixtures("database")


def roles(chat_id: int) -> dict[Any, str]:
    return dict(Membership.objects.filter(chat=chat_id).values_list("user_id", "role"))


def test_creator_owns_a_group_and_the_others_are_members(people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat_id, duplicate = chat_create(creator=alice, member_ids=[bob.pk, str(carol.pk), bob.pk, alice.pk])
    assert not duplicate
    assert roles(chat_id) == {alice.pk: "owner", bob.pk: "member", carol.pk: "member"}


def test_group_is_announced_to_its_topic_and_to_each_member(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    with captured_events() as events:
        chat_create(creator=alice, member_ids=[bob.pk], title="Trip")
    told = [
        (event.type, event.topic().name.split(".")[0], getattr(event, "user_id", None)) for event in events
    ]
    assert told == [
        ("member_joined", "chat", alice.pk),
        ("chat_added", "user", alice.pk),
        ("member_joined", "chat", bob.pk),
        ("chat_added", "user", bob.pk),
    ]


def test_direct_chat_has_two_members_no_owner_and_shows_everything(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat_id, _ = chat_create(creator=alice, member_ids=[bob.pk], kind="direct", title="ignored")
    chat = Chat.objects.get(pk=chat_id)
    assert (chat.title, chat.history) == ("", "all")
    assert roles(chat_id) == {alice.pk: "member", bob.pk: "member"}


def test_same_pair_has_one_direct_chat_whoever_starts_it(people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    first, duplicate = chat_create(creator=alice, member_ids=[bob.pk], kind="direct")
    assert not duplicate
    assert chat_create(creator=bob, member_ids=[alice.pk], kind="direct", ref="r") == (first, True)
    other, duplicate = chat_create(creator=alice, member_ids=[carol.pk], kind="direct")
    assert other != first
    assert not duplicate


def test_pair_that_starts_its_direct_chat_at_once_gets_one(people: People) -> None:
    alice, bob = people.users("alice", "bob")

    def start(one: Any, other: Any) -> int:
        return chat_create(creator=one, member_ids=[other.pk], kind="direct")[0]

    found = at_once(*[lambda: start(alice, bob), lambda: start(bob, alice)] * 3)
    assert len(set(found)) == 1
    assert roles(found[0]) == {alice.pk: "member", bob.pk: "member"}


def test_direct_chat_is_of_exactly_two(people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    for others in ([], [alice.pk], [bob.pk, carol.pk]):
        with pytest.raises(InvalidMessage) as refused:
            chat_create(creator=alice, member_ids=others, kind="direct")
        assert refused.value.field == "member_ids"
    assert not Chat.objects.exists()


def test_same_ref_creates_one_chat_and_other_content_is_a_conflict(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    wanted: dict[str, Any] = {"creator": alice, "member_ids": [bob.pk], "ref": "r1"}
    first, _ = chat_create(title="One", **wanted)
    assert chat_create(title=" One ", **wanted) == (first, True)
    with pytest.raises(Conflict):
        chat_create(title="Two", **wanted)
    assert Chat.objects.count() == 1


def test_members_who_do_not_exist_are_refused_and_nothing_is_stored(people: People) -> None:
    alice = people.user("alice")
    keys: list[Any] = ["abc", 10**30, -1, True, None, [], "", 2**63 - 1]
    for bad in keys:
        with pytest.raises(InvalidMessage) as refused:
            chat_create(creator=alice, member_ids=[bad])
        assert refused.value.field == "member_ids"
    assert not Chat.objects.exists()


def test_inactive_users_cannot_be_added(group: Group, people: People) -> None:
    gone = people.user("gone", is_active=False)
    with pytest.raises(InvalidMessage):
        chat_create(creator=group.alice, member_ids=[gone.pk])
    with pytest.raises(InvalidMessage):
        member_add(chat=group.chat, actor=group.alice, user_id=gone.pk)


def test_member_limit_holds_at_creation_and_at_adding(people: People, settings: Any) -> None:
    settings.KITH_CHAT_MEMBERS = 2
    alice, bob, carol = people.users("alice", "bob", "carol")
    with pytest.raises(TooLarge):
        chat_create(creator=alice, member_ids=[bob.pk, carol.pk])
    chat_id, _ = chat_create(creator=alice, member_ids=[bob.pk])
    with pytest.raises(TooLarge):
        member_add(chat=Chat(pk=chat_id), actor=alice, user_id=carol.pk)


def test_title_is_one_clean_line(group: Group) -> None:
    chat = chat_update(chat=group.chat, actor=group.alice, title="  Sum\x07mer\n trip ")
    assert chat.title == "Summer trip"
    assert chat_update(chat=group.chat, actor=group.alice, title="").title == ""
    with pytest.raises(TooLarge):
        chat_update(chat=group.chat, actor=group.alice, title="x" * 201)
    with pytest.raises(InvalidMessage):
        chat_update(chat=group.chat, actor=group.alice, title="a\x00b")


def test_only_an_owner_changes_a_chat(group: Group) -> None:
    for actor in (group.bob, group.carol):
        with pytest.raises(Forbidden):
            chat_update(chat=group.chat, actor=actor, title="Mine")
    with captured_events() as events:
        chat_update(chat=group.chat, actor=group.alice, history="all")
        chat_update(chat=group.chat, actor=group.alice, history="all")
    [told] = events
    frame = told.frame("messages/1")
    assert (frame["type"], frame["title"], frame["history"]) == ("chat_updated", "Plans", "all")


def test_direct_chat_cannot_be_changed(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    with pytest.raises(Conflict):
        chat_update(chat=people.direct(alice, bob), actor=alice, title="Us")


def test_database_refuses_a_chat_that_makes_no_sense() -> None:
    for wrong in (
        {"kind": "party"},
        {"history": "some"},
        {"kind": "direct", "history": "all"},
        {"direct_key": "1:2"},
        {"kind": "direct", "direct_key": "1:2", "history": "joined"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Chat.objects.create(**wrong)
