from __future__ import annotations

from typing import Any

import pytest

from chat import selectors
from chat.models import Chat, Membership, Message
from chat.services import (
    member_add,
    member_remove,
    message_delete,
    message_edit,
    message_tombstone,
    read_mark,
)
from realtime.errors import Forbidden, NotFound
from realtime.rest import NO_ID, parse_id
from tests.chat.conftest import Group, Say
from tests.chat.test_messages import upload
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


def unread(group: Group, user: Any) -> int:
    return selectors.unread_count(user=user, chat_id=group.chat.pk)


def test_what_is_no_id_is_looked_for_like_what_is_missing() -> None:
    for text in ("", "0", "-1", "abc", "1 ", "01", "1.0", "\u0661", "1\n", "9223372036854775808", "1" * 30):
        assert parse_id(text) == NO_ID
    assert parse_id("9223372036854775807") == 2**63 - 1


def test_unread_counts_others_visible_undeleted_messages_after_the_mark(group: Group, say: Say) -> None:
    assert unread(group, group.bob) == 0
    said = [say(group.chat, group.alice) for _ in range(4)]
    say(group.chat, group.bob, "my own")
    assert unread(group, group.bob) == 4
    assert unread(group, group.alice) == 1
    read_mark(chat=group.chat, user=group.bob, message_id=said[0].pk)
    assert unread(group, group.bob) == 3
    message_tombstone(message=said[1])
    said[2].delete()
    message_edit(message=said[3], user=group.alice, content="edited, and still one")
    assert unread(group, group.bob) == 1
    assert unread(group, group.carol) == 0


def test_unread_starts_at_joining_unless_the_chat_shows_everything(group: Group, say: Say) -> None:
    for _ in range(3):
        say(group.chat, group.alice)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    assert unread(group, group.carol) == 0
    say(group.chat, group.alice)
    assert unread(group, group.carol) == 1
    Chat.objects.update(history="all")
    assert unread(group, group.carol) == 4


def test_newcomer_sees_what_was_said_since_joining_unless_the_chat_shows_everything(
    group: Group, say: Say
) -> None:
    before = say(group.chat, group.alice, "before")
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    after = say(group.chat, group.alice, "after")

    def seen() -> set[int]:
        membership = selectors.membership_get(user=group.carol, chat_id=group.chat.pk)
        page = selectors.messages_page(membership=membership, before=None, limit=10)
        visible = set(selectors.messages_visible(user=group.carol).values_list("pk", flat=True))
        assert {message.pk for message in page} == visible
        return visible

    assert seen() == {after.pk}
    with pytest.raises(NotFound):
        selectors.message_get(user=group.carol, message_id=before.pk)
    Chat.objects.update(history="all")
    assert seen() == {before.pk, after.pk}


def test_nobody_sees_anything_of_a_chat_they_left(group: Group, say: Say) -> None:
    say(group.chat, group.bob)
    member_remove(chat=group.chat, actor=group.bob, user_id=group.bob.pk)
    assert not selectors.messages_visible(user=group.bob).exists()
    assert selectors.chat_entries(user=group.bob) == []
    with pytest.raises(Forbidden):
        selectors.membership_get(user=group.bob, chat_id=group.chat.pk)


def test_chats_come_with_the_newest_message_first(group: Group, people: People, say: Say) -> None:
    silent = people.chat(group.alice)
    direct = people.direct(group.alice, group.carol)
    say(direct, group.carol, "psst")
    last = say(group.chat, group.bob, "plans?")
    message_delete(message=last, user=group.bob)
    first, second, third = selectors.chat_entries(user=group.alice)
    assert [entry.membership.chat_id for entry in (first, second, third)] == [
        group.chat.pk,
        direct.pk,
        silent.pk,
    ]
    assert first.last_message == last
    assert (second.unread_count, second.peer and second.peer.user) == (1, group.carol)
    assert (third.last_message, third.peer) == (None, None)


def test_last_message_is_one_that_the_member_sees(group: Group, say: Say) -> None:
    say(group.chat, group.alice)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    [entry] = selectors.chat_entries(user=group.carol)
    assert entry.last_message is None


def test_attachment_is_readable_by_who_sees_a_message_with_it(group: Group, say: Say) -> None:
    path = upload(group.bob)
    assert not selectors.attachment_readable(user=group.alice, path=path)
    message = say(group.chat, group.bob, attachment=path)
    assert selectors.attachment_readable(user=group.alice, path=path)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    assert not selectors.attachment_readable(user=group.carol, path=path)
    message_delete(message=message, user=group.bob)
    assert not selectors.attachment_readable(user=group.alice, path=path)


def test_unread_counts_agree_with_counting_one_by_one(people: People, say: Say) -> None:
    """The one query of the list against the definition, over chats of both kinds of history."""
    alice, bob, carol = people.users("alice", "bob", "carol")
    chats = [people.chat(alice, bob, history=history) for history in ("joined", "all")]
    for number, chat in enumerate(chats * 3):
        said = [say(chat, sender) for sender in (alice, bob, alice)]
        read_mark(chat=chat, user=bob, message_id=said[number % 3].pk)
        message_tombstone(message=said[(number + 1) % 3])
        member_add(chat=chat, actor=alice, user_id=carol.pk)
    for user in (alice, bob, carol):
        for entry in selectors.chat_entries(user=user):
            row = Membership.objects.select_related("chat").get(pk=entry.membership.pk)
            counted = [
                message
                for message in Message.objects.filter(chat=row.chat)
                if message.pk > max(row.last_read_message_id, row.visible_after)
                and message.sender_id != user.pk
                and not message.is_deleted
            ]
            assert entry.unread_count == len(counted)
