"""Rates that Redis counts: a process takes some uses ahead, and yet nobody gets more than the limit."""

from __future__ import annotations

from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Sites

LIMIT = 60  # of which three are taken at once
RATE = {"KITH_COMMANDS_PER_MINUTE": str(LIMIT)}
HELLO = {"type": "message", "content": "hello"}


def scripts_run(redis: RedisServer) -> int:
    with redis.client() as client:
        return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


async def test_one_process_grants_exactly_the_limit_and_seldom_asks(
    sites: Sites, redis: RedisServer, people: People
) -> None:
    site = sites.start("sqlite", redis=redis, settings=RATE)
    alice, bob = people.users("alice", "bob")
    channel = f"messages/{people.chat(alice, bob).pk}"
    async with site.open(channel, alice) as client, site.open(channel, bob) as other:
        before = scripts_run(redis)
        for _ in range(LIMIT):
            assert (await client.command(HELLO))["type"] == "ack"
        assert scripts_run(redis) - before < LIMIT / 2  # a third of them, and what presence runs meanwhile
        assert (await client.command(HELLO))["code"] == "rate_limited"
        assert (await other.command(HELLO))["type"] == "ack"


async def test_two_processes_grant_no_more_than_one_but_for_what_each_has_ahead(
    sites: Sites, redis: RedisServer, people: People
) -> None:
    one, other = sites.start_cluster(2, redis=redis, settings=RATE)
    alice = people.user("alice")
    channel = f"messages/{people.chat(alice).pk}"
    async with one.open(channel, alice) as left, other.open(channel, alice) as right:
        answers = [await client.command(HELLO) for _ in range(LIMIT) for client in (left, right)]
    granted = sum(answer["type"] == "ack" for answer in answers)
    assert LIMIT - 2 <= granted <= LIMIT
    assert {answer["code"] for answer in answers if answer["type"] == "error"} == {"rate_limited"}
