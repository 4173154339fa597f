"""A crowd that comes and goes at random, over two processes: at the end everybody knows the truth.

500 users; the long form, outside `make test`, takes some minutes: `make crowd`, 2,000 users.
The seed is in the test's name; `CROWD_SEED=…` does the same again, as far as the machine does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from connections.models import Connection
from presence.models import LastSeen
from presence.redis_store import RedisStore
from presence.store import Status
from tests.harness.client import Client
from tests.harness.servers import RedisServer
from tests.harness.site import Cluster, Sites
from tests.harness.waiting import eventually
from tests.presence.conftest import seen_by

CROWD = int(os.environ.get("CROWD", "500"))
SEED = int(os.environ.get("CROWD_SEED", secrets.randbelow(10**6)))
FRIENDS = 3  # each user's with the next ones in a circle, so twice as many
FAMOUS = 4  # connected with everyone: they watch from the beginning to the end
AT_ONCE = 40  # sockets that open side by side
WITHIN_S = 60.0


@pytest.fixture
def cluster(sites: Sites, redis: RedisServer) -> Cluster:
    settings = {
        "KITH_PRESENCE_GRACE_S": "0.5",
        "KITH_PRESENCE_LEASE_S": "20",  # a machine so busy that a process is silent for long
        "WEBSOCKET_PING_TIMEOUT": "300",
    }
    left, right = sites.start_cluster(2, "postgres", redis=redis, settings=settings)
    return Cluster(left, right, redis)


def make_crowd() -> tuple[list[Any], list[Any]]:
    """The famous, and everybody else."""
    model = get_user_model()
    names = [f"famous-{number}" for number in range(FAMOUS)] + [f"user-{number}" for number in range(CROWD)]
    users = model.objects.bulk_create(model(username=name, password="!") for name in names)
    famous, crowd = users[:FAMOUS], users[FAMOUS:]
    circle = [(crowd[i], crowd[(i + step) % CROWD]) for i in range(CROWD) for step in range(1, FRIENDS + 1)]
    ties = [*circle, *((one, other) for one in famous for other in crowd)]
    Connection.objects.bulk_create(Connection(one=one, other=other) for one, other in ties)
    return famous, crowd


class Crowd:
    """Plays everybody; ``online`` is the truth, ``open`` the sockets that stay."""

    def __init__(self, cluster: Cluster, stack: contextlib.AsyncExitStack, seed: int) -> None:
        self.random = random.Random(seed)
        self.online: dict[int, str] = {}
        self.open: dict[int, Client] = {}
        self._sites = (cluster.left, cluster.right)
        self._stack = stack
        self._turn = asyncio.Semaphore(AT_ONCE)

    def connect(self, user: Any) -> contextlib.AbstractAsyncContextManager[Client]:
        return self.random.choice(self._sites).open("online", user)

    async def live(self, user: Any) -> None:
        """Come and go some times, in good order or not; then stay, or be gone."""
        for _ in range(self.random.randrange(3)):
            async with self._turn, self.connect(user) as client:
                if self.random.random() < 0.5:
                    await self._choose(client)
                if self.random.random() < 0.5:
                    client.abort()
            await asyncio.sleep(self.random.random())  # within the grace time or beyond
        if self.random.random() < 0.5:
            async with self._turn:
                self.open[user.pk] = client = await self._stack.enter_async_context(self.connect(user))
                self.online[user.pk] = await self._choose(client)

    async def _choose(self, client: Client) -> str:
        status = self.random.choice(list(Status)).value
        answer = await client.command({"type": "status", "status": status}, within=WITHIN_S)
        assert answer["type"] == "ack", answer
        return status

    def seen(self, users: list[Any]) -> dict[int, str]:
        """What a friend of these should see."""
        visible = {key: status for key, status in self.online.items() if status != "invisible"}
        return {user.pk: visible[user.pk] for user in users if user.pk in visible}


@pytest.mark.parametrize("seed", [SEED])
async def test_at_the_end_the_store_and_every_watcher_agree_with_the_truth(
    cluster: Cluster, seed: int
) -> None:
    famous, crowd = await asyncio.to_thread(cluster.left.run, make_crowd)
    async with contextlib.AsyncExitStack() as stack:
        play = Crowd(cluster, stack, seed)
        watchers = [await stack.enter_async_context(play.connect(user)) for user in famous]
        await asyncio.gather(*map(play.live, crowd))
        play.online |= {user.pk: "online" for user in famous}

        store = RedisStore(cluster.redis.url)
        stack.push_async_callback(store.close)

        async def store_agrees() -> bool:
            known = (await store.everyone()).statuses
            return {int(user): status.value for user, status in known.items()} == play.online

        await eventually(store_agrees, within=WITHIN_S)

        async def agrees(client: Client, friends: list[Any]) -> None:
            async def look() -> bool:
                await client.barrier(within=WITHIN_S)
                return seen_by(client) == play.seen(friends)

            await eventually(look, within=WITHIN_S, what=f"{play.seen(friends)}, seen {seen_by(client)}")

        await asyncio.gather(*(agrees(watcher, crowd) for watcher in watchers))
        assert 0.3 < len(play.open) / CROWD < 0.7
        for place, user in enumerate(crowd):
            if client := play.open.get(user.pk):
                others = range(-FRIENDS, FRIENDS + 1)
                friends = [crowd[(place + step) % CROWD] for step in others if step]
                await agrees(client, friends + famous)

        for site, user in ((cluster.left, famous[0]), (cluster.right, famous[1])):
            asked = crowd[:200]
            api = site.api(user)
            answer = await asyncio.to_thread(
                api.get, "/api/presence/", params={"users": ",".join(str(user.pk) for user in asked)}
            )
            told = {person["user_id"]: person["status"] for person in answer.json()["results"]}
            seen = play.seen(asked)
            assert told == {user.pk: seen.get(user.pk, "offline") for user in asked}

        def gone_unseen() -> list[int]:
            """Who was seen leaving, but it was not kept."""
            kept = set(LastSeen.objects.values_list("user_id", flat=True))
            left = {frame["user_id"] for frame in watchers[0].seen if frame["type"] == "user_offline"}
            return sorted(left - kept)

        async def all_kept() -> bool:
            return not await asyncio.to_thread(cluster.left.run, gone_unseen)

        await eventually(all_kept)
