"""What commits together: one that fails is alone with it, nothing is made twice, few statements do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_init, post_save

from chat.models import Chat, Message
from chat.services import message_send
from realtime import batch, fanout, threads, topics
from realtime.batch import Wish
from realtime.channels import Channel
from realtime.commands import APART, command
from realtime.errors import Conflict, Forbidden, InvalidMessage
from realtime.models import Ref
from realtime.packets import Packet
from realtime.topics import Topic
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.realtime.batching import Ask, commit, say_together, texts, wish
from tests.realtime.talking import assert_in_order

MOST_STATEMENTS = 8  # of one batch; COMMIT is not counted, BEGIN only on SQLite


@pytest.fixture
def alice(database: Database, people: People) -> Any:
    return people.user("alice")


@pytest.fixture
def chats(alice: Any, people: People) -> list[Chat]:
    return [people.chat(alice) for _ in range(5)]


# ── one that fails ──────────────────────────────────────────────────────────────────────────


async def test_what_is_refused_is_refused_alone(alice: Any, chats: list[Chat], people: People) -> None:
    bob = people.user("bob")
    blank, stranger, good = await say_together(
        (alice, chats[0], {"content": " "}),
        (bob, chats[0], {"content": "let me in", "ref": "r1"}),
        (alice, chats[0], {"content": "hi", "ref": "r1"}),
    )
    assert isinstance(blank, InvalidMessage)
    assert isinstance(stranger, Forbidden)
    assert good["duplicate"] is False
    assert texts(chats[0]) == ["hi"]
    assert in_thread(lambda: [ref.user for ref in Ref.objects.all()]) == [alice]  # bob's is free


def refuse_poison() -> None:
    """From now on the database refuses the message "poison"."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'poison'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER poison BEFORE INSERT ON kith_chat_message FOR EACH ROW "
                "WHEN (NEW.content = 'poison') EXECUTE FUNCTION refuse()"
            )
        else:
            cursor.execute(
                "CREATE TRIGGER poison BEFORE INSERT ON kith_chat_message "
                "WHEN NEW.content = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END"
            )


async def test_what_the_database_refuses_fails_alone(alice: Any, chats: list[Chat]) -> None:
    in_thread(refuse_poison)
    contents = ["a", "b", "poison", "c"]
    asked: list[Ask] = [(alice, chats[0], {"content": text, "ref": text}) for text in contents]
    assert await commit(*asked) == [APART] * 4
    outcomes = await say_together(*asked)
    assert isinstance(outcomes.pop(2), DatabaseError)
    assert [outcome["duplicate"] for outcome in outcomes] == [False] * 3
    assert sorted(texts(chats[0])) == ["a", "b", "c"]
    [again] = await say_together((alice, chats[0], {"content": "other", "ref": "poison"}))
    assert again["duplicate"] is False  # its ref is free


