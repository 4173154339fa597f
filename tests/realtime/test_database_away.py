"""The database is away: commands say so in seconds, sockets stay, the same ref works later (PROTOCOL §6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.servers import PostgresServer
from tests.harness.site import Site, Sites
from tests.harness.waiting import eventually, wait_until
from tests.realtime.little_room import MUCH, read_on, stuck_in_its_replay
from tests.realtime.membership import heard_once
from tests.realtime.talking import said, say, say_together

TIMEOUT_S = 1.5
FEW_S = 15.0  # "a few seconds" of the slowest way to find out, on a busy machine

Fault = tuple[Callable[[PostgresServer], None], Callable[[PostgresServer], None]]
KILLED: Fault = (PostgresServer.kill, PostgresServer.start)
FROZEN: Fault = (PostgresServer.pause, PostgresServer.resume)


@pytest.fixture
def site(sites: Sites, postgres: PostgresServer) -> Iterator[Site]:
    settings = {"KITH_COMMAND_TIMEOUT_S": str(TIMEOUT_S), "KITH_SOCKET_BACKLOG_BYTES": "20000"}
    yield sites.start("postgres", settings=settings)
    postgres.resume()
    if not postgres.running():
        postgres.start()


async def command(client: Client, ref: str) -> dict[str, object]:
    return await client.command({"type": "message", "content": f"said {ref}", "ref": ref}, within=FEW_S)


@pytest.mark.parametrize("fault", [KILLED, FROZEN], ids=["killed", "frozen"])
async def test_commands_answer_unavailable_and_the_same_ref_works_later(
    site: Site, people: People, postgres: PostgresServer, fault: Fault
) -> None:
    take_away, bring_back = fault
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with (
        site.open(f"messages/{chat.pk}", alice) as client,
        site.open("messages", bob) as other,
    ):
        assert (await command(client, "before"))["type"] == "ack"
        await asyncio.to_thread(take_away, postgres)
        for ref in ("one", "two"):
            answer = await command(client, ref)
            assert (answer["type"], answer["code"], answer["ref"]) == ("error", "unavailable", ref)
        assert await other.barrier()  # the message of before
        assert await client.barrier() is not None  # pings are answered meanwhile
        await asyncio.to_thread(bring_back, postgres)

        async def accepted() -> bool:
            return (await command(client, "one"))["type"] == "ack"

        await eventually(accepted, within=30)
        assert (await command(client, "two"))["type"] == "ack"
        for ref in ("one", "two"):
            await other.until("new_message", content=f"said {ref}", within=FEW_S)
            await client.until("new_message", content=f"said {ref}", within=FEW_S)
    assert sorted(await asyncio.to_thread(site.run, said, chat)) == ["said before", "said one", "said two"]


@pytest.mark.parametrize("path", ["messages/{}", "messages"])
async def test_a_replay_in_whose_middle_the_database_goes_away_goes_on_when_it_is_back(
    site: Site, people: People, postgres: PostgresServer, path: str
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    site.run(say_together, chat, alice, *MUCH)
    async with stuck_in_its_replay(site, path.format(chat.pk), bob) as client:
        await asyncio.to_thread(postgres.kill)
        read_on(client)
        await asyncio.to_thread(wait_until, lambda: "a replay waits" in site.log(), within=30)
        await asyncio.to_thread(postgres.start)
        await client.until("caught_up", within=30)
        await asyncio.to_thread(site.run, say, chat, alice, "live")
        await client.until("new_message", content="live", within=30)
        assert heard_once(client, chat) == [*MUCH, "live"]


async def test_ten_commands_of_ten_sockets_do_not_wait_for_each_other(
    site: Site, people: People, postgres: PostgresServer
) -> None:
    """There are four writing threads; who finds them all stuck is answered in the same time."""
    alice = people.user("alice")
    chat = people.chat(alice)
    async with (
        asyncio.TaskGroup() as group,
        site.open(f"messages/{chat.pk}", alice) as a,
        site.open(f"messages/{chat.pk}", alice) as b,
        site.open(f"messages/{chat.pk}", alice) as c,
        site.open(f"messages/{chat.pk}", alice) as d,
        site.open(f"messages/{chat.pk}", alice) as e,
        site.open(f"messages/{chat.pk}", alice) as f,
    ):
        await asyncio.to_thread(postgres.pause)
        before = time.monotonic()
        sent = [
            group.create_task(command(client, f"ref {number}"))
            for number, client in enumerate((a, b, c, d, e, f))
        ]
        answers = [await each for each in sent]
        waited = time.monotonic() - before
        await asyncio.to_thread(postgres.resume)
    assert {answer["code"] for answer in answers} == {"unavailable"}
    assert waited < 4 * TIMEOUT_S  # one after the other would take six timeouts
