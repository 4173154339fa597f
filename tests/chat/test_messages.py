from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from chat.models import Message, Reaction
from chat.services import (
    member_add,
    member_remove,
    message_delete,
    message_edit,
    message_send,
    message_tombstone,
    reaction_set,
)
from realtime import log
from realtime.errors import Conflict, Forbidden, InvalidMessage, NotFound, TooLarge
from realtime.models import LoggedEvent
from realtime.testing import captured_events
from tests.chat.conftest import Group, Say
from tests.harness.people import People
from uploads.services import upload_create

pytestmark = pytest.mark.usefixtures("database")


def upload(owner: Any) -> str:
    stored, _ = upload_create(owner=owner, file=ContentFile(b"some plain text", name="a.txt"))
    return stored.attachment


def frames(chat_id: int) -> list[dict[str, Any]]:
    """What the log holds of a chat."""
    return [json.loads(row.body) for row in log.after_seq({f"chat.{chat_id}": 0}, limit=1000)]


# ── sending ─────────────────────────────────────────────────────────────────────────────────


def test_sent_message_is_stored_clean_and_told_with_its_ref(group: Group) -> None:
    attachment = upload(group.bob)
    first, _ = message_send(chat=group.chat, sender=group.alice, content="first")
    sent, duplicate = message_send(
        chat=group.chat,
        sender=group.bob,
        content="  <b>hi</b>\x07\n ",
        attachment=attachment,
        reply_to=first,
        ref="r1",
    )
    assert not duplicate
    told = frames(group.chat.pk)[-1]
    assert told.pop("timestamp")
    assert told == {
        "type": "new_message",
        "channel": f"messages/{group.chat.pk}",
        "message_id": sent,
        "sender_id": group.bob.pk,
        "sender_name": group.bob.username,
        "content": "<b>hi</b>",
        "attachment": attachment,
        "reply_to": first,
        "ref": "r1",
    }


def test_message_saved_by_any_code_is_told(group: Group) -> None:
    made = Message.objects.create(chat=group.chat, sender=group.bob, content="from the shell")
    told = frames(group.chat.pk)[-1]
    assert (told["type"], told["message_id"], told["ref"]) == ("new_message", made.pk, None)


def test_same_ref_sends_once_and_still_answers_after_deletion(group: Group) -> None:
    wanted: dict[str, Any] = {"chat": group.chat, "sender": group.bob, "ref": "r1"}
    sent, _ = message_send(content="hi", **wanted)
    assert message_send(content=" hi ", **wanted) == (sent, True)
    with pytest.raises(Conflict):
        message_send(content="hi", reply_to=sent, **wanted)
    message_delete(message=Message(pk=sent), user=group.bob)
    assert message_send(content="hi", **wanted) == (sent, True)
    Message.objects.get(pk=sent).delete()
    assert message_send(content="hi", **wanted) == (sent, True)
    assert not Message.objects.exists()


def test_repeated_reply_is_answered_though_its_target_is_gone(group: Group, say: Say) -> None:
    target = say(group.chat, group.alice)
    wanted: dict[str, Any] = {"content": "yes", "reply_to": target.pk, "ref": "r1"}
    sent, _ = message_send(chat=group.chat, sender=group.bob, **wanted)
    target.delete()
    assert message_send(chat=group.chat, sender=group.bob, **wanted) == (sent, True)


def test_refs_of_others_and_of_other_chats_are_their_own(group: Group, people: People) -> None:
    other = people.chat(group.bob, group.alice)
    sent = {
        message_send(chat=chat, sender=sender, content="hi", ref="r1")
        for chat, sender in ((group.chat, group.alice), (group.chat, group.bob), (other, group.bob))
    }
    assert len(sent) == 3
    assert not any(duplicate for _, duplicate in sent)


def test_only_members_send(group: Group) -> None:
    with pytest.raises(Forbidden):
        message_send(chat=group.chat, sender=group.carol, content="let me in")
    member_remove(chat=group.chat, actor=group.bob, user_id=group.bob.pk)
    with pytest.raises(Forbidden):
        message_send(chat=group.chat, sender=group.bob, content="one more thing")
    assert not Message.objects.exists()


def test_unfit_content_is_refused_and_not_stored(group: Group) -> None:
    for content in ("", " \n\t", "a\x00b", "\ud800"):
        with pytest.raises(InvalidMessage):
            message_send(chat=group.chat, sender=group.bob, content=content)
    for content in ("x" * 10_241, "é" * 5_121):
        with pytest.raises(TooLarge):
            message_send(chat=group.chat, sender=group.bob, content=content)
    assert not Message.objects.exists()


def test_attachment_must_be_the_senders_own_upload(group: Group) -> None:
    for path in (upload(group.alice), "/upload/files/none.png", "/etc/passwd", "https://example.org/a.png"):
        with pytest.raises(InvalidMessage) as refused:
            message_send(chat=group.chat, sender=group.bob, content="look", attachment=path)
        assert refused.value.field == "attachment"


