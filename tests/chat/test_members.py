from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chat.models import Chat, Membership
from chat.services import chat_create, member_add, member_remove, member_role, message_send, read_mark
from realtime import log
from realtime.errors import Conflict, Forbidden, InvalidMessage, NotFound
from realtime.testing import captured_events
from tests.chat.conftest import Group, Say
from tests.chat.test_chats import roles
from tests.harness.people import People
from tests.harness.races import at_once, race

pytestmark = pytest.mark.usefixtures("database")


def test_only_an_owner_adds_members(group: Group) -> None:
    for actor in (group.bob, group.carol):
        with pytest.raises(Forbidden):
            member_add(chat=group.chat, actor=actor, user_id=group.carol.pk)
    assert group.carol.pk not in roles(group.chat.pk)
    member_add(chat=group.chat, actor=group.alice, user_id=str(group.carol.pk))
    assert roles(group.chat.pk)[group.carol.pk] == "member"


def test_adding_a_member_again_changes_nothing(group: Group) -> None:
    first, duplicate = member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    assert not duplicate
    assert member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk) == (first, True)


def test_ref_does_not_add_again_whoever_was_removed_since(group: Group) -> None:
    wanted: dict[str, Any] = {"chat": group.chat, "actor": group.alice, "ref": "add"}
    first, _ = member_add(user_id=group.carol.pk, **wanted)
    member_remove(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    assert member_add(user_id=group.carol.pk, **wanted) == (first, True)
    assert group.carol.pk not in roles(group.chat.pk)
    with pytest.raises(Conflict):
        member_add(user_id=group.bob.pk, **wanted)


def test_adding_nobody_is_refused(group: Group) -> None:
    for bad in ("abc", 10**30, 0, False):
        with pytest.raises(InvalidMessage):
            member_add(chat=group.chat, actor=group.alice, user_id=bad)


def test_members_leave_by_themselves_and_owners_remove(group: Group) -> None:
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    with pytest.raises(Forbidden):
        member_remove(chat=group.chat, actor=group.bob, user_id=group.carol.pk)
    with pytest.raises(Forbidden):
        member_remove(chat=group.chat, actor=group.bob, user_id=group.alice.pk)
    member_remove(chat=group.chat, actor=group.bob, user_id=group.bob.pk)
    member_remove(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    assert roles(group.chat.pk) == {group.alice.pk: "owner"}


def test_stranger_learns_nothing_by_removing(group: Group) -> None:
    for user in (group.alice, group.carol):
        with pytest.raises(Forbidden):
            member_remove(chat=group.chat, actor=group.carol, user_id=user.pk)
    with pytest.raises(Forbidden):
        member_remove(chat=Chat(pk=10**9), actor=group.carol, user_id=group.carol.pk)


def test_removing_one_who_is_not_there_is_not_found(group: Group) -> None:
    with pytest.raises(NotFound):
        member_remove(chat=group.chat, actor=group.alice, user_id=group.carol.pk)


def test_last_owner_hands_over_to_the_longest_standing_member(group: Group) -> None:
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    with captured_events() as events:
        member_remove(chat=group.chat, actor=group.alice, user_id=group.alice.pk)
    assert roles(group.chat.pk) == {group.bob.pk: "owner", group.carol.pk: "member"}
    assert [event.type for event in events] == ["member_role", "member_left", "chat_removed"]
    assert str(events[1].revokes()) == str(group.alice.pk)


def test_owner_who_leaves_another_owner_hands_nothing_over(group: Group) -> None:
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    member_role(chat=group.chat, actor=group.alice, user_id=group.carol.pk, role="owner")
    member_remove(chat=group.chat, actor=group.alice, user_id=group.alice.pk)
    assert roles(group.chat.pk) == {group.bob.pk: "member", group.carol.pk: "owner"}


def test_last_member_leaves_an_empty_chat(group: Group) -> None:
    for user in (group.alice, group.bob):
        member_remove(chat=group.chat, actor=user, user_id=user.pk)
    assert roles(group.chat.pk) == {}


def test_chat_keeps_an_owner(group: Group) -> None:
    with pytest.raises(Conflict):
        member_role(chat=group.chat, actor=group.alice, user_id=group.alice.pk, role="member")
    member_role(chat=group.chat, actor=group.alice, user_id=group.bob.pk, role="owner")
    member_role(chat=group.chat, actor=group.bob, user_id=group.alice.pk, role="member")
    assert roles(group.chat.pk) == {group.alice.pk: "member", group.bob.pk: "owner"}
    with pytest.raises(Forbidden):
        member_role(chat=group.chat, actor=group.alice, user_id=group.alice.pk, role="owner")


def test_owners_who_leave_at_once_leave_an_owner_behind(people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.chat(alice, bob, carol)
    member_role(chat=chat, actor=alice, user_id=bob.pk, role="owner")
    leave = [partial(member_remove, chat=chat, actor=owner, user_id=owner.pk) for owner in (alice, bob)]
    assert race(*leave) == ["done", "done"]
    assert roles(chat.pk) == {carol.pk: "owner"}


def test_members_added_at_once_do_not_pass_the_limit(people: People, settings: Any) -> None:
    settings.KITH_CHAT_MEMBERS = 3
    alice, *others = people.users("alice", "bob", "carol", "dave", "erin")
    chat = people.chat(alice)
    added = race(*[partial(member_add, chat=chat, actor=alice, user_id=user.pk) for user in others])
    assert sorted(added) == ["done", "done", "too_large", "too_large"]
    assert Membership.objects.filter(chat=chat).count() == 3


def test_removal_while_sending_comes_wholly_before_or_after(group: Group) -> None:
    """The log must not hold a message of Bob's after the event that took him out."""

    def send() -> None:
        for number in range(20):
            try:
                message_send(chat=group.chat, sender=group.bob, content=f"{number}")
            except Forbidden:
                return

    def remove() -> None:
        member_remove(chat=group.chat, actor=group.alice, user_id=group.bob.pk)

    at_once(send, remove)
    told = [row.type for row in log.after_seq({f"chat.{group.chat.pk}": 0}, limit=100)]
    assert told[-1] == "member_left"


def test_members_of_a_direct_chat_do_not_change(people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.direct(alice, bob)
    with pytest.raises(Conflict):
        member_add(chat=chat, actor=alice, user_id=carol.pk)
    with pytest.raises(Conflict):
        member_remove(chat=chat, actor=alice, user_id=alice.pk)
    with pytest.raises(Conflict):
        member_role(chat=chat, actor=alice, user_id=bob.pk, role="owner")
    with pytest.raises(Forbidden):
        member_add(chat=chat, actor=carol, user_id=carol.pk)


def test_coming_back_starts_anew(group: Group, say: Say) -> None:
    read = say(group.chat, group.alice)
    read_mark(chat=group.chat, user=group.bob, message_id=read.pk)
    member_remove(chat=group.chat, actor=group.bob, user_id=group.bob.pk)
    missed = say(group.chat, group.alice)
    member_add(chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    back = Membership.objects.get(chat=group.chat, user=group.bob)
    assert (back.last_read_message_id, back.joined_after) == (0, missed.pk)


def test_read_mark_only_moves_forward_and_tells_each_step_once(group: Group, say: Say) -> None:
    first, second = say(group.chat, group.alice), say(group.chat, group.alice)
    with captured_events() as events:
        for message in (second, first, second):
            read_mark(chat=group.chat, user=group.bob, message_id=message.pk)
    assert Membership.objects.get(chat=group.chat, user=group.bob).last_read_message_id == second.pk
    assert [event.frame("c") for event in events] == [
        {"type": "read", "channel": "c", "user_id": group.bob.pk, "message_id": second.pk}
    ]


def test_read_mark_needs_a_message_of_this_chat_that_one_sees(group: Group, people: People, say: Say) -> None:
    before = say(group.chat, group.alice)
    elsewhere = say(people.chat(group.bob), group.bob)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    for user, message_id in ((group.bob, elsewhere.pk), (group.carol, before.pk), (group.bob, 2**63 - 1)):
        with pytest.raises(NotFound):
            read_mark(chat=group.chat, user=user, message_id=message_id)


def test_member_saved_by_any_code_is_announced_and_sees_from_there_on(group: Group, say: Say) -> None:
    last = say(group.chat, group.alice)
    with captured_events() as events:
        row = Membership.objects.create(chat=group.chat, user=group.carol)
        row.role = "owner"
        row.save()
        row.delete()
    assert row.joined_after == last.pk
    types = ["member_joined", "chat_added", "member_role", "member_left", "chat_removed"]
    assert [event.type for event in events] == types
    assert str(events[0].grants()) == str(events[3].revokes()) == str(group.carol.pk)


def test_chat_of_a_thousand_members_is_made_with_few_queries_each(
    people: People, django_assert_max_num_queries: Any
) -> None:
    alice = people.user("alice")
    others = [people.user("member") for _ in range(20)]
    with django_assert_max_num_queries(12 * len(others) + 20):
        chat_create(creator=alice, member_ids=[user.pk for user in others])
