"""What commits together: one that fails is alone with it, what waits goes aside, nothing is made twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_save

from chat.consumers import MessagesConsumer
from chat.models import Chat, Membership, Message
from chat.services import message_send
from connections import pairs
from realtime import batch, fanout
from realtime.batch import Wish
from realtime.channels import Channel
from realtime.commands import APART, command
from realtime.errors import Conflict, Forbidden, InvalidMessage
from realtime.packets import Packet
from tests.harness.client import Frame
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.harness.servers import PostgresServer
from tests.harness.site import Cluster, Site, Sites
from tests.realtime.lost_commits import commits_lost
from tests.realtime.talking import assert_in_order, left_open, said

MOST_STATEMENTS = 8  # of one batch; COMMIT is not counted, BEGIN only on SQLite

Ask = tuple[Any, Chat, dict[str, Any]]  # who says it, where, and the command's arguments


def wish(asked: Ask) -> Wish:
    user, chat, arguments = asked
    channel = MessagesConsumer(user=user, params={"chat_id": str(chat.pk)})
    defaults = {"attachment": None, "reply_to": None, "ref": None}
    return Wish(MessagesConsumer.commands["message"], channel, defaults | arguments)


async def say_together(*asked: Ask) -> list[Any]:
    """Of each what its sender gets: all are asked in one turn of the loop, and so are one batch."""
    wishes = [wish(one) for one in asked]
    writes = [batch.write(one.command, one.channel, one.arguments) for one in wishes]
    return await asyncio.gather(*writes, return_exceptions=True)


async def commit(*asked: Ask) -> list[Any]:
    """Of each what came of it in the batch itself."""
    return await asyncio.to_thread(in_thread, batch.commit, [wish(one) for one in asked])


@pytest.fixture
def alice(database: Database, people: People) -> Any:
    return people.user("alice")


@pytest.fixture
def chats(alice: Any, people: People) -> list[Chat]:
    return [people.chat(alice) for _ in range(5)]


def texts(chat: Chat) -> list[str]:
    return list(in_thread(said, chat))


# ── one that fails ──────────────────────────────────────────────────────────────────────────


async def test_what_is_refused_is_refused_alone(alice: Any, chats: list[Chat], people: People) -> None:
    bob = people.user("bob")
    blank, stranger, good = await say_together(
        (alice, chats[0], {"content": " "}),
        (bob, chats[0], {"content": "let me in"}),
        (alice, chats[0], {"content": "hi"}),
    )
    assert isinstance(blank, InvalidMessage)
    assert isinstance(stranger, Forbidden)
    assert good["duplicate"] is False
    assert texts(chats[0]) == ["hi"]


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


# ── what waits ──────────────────────────────────────────────────────────────────────────────


def hold_membership(chat: Chat, user: Any) -> None:
    Membership.objects.select_for_update().get(chat=chat, user=user)


def hold_chat(chat: Chat, _user: Any) -> None:
    Chat.objects.select_for_update().get(pk=chat.pk)


def hold_pair(chat: Chat, user: Any) -> None:
    [peer] = Membership.objects.filter(chat=chat).exclude(user=user)
    pairs.lock(user.pk, peer.user_id)


HOLDS = [hold_membership, hold_chat]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("hold", [*HOLDS, hold_pair])
async def test_what_would_wait_is_left_out_at_once(
    alice: Any,
    chats: list[Chat],
    people: People,
    hold: Callable[[Chat, Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chats[2] = people.direct(alice, people.user("bob"))
    monkeypatch.setattr(batch, "LOCK_WAIT_MS", 10_000)  # nothing in the batch waits so long
    asked: list[Ask] = [(alice, chat, {"content": "hi"}) for chat in chats]
    with left_open(lambda: hold(chats[2], alice)):
        outcomes = await asyncio.wait_for(commit(*asked), 8)
    assert outcomes.pop(2) is APART
    assert [outcome["duplicate"] for outcome in outcomes] == [False] * 4


@pytest.mark.parametrize("hold", HOLDS)
async def test_a_locked_row_holds_up_its_own_chat_alone(
    postgres_site: Site, people: People, hold: Callable[[Chat, Any], None]
) -> None:
    site = postgres_site
    writers = people.users(*["writer"] * 6)
    locked, chat = people.chat(*writers), people.chat(*writers)
    hi = {"type": "message", "content": "hi"}

    async def talk(user: Any) -> None:
        async with site.open(f"messages/{chat.pk}", user) as client:
            for _ in range(5):
                assert (await client.command(hi))["type"] == "ack"

    async with site.open(f"messages/{locked.pk}", writers[0]) as client:
        with left_open(lambda: hold(locked, writers[0])):
            waiting = asyncio.create_task(client.command(hi, within=30))
            await asyncio.gather(*map(talk, writers))
            assert not waiting.done()
        assert (await waiting)["type"] in ("ack", "error")  # a slow machine takes longer than its timeout


def slow_down(table: str) -> None:
    """From now on PostgreSQL takes its time over each row that it writes there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER dawdle BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("table", ["kith_realtime_ref", "kith_realtime_topic"])