def test_reply_is_to_a_message_that_one_sees_in_this_chat(group: Group, people: People, say: Say) -> None:
    before = say(group.chat, group.alice)
    elsewhere = say(people.chat(group.carol), group.carol)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    for target in (before.pk, elsewhere.pk, 2**63 - 1):
        with pytest.raises(InvalidMessage) as refused:
            message_send(chat=group.chat, sender=group.carol, content="yes", reply_to=target)
        assert refused.value.field == "reply_to"


# ── editing and deleting ────────────────────────────────────────────────────────────────────


def test_author_edits_and_the_log_forgets_what_it_said(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob, "secret")
    edited = message_edit(message=message, user=group.bob, content="public")
    assert edited.edited_at is not None
    told = frames(group.chat.pk)
    assert (told[-1]["type"], told[-1]["message_id"]) == ("message_edited", message.pk)
    assert [frame["content"] for frame in told if "content" in frame] == ["public", "public"]


def test_edit_without_a_change_tells_nothing(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob, "same")
    with captured_events() as events:
        assert message_edit(message=message, user=group.bob, content=" same ").edited_at is None
    assert events == []


def test_only_the_author_edits(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    with pytest.raises(Forbidden):
        message_edit(message=message, user=group.alice, content="mine")
    with pytest.raises(NotFound):
        message_edit(message=message, user=group.carol, content="mine")
    member_remove(chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    with pytest.raises(NotFound):
        message_edit(message=message, user=group.bob, content="mine")
    assert Message.objects.get().content == "hello"


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_author_and_owner_delete_and_a_tombstone_says_nothing(group: Group, say: Say, who: str) -> None:
    message = say(group.chat, group.bob, "secret", attachment=upload(group.bob))
    reaction_set(message=message, user=group.alice, emoji="👍", added=True)
    with captured_events() as events:
        message_delete(message=message, user=getattr(group, who))
        message_delete(message=message, user=getattr(group, who))
    assert [event.type for event in events] == ["message_deleted"]
    left = Message.objects.get()
    assert (left.content, left.attachment, left.is_deleted) == ("", "", True)
    assert not Reaction.objects.exists()
    bodies = "".join(LoggedEvent.objects.values_list("body", flat=True))
    assert "secret" not in bodies
    assert "/upload/" not in bodies


def test_others_do_not_delete(group: Group, say: Say) -> None:
    message = say(group.chat, group.alice)
    with pytest.raises(Forbidden):
        message_delete(message=message, user=group.bob)
    with pytest.raises(NotFound):
        message_delete(message=message, user=group.carol)
    assert not Message.objects.get().is_deleted


def test_tombstone_is_neither_edited_nor_reacted_to(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    message_tombstone(message=message)
    with pytest.raises(NotFound):
        message_edit(message=message, user=group.bob, content="back")
    with pytest.raises(NotFound):
        reaction_set(message=message, user=group.bob, emoji="👍", added=True)


def test_row_deleted_by_any_code_is_told_and_forgotten(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob, "secret")
    reply = say(group.chat, group.alice, "why?", reply_to=message.pk)
    Message.objects.filter(pk=message.pk).delete()
    told = frames(group.chat.pk)
    assert (told[-1]["type"], told[-1]["message_id"]) == ("message_deleted", message.pk)
    assert "secret" not in json.dumps(told)
    reply.refresh_from_db()
    assert reply.reply_to_id is None


def test_deleting_a_user_leaves_nothing_of_what_they_said(group: Group, say: Say) -> None:
    say(group.chat, group.bob, "secret")
    group.bob.delete()
    assert "secret" not in "".join(LoggedEvent.objects.values_list("body", flat=True))
    assert not Message.objects.exists()


def test_database_refuses_a_tombstone_that_speaks_and_a_silent_message(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    for change in ({"content": ""}, {"deleted_at": message.timestamp}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(**change)


# ── reactions ───────────────────────────────────────────────────────────────────────────────


def test_reaction_is_told_once_and_taken_back_once(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    with captured_events() as events:
        for added in (True, True, False, False):
            reaction_set(message=message, user=group.alice, emoji=" 👍🏽 ", added=added)
    told = {"message_id": message.pk, "user_id": group.alice.pk, "emoji": "👍🏽"}
    keys = ("message_id", "user_id", "emoji", "added")
    assert [{key: event.frame("c")[key] for key in keys} for event in events] == [
        told | {"added": True},
        told | {"added": False},
    ]


def test_emoji_is_one_short_word(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    for emoji in ("", " ", "two words", "x" * 33, "\x00"):
        with pytest.raises(InvalidMessage) as refused:
            reaction_set(message=message, user=group.bob, emoji=emoji, added=True)
        assert refused.value.field == "emoji"


def test_only_who_sees_a_message_reacts(group: Group, say: Say) -> None:
    message = say(group.chat, group.bob)
    with pytest.raises(NotFound):
        reaction_set(message=message, user=group.carol, emoji="👍", added=True)
    member_add(chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    with pytest.raises(NotFound):
        reaction_set(message=message, user=group.carol, emoji="👍", added=True)
    reaction_set(message=say(group.chat, group.bob), user=group.carol, emoji="👍", added=True)
    assert Reaction.objects.count() == 1
