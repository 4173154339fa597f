"""The same ref makes the same thing once, whoever is first, and says so to the others."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

from chat.models import Chat, Message
from chat.services import chat_create, member_add, message_delete, message_send
from realtime import refs
from realtime.errors import Conflict, InvalidMessage
from realtime.models import Ref
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.site import Site
from tests.realtime.talking import left_open, said


@pytest.fixture
def alice(database: Database, people: People) -> Any:
    return people.user("alice")


@pytest.fixture
def chat(alice: Any, people: People) -> Chat:
    return people.chat(alice)


def send(
    chat: Chat, sender: Any, content: str = "hi", ref: str | None = "r1", **more: Any
) -> tuple[int, bool]:
    return message_send(chat=chat, sender=sender, content=content, ref=ref, **more)


def test_a_second_time_makes_nothing_and_names_the_first(chat: Chat, alice: Any) -> None:
    first, duplicate = send(chat, alice)
    assert not duplicate
    assert send(chat, alice) == (first, True)
    assert said(chat) == ["hi"]


def test_without_a_ref_everything_is_made(chat: Chat, alice: Any) -> None:
    assert send(chat, alice, ref=None) != send(chat, alice, ref=None)
    assert said(chat) == ["hi", "hi"]
    assert not Ref.objects.exists()


def test_content_that_is_stored_alike_is_the_same_content(chat: Chat, alice: Any) -> None:
    first, _ = send(chat, alice, "hi")
    assert send(chat, alice, "  hi\x07 ") == (first, True)


def test_other_content_is_a_conflict_and_makes_nothing(chat: Chat, alice: Any) -> None:
    first, _ = send(chat, alice)
    for other in ({"content": "ho"}, {"reply_to": first}):
        with pytest.raises(Conflict) as refused:
            send(chat, alice, **other)
        assert refused.value.field == "ref"
    assert said(chat) == ["hi"]


def test_scopes_and_users_have_their_own_refs(chat: Chat, alice: Any, people: People) -> None:
    bob = people.user("bob")
    other = people.chat(alice, bob)
    made = {send(chat, alice), send(other, alice), send(other, bob)}
    assert len(made) == 3
    assert not any(duplicate for _key, duplicate in made)
    key, duplicate = chat_create(creator=alice, title="r1", ref="r1")
    assert not duplicate
    assert chat_create(creator=alice, title="r1", ref="r1") == (key, True)


def test_what_was_made_and_deleted_since_is_not_made_again(chat: Chat, alice: Any) -> None:
    key, _ = send(chat, alice)
    message_delete(message=Message.objects.get(pk=key), user=alice)
    assert send(chat, alice) == (key, True)
    Message.objects.all().delete()
    assert send(chat, alice) == (key, True)
    assert not Message.objects.exists()


def test_a_ref_of_a_rolled_back_change_is_free_again(chat: Chat, alice: Any) -> None:
    with transaction.atomic():
        send(chat, alice)
        transaction.set_rollback(True)
    assert send(chat, alice, "other")[1] is False


def test_what_failed_leaves_its_ref_free(chat: Chat, alice: Any) -> None:
    with pytest.raises(InvalidMessage):
        send(chat, alice, reply_to=10**9)
    assert send(chat, alice)[1] is False


def test_a_membership_that_ended_is_not_made_again_by_its_ref(chat: Chat, alice: Any, people: People) -> None:
    bob = people.user("bob")
    added = [member_add(chat=chat, actor=alice, user_id=bob.pk, ref="r1")]
    chat.memberships.filter(user=bob).delete()
    added.append(member_add(chat=chat, actor=alice, user_id=bob.pk, ref="r1"))
    assert added == [(added[0][0], False), (added[0][0], True)]
    assert not chat.memberships.filter(user=bob).exists()


@pytest.mark.parametrize("ref", ["", "r" * 65, "r\x00"])
def test_a_ref_is_1_to_64_characters(chat: Chat, alice: Any, ref: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        send(chat, alice, ref=ref)
    assert refused.value.field == "ref"


@pytest.mark.parametrize("ref", ["r", "r" * 64, "é" * 64, "👩‍👧 r/1'\"\\"])
def test_any_other_text_is_a_ref(chat: Chat, alice: Any, ref: str) -> None:
    first, _ = send(chat, alice, ref=ref)
    assert send(chat, alice, ref=ref) == (first, True)


def test_keys_that_are_no_numbers_come_back_as_text(alice: Any) -> None:
    class Made:
        pk = uuid.uuid4()

    with transaction.atomic():
        made = [refs.once(user=alice, scope="s", ref="r", content=[], make=Made) for _ in range(2)]
    assert made == [(Made.pk, False), (str(Made.pk), True)]


# ── at the same time ────────────────────────────────────────────────────────────────────────


def test_of_many_at_once_one_makes_it_and_all_name_it(chat: Chat, alice: Any) -> None:
    threads, rounds = 4, 10
    barrier = Barrier(threads)

    def write(_: int) -> list[tuple[int, bool]]:
        answers = []
        for number in range(rounds):
            barrier.wait(10)
            answers.append(send(chat, alice, f"{number}", ref=f"r{number}"))
        return answers

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(write, range(threads)))
    for number in range(rounds):
        keys, duplicates = zip(*[each[number] for each in answers], strict=True)
        assert len(set(keys)) == 1
        assert sorted(duplicates) == [False] + [True] * (threads - 1)
    assert sorted(said(chat), key=int) == [str(number) for number in range(rounds)]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_of_two_at_once_with_other_content_the_second_is_a_conflict(chat: Chat, alice: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        with left_open(lambda: send(chat, alice, "first")):
            second = pool.submit(send, chat, alice, "second")
            # It waits on the unique index for the first to commit or roll back.
        with pytest.raises(Conflict):
            second.result(10)
    assert said(chat) == ["first"]


async def test_a_ref_is_the_same_by_socket_and_by_rest(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        made = await client.command({"type": "message", "content": "hi", "ref": "r1"})
        again = await client.command({"type": "message", "content": "hi", "ref": "r1"})
        other = await client.command({"type": "message", "content": "ho", "ref": "r1"})
    assert (made["duplicate"], again["duplicate"]) == (False, True)
    assert (other["type"], other["code"], other["ref"]) == ("error", "conflict", "r1")
    api, path = site.api(alice), f"/api/chats/{chat.pk}/messages/"
    rest = await asyncio.to_thread(api.post, path, json={"content": "hi", "ref": "r1"})
    refused = await asyncio.to_thread(api.post, path, json={"content": "ho", "ref": "r1"})
    assert rest.json()["id"] == made["message_id"] == again["message_id"]
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert site.run(said, chat) == ["hi"]
