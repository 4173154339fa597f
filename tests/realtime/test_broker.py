"""Several processes: Redis is the fast path between them, and only that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from chat.models import Chat
from tests.harness.client import Client
from tests.harness.databases import Databases
from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Site, Sites
from tests.harness.waiting import eventually
from tests.realtime.talking import assert_in_order, said

NEVER_S = "30"  # the tail comes too late for every wait: what arrives came through Redis
FAST = {"KITH_POLL_S": NEVER_S}
RATES = {"KITH_COMMANDS_PER_MINUTE": "1000", "KITH_SIGNALS_PER_MINUTE": "1000"}  # which Redis counts
SOON_S = 10.0
POLL_S, A_LITTLE_S = 0.25, 5.0  # the tests' KITH_POLL_S; and a busy machine
SCRIPT = """
from chat.models import Message
Message.objects.create(chat_id={chat}, sender_id={sender}, content="from the shell")
"""
BACK_S = 10.0  # Redis is there again; the processes notice within about two seconds


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Cluster]:
    """Two processes that share a Redis, and whose tails are off."""
    folder = tmp_path_factory.mktemp("both")
    redis = RedisServer(folder)
    redis.start()
    with closing(Sites(folder, databases)) as sites:
        left, right = sites.start_cluster(2, redis=redis, settings=FAST, active=False)
        yield Cluster(left, right, redis)
    redis.stop()


@pytest.fixture
def pair(both: Cluster, databases: Databases, one_way: None) -> Iterator[Cluster]:
    with databases.active(both.left.database):
        yield both


@contextlib.asynccontextmanager
async def talking(cluster: Cluster, people: People) -> AsyncIterator[tuple[Chat, Client, Client]]:
    """A chat, alice's socket on the left and bob's on the right, through which Redis flows."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel = f"messages/{chat.pk}"
    async with cluster.left.open(channel, alice) as left, cluster.right.open(channel, bob) as right:
        await flows(left, right)
        yield chat, left, right


async def flows(left: Client, right: Client) -> None:
    """Wait until the right is subscribed: what is not logged is heard only from then on."""

    async def heard() -> bool:
        await left.send({"type": "typing", "is_typing": True})
        with contextlib.suppress(TimeoutError):
            await right.until("typing", within=0.05)
            return True
        return False

    await eventually(heard, within=BACK_S, what="Redis to carry signals")


def owner_of(chat: Chat) -> Any:
    return chat.memberships.select_related("user").get(role="owner").user


async def pass_on(sender: Client, receiver: Client, content: str, *, within: float = SOON_S) -> None:
    answer = await sender.command({"type": "message", "content": content})
    assert answer["type"] == "ack", answer
    frame = await receiver.until("new_message", within=within, content=content)
    assert frame["message_id"] == answer["message_id"]


READY = (200, {"status": "ready"})
AWAY = (503, {"status": "unavailable", "problems": {"broker": "does not answer"}})


async def are(cluster: Cluster, expected: tuple[int, Any]) -> None:
    """Wait until both processes answer this to ``GET /ready/``."""

    def answers() -> bool:
        got = [httpx.get(f"{site.url}/ready/", trust_env=False) for site in (cluster.left, cluster.right)]
        return all((answer.status_code, answer.json()) == expected for answer in got)

    await eventually(lambda: asyncio.to_thread(answers), within=BACK_S, what=str(expected))


# ── the fast path ───────────────────────────────────────────────────────────────────────────


async def test_what_is_said_here_is_heard_there_without_the_tail(pair: Cluster, people: People) -> None:
    async with talking(pair, people) as (_chat, left, right):
        await pass_on(left, right, "over there")
        await pass_on(right, left, "and back")
        assert [frame["type"] for frame in await left.barrier()].count("new_message") == 1


async def test_signals_cross_too(pair: Cluster, people: People) -> None:
    async with talking(pair, people) as (_chat, left, right):
        await flows(right, left)
        await right.send({"type": "typing", "is_typing": False})
        await left.until("typing", is_typing=False, within=SOON_S)
        answer = await left.command({"type": "message", "content": "read me"})
        await right.send({"type": "read", "message_id": answer["message_id"]})
        await left.until("read", message_id=answer["message_id"], within=SOON_S)


async def test_both_sides_see_one_order_while_both_write(pair: Cluster, people: People) -> None:
    users = people.users("reader", *["writer"] * 4)
    chat, each = people.chat(*users), 60
    channel = f"messages/{chat.pk}"

    async def write(site: Site, user: Any) -> None:
        async with site.open(channel, user) as client:
            for number in range(each):
                await client.command({"type": "message", "content": f"{user.pk}:{number}"})

    async with pair.left.open(channel, users[0]) as left, pair.right.open(channel, users[0]) as right:
        sites = [pair.left, pair.right] * 2
        await asyncio.gather(*map(write, sites, users[1:]))
        heard = [
            [(await client.until("new_message", within=SOON_S))["content"] for _ in range(4 * each)]
            for client in (left, right)
        ]
        for client in (left, right):
            assert [frame for frame in await client.barrier() if frame["type"] == "new_message"] == []
    assert heard[0] == heard[1] == pair.left.run(said, chat)
    pair.left.run(assert_in_order, chat)


