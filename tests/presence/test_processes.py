"""Two processes on one Redis: what others see when one of them, or Redis, fails."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import datetime
from typing import Any

import pytest

from presence.models import LastSeen
from presence.selectors import is_online
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Sites
from tests.harness.waiting import eventually, wait_until
from tests.presence.conftest import Befriend, seen_by, told_of


@pytest.fixture
def grace_s() -> float:
    return 0.4


@pytest.fixture
def lease_s() -> float:
    return 2.0


@pytest.fixture
def cluster(sites: Sites, redis: RedisServer, grace_s: float, lease_s: float) -> Cluster:
    settings = {"KITH_PRESENCE_GRACE_S": str(grace_s), "KITH_PRESENCE_LEASE_S": str(lease_s)}
    left, right = sites.start_cluster(2, "postgres", redis=redis, settings=settings)
    return Cluster(left, right, redis)


async def until_seen(client: Client, expected: dict[int, str], within: float = 10) -> None:
    """Until the frames of this client say so."""

    async def agrees() -> bool:
        await client.barrier()
        return seen_by(client) == expected

    await eventually(agrees, within=within, what=f"{expected}, but seen: {seen_by(client)}")


async def last_seen(cluster: Cluster, user: Any) -> Any:
    def find() -> Any:
        return LastSeen.objects.filter(user=user).values_list("at", flat=True).first()

    return await asyncio.to_thread(cluster.right.run, find)


async def kept_last_seen(cluster: Cluster, user: Any) -> datetime:
    """Once it is written, which is some time after others were told."""

    async def find() -> Any:
        return await last_seen(cluster, user)

    kept: datetime = await eventually(find, what=f"last_seen of {user}")
    return kept


async def status(client: Client, status: str) -> None:
    async def set_it() -> bool:
        return (await client.command({"type": "status", "status": status}))["type"] == "ack"

    await eventually(set_it, within=10)


async def test_each_process_tells_of_the_users_of_the_other(
    cluster: Cluster, people: People, befriend: Befriend
) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    async with cluster.left.open("online", me) as mine:
        async with cluster.right.open("online", ada) as hers:
            await mine.until("user_online", user_id=ada.pk)
            await until_seen(hers, {me.pk: "online"})
            await status(hers, "busy")
            await mine.until("user_online", status="busy")
        gone = await mine.until("user_offline", user_id=ada.pk)
        assert await kept_last_seen(cluster, ada) == datetime.fromisoformat(gone["last_seen"])


@pytest.mark.parametrize(("grace_s", "lease_s"), [(3.0, 20.0)])  # time enough to move
async def test_moving_to_another_process_does_not_flicker_and_keeps_the_status(
    cluster: Cluster, people: People, befriend: Befriend
) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with cluster.left.open("online", me) as mine:
        async with cluster.left.open("online", ada) as hers:
            await status(hers, "away")
        async with cluster.right.open("online", ada):
            async with cluster.left.open("online", eve):
                await mine.until("user_online", user_id=eve.pk)
            await mine.until("user_offline", user_id=eve.pk)  # later than Ada's lease on the left
            assert told_of(mine.seen, ada)[-1] == "away"
            assert "offline" not in told_of(mine.seen, ada)


@pytest.mark.parametrize("lease_s", [4.0])
async def test_users_of_a_killed_process_are_offline_soon_after_its_lease(
    cluster: Cluster, people: People, befriend: Befriend, lease_s: float
) -> None:
    me, ada, both, hidden = people.users("me", "ada", "both", "hidden")
    befriend(me, ada, both, hidden)
    async with contextlib.AsyncExitStack() as stack:
        mine = await stack.enter_async_context(cluster.right.open("online", me))
        await stack.enter_async_context(cluster.right.open("online", both))
        for user in (ada, both):
            await stack.enter_async_context(cluster.left.open("online", user))
        theirs = await stack.enter_async_context(cluster.left.open("online", hidden))
        await until_seen(mine, {ada.pk: "online", both.pk: "online", hidden.pk: "online"})
        await status(theirs, "invisible")
        await until_seen(mine, {ada.pk: "online", both.pk: "online"})
        hidden_since = await kept_last_seen(cluster, hidden)  # written some time after others were told
        killed = time.monotonic()
        cluster.left.kill()
        await mine.until("user_offline", user_id=ada.pk, within=lease_s + 10)
        # It was renewed a quarter of it before at most, and later where the machine is busy.
        assert time.monotonic() - killed > lease_s / 4, "others were told before the lease ended"
        await until_seen(mine, {both.pk: "online"})
        assert "offline" not in told_of(mine.seen, both)
        assert await kept_last_seen(cluster, ada) > hidden_since
        assert await last_seen(cluster, hidden) == hidden_since


@pytest.mark.parametrize(("grace_s", "lease_s"), [(4.0, 60.0)])
async def test_users_of_a_stopped_process_are_offline_after_the_grace_unless_they_return(
    cluster: Cluster, people: People, befriend: Befriend
) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with cluster.right.open("online", me) as mine:
        async with cluster.left.open("online", ada), cluster.left.open("online", eve):
            await until_seen(mine, {ada.pk: "online", eve.pk: "online"})
            await asyncio.to_thread(cluster.left.stop)
        async with cluster.right.open("online", ada):
            await mine.until("user_offline", user_id=eve.pk, within=20)
            await until_seen(mine, {ada.pk: "online"})
            assert "offline" not in told_of(mine.seen, ada)


@pytest.mark.parametrize("lease_s", [10.0])
async def test_a_lost_store_is_told_anew_and_nobody_is_told_offline(
    cluster: Cluster, people: People, befriend: Befriend, lease_s: float
) -> None:
    me, ada, late, hidden, eve = people.users("me", "ada", "late", "hidden", "eve")
    befriend(me, ada, late, hidden, eve)
    async with (
        cluster.right.open("online", me) as mine,
        cluster.right.open("online", ada) as hers,
        cluster.left.open("online", late),
        cluster.left.open("online", hidden) as theirs,
    ):
        await status(theirs, "invisible")
        await until_seen(mine, {ada.pk: "online", late.pk: "online"})
        before = len(mine.seen)
        cluster.left.pause()  # so that the right process is there long before it
        cluster.redis.kill()
        cluster.redis.start()
        await status(hers, "busy")
        await mine.until("user_online", user_id=ada.pk, status="busy")
        cluster.left.resume()
        async with cluster.left.open("online", eve):
            await mine.until("user_online", user_id=eve.pk, within=10)
        await mine.until("user_offline", user_id=eve.pk, within=10)
        await until_seen(mine, {ada.pk: "busy", late.pk: "online"})
        assert told_of(mine.seen[before:], late) == told_of(mine.seen[before:], hidden) == []
        await asyncio.to_thread(cluster.left.kill)  # put back is not for ever
        await mine.until("user_offline", user_id=late.pk, within=lease_s * 2 + 10)
        assert told_of(mine.seen[before:], hidden) == []


@pytest.mark.parametrize("lease_s", [8.0])
async def test_an_outage_longer_than_the_lease_drops_nobody_who_lives(
    cluster: Cluster, people: People, befriend: Befriend, lease_s: float
) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with cluster.right.open("online", me) as mine, cluster.left.open("online", ada):
        await until_seen(mine, {ada.pk: "online"})
        before = len(mine.seen)
        cluster.left.pause()  # so that the right process is there long before it
        cluster.redis.pause()
        await asyncio.to_thread(pass_by, lease_s * 1.5)  # Redis' clock goes on, and with it every lease
        cluster.redis.resume()
        async with cluster.right.open("online", eve):
            await mine.until("user_online", user_id=eve.pk, within=10)
        await asyncio.to_thread(pass_by, lease_s / 2)  # two rounds of the right process
        cluster.left.resume()
        async with cluster.left.open("online", eve):
            await mine.until("user_online", user_id=eve.pk, within=10)
        assert told_of(mine.seen[before:], ada) == []


async def test_a_process_that_stood_still_returns_with_its_users_as_they_were(
    cluster: Cluster, people: People, befriend: Befriend, lease_s: float
) -> None:
    me, ada, hidden = people.users("me", "ada", "hidden")
    befriend(me, ada, hidden)
    async with cluster.right.open("online", me) as mine, contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(cluster.left.open("online", ada))
        async with cluster.right.open("online", ada) as hers, cluster.right.open("online", hidden) as theirs:
            await status(hers, "away")
            await status(theirs, "invisible")
            await until_seen(mine, {ada.pk: "away"})
            await stack.enter_async_context(cluster.left.open("online", hidden))
        await asyncio.to_thread(pass_by, 1)  # the devices on the right are gone, and their grace
        cluster.left.pause()
        await mine.until("user_offline", user_id=ada.pk, within=lease_s + 10)
        before = len(mine.seen)
        cluster.left.resume()
        await until_seen(mine, {ada.pk: "away"})
        assert told_of(mine.seen[before:], ada) == ["away"]
        assert told_of(mine.seen[before:], hidden) == []


async def test_other_processes_ask_the_store(
    cluster: Cluster, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, hidden, absent = people.users("ada", "hidden", "absent")

    def online(user: Any) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr("presence.selectors.setting", {"REDIS_URL": cluster.redis.url}.__getitem__)
            return is_online(user_id=user.pk)

    async with cluster.left.open("feed", ada), cluster.left.open("online", hidden) as theirs:
        await status(theirs, "invisible")

        async def known() -> bool:
            return online(ada)

        await eventually(known)
        assert online(hidden), "for what concerns the user alone"
        assert not online(absent)
    cluster.redis.kill()
    assert not online(ada)


def pass_by(seconds: float) -> None:
    """Time itself is waited for: that of Redis, whose clock ends leases."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, within=seconds + 1)
