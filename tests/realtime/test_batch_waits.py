"""What commits together and has to wait, or never hears whether it was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from chat.models import Chat, Membership
from connections import pairs
from realtime import batch
from realtime.commands import APART
from tests.harness.client import Frame
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.harness.servers import PostgresServer
from tests.harness.site import Cluster, Site, Sites
from tests.realtime.batching import Ask, commit, texts
from tests.realtime.lost_commits import commits_lost
from tests.realtime.talking import assert_in_order, left_open, said


@pytest.fixture
def alice(database: Database, people: People) -> Any:
    return people.user("alice")


@pytest.fixture
def chats(alice: Any, people: People) -> list[Chat]:
    return [people.chat(alice) for _ in range(5)]


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