async def test_rights_change_there_as_fast_as_here(pair: Cluster, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    api, members = pair.left.api(alice), f"/api/chats/{chat.pk}/members/"
    async with pair.right.open("messages", bob) as right:
        await asyncio.to_thread(api.post, members, json={"user_id": bob.pk})
        await right.until("chat_added", chat_id=chat.pk, within=SOON_S)
        await asyncio.to_thread(api.post, f"/api/chats/{chat.pk}/messages/", json={"content": "hello bob"})
        await right.until("new_message", content="hello bob", within=SOON_S)
        async with pair.right.open(f"messages/{chat.pk}", bob) as one:
            await asyncio.to_thread(api.delete, f"{members}{bob.pk}/")
            assert await one.closed(within=SOON_S) == 4403
        await right.until("chat_removed", chat_id=chat.pk, within=SOON_S)


async def test_the_shell_is_heard_without_the_tail(pair: Cluster, people: People) -> None:
    async with talking(pair, people) as (chat, left, right):
        sender = left.opening[0]["user_id"]
        await asyncio.to_thread(pair.left.manage, "shell", "-c", SCRIPT.format(chat=chat.pk, sender=sender))
        for client in (left, right):
            await client.until("new_message", content="from the shell", within=SOON_S)


async def test_connections_that_redis_cuts_are_made_again(pair: Cluster, people: People) -> None:
    async with talking(pair, people) as (_chat, left, right):
        with pair.redis.client() as client:
            assert client.client_kill_filter(_type="pubsub") >= 2  # both processes' ears
        for number in range(3):
            await pass_on(left, right, str(number), within=BACK_S)
        await flows(left, right)


# ── without Redis ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["site", "postgres_site"])
def alone(request: pytest.FixtureRequest) -> Any:
    """A server without Redis."""
    return request.getfixturevalue(request.param)


async def test_the_shell_is_heard_within_the_poll_where_there_is_no_redis(
    alone: Site, people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    script = SCRIPT.format(chat=chat.pk, sender=alice.pk)
    async with alone.open(f"messages/{chat.pk}", alice) as client:

        async def hear() -> timedelta:
            frame = await client.until("new_message", content="from the shell", within=60)
            return datetime.now(UTC) - datetime.fromisoformat(frame["timestamp"])

        took, _ = await asyncio.gather(hear(), asyncio.to_thread(alone.manage, "shell", "-c", script))
    assert took.total_seconds() < POLL_S + A_LITTLE_S


async def test_without_redis_the_tail_brings_it_and_readiness_says_so(
    cluster: Cluster, people: People
) -> None:
    async with talking(cluster, people) as (chat, left, right):
        alice = await asyncio.to_thread(cluster.left.run, owner_of, chat)
        await are(cluster, READY)
        cluster.redis.kill()
        for number in range(5):
            await pass_on(left, right, f"{number} without Redis")
        await are(cluster, AWAY)
        await pass_on(right, left, "still without")
        async with cluster.right.open(f"messages/{chat.pk}", alice) as opened:
            await pass_on(left, opened, "to one who came meanwhile")
        cluster.redis.start()
        await are(cluster, READY)
        await flows(left, right)
        contents = [frame["content"] for frame in right.seen if frame["type"] == "new_message"]
        assert contents[:6] == [*[f"{number} without Redis" for number in range(5)], "still without"]


@pytest.fixture
def shaped(request: pytest.FixtureRequest, sites: Sites, redis: RedisServer) -> Cluster:
    """A cluster of this test's own with the settings of its parameter."""
    left, right = sites.start_cluster(2, redis=redis, settings=request.param)
    return Cluster(left, right, redis)


@pytest.mark.parametrize("shaped", [FAST], indirect=True)
async def test_when_redis_returns_the_missed_is_told_and_the_fast_path_works_again(
    shaped: Cluster, people: People
) -> None:
    async with talking(shaped, people) as (_chat, left, right):
        shaped.redis.kill()
        answer = await left.command({"type": "message", "content": "said meanwhile"})
        await left.until("new_message", content="said meanwhile")
        await are(shaped, AWAY)  # an outage too short to be noticed is left to the tail
        shaped.redis.start()
        await right.until("new_message", message_id=answer["message_id"], within=BACK_S)
        # What is not in the log is told anew. (One of zero may wait from when the first echo came.)
        await right.until("chat_state", unread_count=1, within=BACK_S)
        await flows(left, right)
        await pass_on(left, right, "fast again")


@pytest.mark.parametrize("shaped", [RATES], indirect=True)
async def test_nobody_waits_for_a_redis_that_does_not_answer(shaped: Cluster, people: People) -> None:
    async with talking(shaped, people) as (_chat, left, right):
        shaped.redis.pause()
        for number in range(5):
            await pass_on(left, right, str(number))
        shaped.redis.resume()
        await flows(left, right)
