"""What the locks of chat hold back, and what they let pass, while a transaction stays open (PostgreSQL)."""

from __future__ import annotations

import pytest
from django.db import transaction

from chat.models import Membership
from chat.services import (
    member_add,
    member_remove,
    message_edit,
    message_send,
    message_tombstone,
    reaction_set,
    read_mark,
)
from tests.chat.conftest import Group, Say
from tests.harness.races import waits

pytestmark = pytest.mark.usefixtures("postgres_database")  # SQLite has one writer at a time


def test_removal_waits_for_a_message_under_way_and_nobody_else_does(group: Group, say: Say) -> None:
    before = say(group.chat, group.alice)
    with transaction.atomic():
        message_send(chat=group.chat, sender=group.bob, content="under way")
        assert not waits(message_send, chat=group.chat, sender=group.alice, content="hi")
        assert not waits(message_send, chat=group.chat, sender=group.bob, content="from my phone")
        assert not waits(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
        assert not waits(read_mark, chat=group.chat, user=group.alice, message_id=before.pk)
        assert waits(member_remove, chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    assert not waits(member_remove, chat=group.chat, actor=group.alice, user_id=group.bob.pk)


def test_membership_deleted_in_the_admin_waits_too(group: Group) -> None:
    row = Membership.objects.get(chat=group.chat, user=group.bob)
    with transaction.atomic():
        message_send(chat=group.chat, sender=group.bob, content="under way")
        assert waits(row.delete)


def test_reaction_and_tombstone_of_one_message_do_not_pass_each_other(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    with transaction.atomic():
        reaction_set(message=message, user=group.alice, emoji="👍", added=True)
        assert not waits(reaction_set, message=message, user=group.bob, emoji="👎", added=True)
        assert waits(message_tombstone, message=message)
    with transaction.atomic():
        message_tombstone(message=message)
        assert waits(reaction_set, message=message, user=group.bob, emoji="🎉", added=True)
        assert waits(message_edit, message=message, user=group.bob, content="late")


def test_members_of_a_chat_change_one_at_a_time(group: Group, say: Say) -> None:
    with transaction.atomic():
        member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
        assert waits(member_remove, chat=group.chat, actor=group.bob, user_id=group.bob.pk)
        assert not waits(say, chat=group.chat, sender=group.bob)