async def test_who_gave_up_holds_up_nobody(
    alice: Any, chats: list[Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST", 1)
    monkeypatch.setattr(threads, "BATCH_THREADS", 1)
    wishes = [wish((alice, chat, {"content": "hi"})) for chat in chats[:2]]
    writes = [asyncio.ensure_future(batch.write(w.command, w.channel, w.arguments)) for w in wishes]
    await asyncio.sleep(0)  # both wait; their batch begins in the next turn
    writes[0].cancel()
    async with asyncio.timeout(20):
        assert (await writes[1])["duplicate"] is False
    assert [texts(chat) for chat in chats[:2]] == [[], ["hi"]]


# ── refs ────────────────────────────────────────────────────────────────────────────────────


async def test_a_ref_twice_in_one_batch_is_made_once(alice: Any, chats: list[Chat]) -> None:
    one: Ask = (alice, chats[0], {"content": "hi", "ref": "r1"})
    outcomes = await commit(
        one,
        one,
        (alice, chats[0], {"content": "ho", "ref": "r1"}),
        (alice, chats[1], {"content": "ho", "ref": "r1"}),
    )
    first, second, other, elsewhere = outcomes
    assert first["message_id"] == second["message_id"] != elsewhere["message_id"]
    assert [answer["duplicate"] for answer in (first, second, elsewhere)] == [False, True, False]
    assert isinstance(other, Conflict)
    assert (texts(chats[0]), texts(chats[1])) == (["hi"], ["ho"])


async def test_a_ref_of_an_earlier_batch_is_known(alice: Any, chats: list[Chat]) -> None:
    one: Ask = (alice, chats[0], {"content": "hi", "ref": "r1"})
    [first] = await commit(one)
    again, other, new = await commit(
        one,
        (alice, chats[0], {"content": "ho", "ref": "r1"}),
        (alice, chats[0], {"content": "new", "ref": "r2"}),
    )
    assert again == {"message_id": first["message_id"], "duplicate": True}
    assert isinstance(other, Conflict)
    assert new["duplicate"] is False
    single = await asyncio.to_thread(
        in_thread, message_send, chat=chats[0], sender=alice, content="new", ref="r2"
    )
    assert single == (new["message_id"], True)
    assert texts(chats[0]) == ["hi", "new"]


# ── what it costs, and what it keeps ────────────────────────────────────────────────────────


async def test_a_batch_of_fifty_takes_as_few_statements_as_one_of_two(alice: Any, chats: list[Chat]) -> None:
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    def count(wishes: Sequence[Wish]) -> int:
        statements.clear()
        with connection.execute_wrapper(note):
            outcomes = batch.commit(wishes)
        assert all(isinstance(outcome, dict) for outcome in outcomes), outcomes
        return len(statements)

    def asked(number: int) -> list[Wish]:
        refs = [f"{number}:{index}" for index in range(number)]
        said = [{"content": "hi", "ref": ref} for ref in refs]
        return [wish((alice, chats[index % 5], one)) for index, one in enumerate(said)]

    few = await asyncio.to_thread(in_thread, count, asked(2))
    many = await asyncio.to_thread(in_thread, count, asked(50))
    assert few <= many <= MOST_STATEMENTS, statements


async def test_a_batch_keeps_the_order_of_each_chat_and_tells_everything(
    alice: Any, chats: list[Chat]
) -> None:
    asked: list[Ask] = [(alice, chats[index % 5], {"content": str(index)}) for index in range(50)]
    outcomes = await say_together(*asked)
    assert len({outcome["message_id"] for outcome in outcomes}) == 50
    for index, chat in enumerate(chats):
        assert texts(chat) == [str(number) for number in range(index, 50, 5)]
        in_thread(assert_in_order, chat)


async def test_receivers_of_an_app_hear_each_message(alice: Any, chats: list[Chat]) -> None:
    heard: list[str] = []

    def listen(instance: Message, created: bool, **_: Any) -> None:
        heard.append(instance.content)
        assert created

    post_save.connect(listen, sender=Message)
    try:
        await commit((alice, chats[0], {"content": "one"}), (alice, chats[1], {"content": "two"}))
    finally:
        post_save.disconnect(listen, sender=Message)
    assert sorted(heard) == ["one", "two"]
    assert (texts(chats[0]), texts(chats[1])) == (["one"], ["two"])
    in_thread(assert_in_order, chats[0])


async def test_an_app_that_hears_of_each_instance_hears_of_those_said_together(
    alice: Any, chats: list[Chat]
) -> None:
    heard: list[str] = []

    def listen(instance: Message, **_: Any) -> None:
        heard.append(instance.content)

    post_init.connect(listen, sender=Message)
    try:
        await commit((alice, chats[0], {"content": "one"}), (alice, chats[1], {"content": "two"}))
    finally:
        post_init.disconnect(listen, sender=Message)
    assert heard == ["one", "two"]
    assert (texts(chats[0]), texts(chats[1])) == (["one"], ["two"])


async def test_what_takes_more_is_done_by_itself_and_not_less(
    alice: Any, chats: list[Chat], people: People
) -> None:
    bob = people.user("bob")
    chat = people.chat(alice, bob)
    [first] = await say_together((alice, chat, {"content": "hi"}))
    asked: list[Ask] = [
        (alice, chat, {"content": f"@{bob.username} look"}),
        (alice, chat, {"content": "an answer", "reply_to": first["message_id"]}),
        (alice, chat, {"content": "with a picture", "attachment": "/upload/files/none.png"}),
    ]
    assert await commit(*asked) == [APART] * 3
    mention, answer, picture = await say_together(*asked)
    assert mention["duplicate"] is answer["duplicate"] is False
    assert isinstance(picture, InvalidMessage)

    def contents() -> dict[str, int | None]:
        return dict(Message.objects.filter(chat=chat).values_list("content", "reply_to"))

    expected = {"hi": None, f"@{bob.username} look": None, "an answer": first["message_id"]}
    assert await asyncio.to_thread(in_thread, contents) == expected


class Desk(Channel):
    """Commands without a batch form; not registered, for it names no channel."""

    def topics(self) -> list[Topic]:
        return [topics.named("desk", channel="desk")]

    @command
    def fail(self, *, title: str) -> None:
        """Write, and think better of it."""
        Chat.objects.create(title=title)
        raise InvalidMessage("No.")

    @command
    def open(self, *, title: str) -> dict[str, Any]:
        """Write, and fail when it is committed."""
        transaction.on_commit(partial(fail_late, title))
        return {"chat_id": Chat.objects.create(title=title).pk}


def fail_late(title: str) -> None:
    raise ValueError(title)


def desk_wish(name: str, title: str) -> Wish:
    return Wish(Desk.commands[name], Desk(user=None, params={}), {"title": title})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_on_sqlite_other_commands_share_the_transaction_and_fail_alone(
    alice: Any, chats: list[Chat]
) -> None:
    told: list[Packet] = []
    outcomes: list[Any]
    fanout.connect(told.extend)
    try:
        wishes = [
            desk_wish("open", "kept"),
            desk_wish("fail", "undone"),
            wish((alice, chats[0], {"content": "hi"})),
        ]
        outcomes = [*await asyncio.to_thread(in_thread, batch.commit, wishes)]
    finally:
        fanout.disconnect(told.extend)
    opened, failed, sent = outcomes
    assert isinstance(failed, InvalidMessage)
    assert sent["duplicate"] is False
    titles = await asyncio.to_thread(in_thread, lambda: list(Chat.objects.values_list("pk", "title")))
    assert (opened["chat_id"], "kept") in titles
    assert "undone" not in {title for _, title in titles}
    assert [packet.type for packet in told] == ["new_message"]  # though a callback before it failed


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_elsewhere_they_go_by_themselves(database: Database) -> None:
    one = desk_wish("open", "alone")
    with pytest.raises(ValueError, match="alone"):  # raised by its own commit
        await batch.write(one.command, one.channel, one.arguments)


async def test_a_direct_chat_is_written_with_the_others_unless_one_blocks(
    alice: Any, chats: list[Chat], people: People
) -> None:
    bob, carol = people.users("bob", "carol")
    with_bob, with_carol = people.direct(alice, bob), people.direct(alice, carol)
    people.block(carol, alice)
    hi = {"content": "hi"}
    asked: list[Ask] = [
        (alice, chats[0], hi),
        (alice, with_bob, hi),
        (bob, with_bob, hi),
        (alice, with_carol, hi),
        (carol, with_carol, hi),
    ]
    group, mine, bobs, *blocked = await commit(*asked)
    assert [outcome["duplicate"] for outcome in (group, mine, bobs)] == [False] * 3
    assert blocked == [APART] * 2
    assert isinstance((await say_together(asked[3]))[0], Forbidden)
    assert (texts(with_bob), texts(with_carol)) == (["hi", "hi"], [])
