"""What a block means for chat: two who do not see each other start nothing together, and go on in groups."""

from __future__ import annotations

import pytest

from chat.models import Chat, Message
from chat.services import (
    chat_create,
    member_add,
    message_delete,
    message_edit,
    message_send,
    reaction_set,
)
from connections.services import block_add, block_remove
from realtime.errors import Forbidden, InvalidMessage
from tests.connections.conftest import Three
from tests.harness.people import People

pytestmark = pytest.mark.usefixtures("database")


def test_hidden_people_cannot_be_put_in_a_chat_and_look_missing(three: Three, people: People) -> None:
    block_add(user=three.bob, user_id=three.alice.pk)
    group = people.chat(three.alice)
    refusals = set()
    for key in (three.bob.pk, 2**63 - 1):
        for kind in ("group", "direct"):
            with pytest.raises(InvalidMessage) as refused:
                chat_create(creator=three.alice, member_ids=[key], kind=kind)
            refusals.add(refused.value.message.replace(str(key), ""))
        with pytest.raises(InvalidMessage) as refused:
            member_add(chat=group, actor=three.alice, user_id=key)
        refusals.add(refused.value.message.replace(str(key), ""))
    assert len(refusals) == 1
    assert Chat.objects.count() == 1


def test_direct_chat_is_read_only_until_the_block_ends(three: Three, people: People) -> None:
    chat = people.direct(three.alice, three.bob)
    key, _ = message_send(chat=chat, sender=three.bob, content="hello")
    message = Message.objects.get(pk=key)
    block_add(user=three.alice, user_id=three.bob.pk)
    for user in (three.alice, three.bob):
        with pytest.raises(Forbidden):
            message_send(chat=chat, sender=user, content="more")
        for added in (True, False):
            with pytest.raises(Forbidden):
                reaction_set(message=message, user=user, emoji="👍", added=added)
    with pytest.raises(Forbidden):
        message_edit(message=message, user=three.bob, content="else")
    block_remove(user=three.alice, user_id=three.bob.pk)
    message_edit(message=message, user=three.bob, content="else")
    block_add(user=three.bob, user_id=three.alice.pk)
    message_delete(message=message, user=three.bob)  # taking back stays possible


def test_shared_group_goes_on(three: Three, people: People) -> None:
    group = people.chat(*three)
    block_add(user=three.alice, user_id=three.bob.pk)
    key, _ = message_send(chat=group, sender=three.bob, content="hello all")
    reaction_set(message=Message.objects.get(pk=key), user=three.alice, emoji="👍", added=True)