async def test_batches_that_cross_do_not_wait_for_each_other_in_a_circle(
    alice: Any, chats: list[Chat], table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LOCK_WAIT_MS", 10_000)  # longer than PostgreSQL takes to see a deadlock
    in_thread(slow_down, table)
    same_refs, rounds = table == "kith_realtime_ref", 4
    for number in range(rounds):
        said = {"content": "hi", "ref": f"{number}" if same_refs else None}
        asked: list[Ask] = [(alice, chat, said) for chat in chats]
        one, other = await asyncio.gather(commit(*asked), commit(*reversed(asked)))
        assert APART not in [*one, *other]
        for first, second in zip(one, reversed(other), strict=True):
            assert (first["message_id"] == second["message_id"]) is same_refs
            assert (first["duplicate"] or second["duplicate"]) is same_refs
    for chat in chats:
        assert len(texts(chat)) == (rounds if same_refs else 2 * rounds)
        in_thread(assert_in_order, chat)


async def test_two_servers_write_into_the_same_chats(cluster: Cluster, people: People) -> None:
    writers = people.users(*["writer"] * 6)
    chats = [people.chat(*writers) for _ in range(4)]

    async def talk(site: Site, user: Any, order: Sequence[Chat]) -> None:
        async with site.connect(token=site.token(user)) as client:
            for chat in order:
                await client.send({"type": "subscribe", "channel": f"messages/{chat.pk}"})
                await client.opened(channel=f"messages/{chat.pk}")
            for count in range(5):
                for chat in order:
                    said = {"type": "message", "channel": f"messages/{chat.pk}", "content": f"{count}"}
                    assert (await client.command(said, within=30))["type"] == "ack"

    await asyncio.gather(
        *(talk(cluster.left, user, chats) for user in writers),
        *(talk(cluster.right, user, chats[::-1]) for user in writers),
    )
    for chat in chats:
        assert len(cluster.left.run(said, chat)) == 2 * 6 * 5
        cluster.left.run(assert_in_order, chat)


# ── over a server ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("server", ["site", "postgres_site"])
async def test_many_senders_are_all_answered_and_told_in_order(
    server: str, request: pytest.FixtureRequest, people: People
) -> None:
    site: Site = request.getfixturevalue(server)
    writers = people.users(*["writer"] * 12)
    chats = [people.chat(*writers) for _ in range(3)]
    each = 10

    async def talk(number: int, chat: Chat) -> list[int]:
        async with site.open(f"messages/{chat.pk}", writers[number]) as client:
            answers = []
            for count in range(each):
                told = {"type": "message", "content": f"{number}:{count}", "ref": f"{count}"}
                answers.append(await client.command(told, within=30))
                blank = await client.command({"type": "message", "content": " "}, within=30)
                assert blank["code"] == "invalid_message"
        assert {answer["type"] for answer in answers} == {"ack"}
        return [answer["message_id"] for answer in answers]

    async with site.open(f"messages/{chats[0].pk}", writers[0]) as reader:
        made = await asyncio.gather(*(talk(number, chats[number % 3]) for number in range(12)))
        frames = [await reader.until("new_message", within=30) for _ in range(4 * each)]
        assert not [frame for frame in await reader.barrier() if frame["type"] == "new_message"]
    assert len({message_id for some in made for message_id in some}) == 12 * each
    assert [frame["content"] for frame in frames] == site.run(said, chats[0])
    for chat in chats:
        site.run(assert_in_order, chat)


# ── a link that breaks during COMMIT ────────────────────────────────────────────────────────


@pytest.mark.parametrize("arrives", [True, False], ids=["answer lost", "COMMIT lost"])
async def test_a_link_lost_during_commit_leaves_it_open_and_nothing_is_run_again(
    sites: Sites, postgres: PostgresServer, postgres_database: Database, people: People, arrives: bool
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with commits_lost(postgres.port, arrives=arrives) as breaker:
        database = Database(postgres_database.url.replace(f":{postgres.port}/", f":{breaker.port}/"))
        site = await asyncio.to_thread(sites.start, database, active=False)

        async def send(content: str, ref: str | None) -> Frame:
            async with site.open(f"messages/{chat.pk}", alice) as client:
                return await client.command({"type": "message", "content": content, "ref": ref}, within=30)

        for content, ref in [("one", "r1"), ("two", "r2")]:
            breaker.marker = content.encode()
            answer = await send(content, ref)
            assert (answer["type"], answer["code"]) == ("error", "unavailable")
            assert breaker.struck == 1
            stored = await asyncio.to_thread(in_thread, said, chat)
            assert stored.count(content) == int(arrives)
            again = await send(content, ref)
            assert (again["type"], again["duplicate"]) == ("ack", arrives)
            breaker.struck = 0
        assert await asyncio.to_thread(in_thread, said, chat) == ["one", "two"]
        await asyncio.to_thread(site.close)
