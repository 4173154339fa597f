"""The promises of `PresenceStore`, kept by both versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from presence.memory import MemoryStore
from presence.redis_store import RedisStore
from presence.store import LIMBO, Change, ChangesMissed, PresenceStore, Status, StoreAway, StoreLost
from tests.harness.servers import RedisServer
from tests.harness.waiting import eventually

ONLINE, AWAY, INVISIBLE = Status.ONLINE, Status.AWAY, Status.INVISIBLE
LEASE_S = 30.0
SHORT_S = 0.2
RENEWED_S = 2.0  # long enough that it is renewed before it ends

Another = Callable[[], PresenceStore]


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
async def another(request: pytest.FixtureRequest) -> AsyncIterator[Another]:
    """``another()``: the store as one more process sees it."""
    if request.param == "memory":
        one = MemoryStore()
        yield lambda: one
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with server.client() as client:
        client.flushall()
    made: list[PresenceStore] = []

    def make() -> PresenceStore:
        made.append(RedisStore(server.url))
        return made[-1]

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def store(another: Another) -> PresenceStore:
    return another()


def users(changes: list[Change]) -> list[str]:
    return [change.user for change in changes]


async def read(store: PresenceStore, after: int = 0) -> list[tuple[str, Status | None]]:
    return [(user, status) for user, status, _ in await store.changes(after, wait_s=1)]


async def swept(store: PresenceStore) -> list[Change]:
    """What the first sweep that drops someone returns."""
    return await eventually(lambda: store.sweep(quiet_s=60))


async def test_who_is_held_is_online_until_nobody_holds_them(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE, "2": ONLINE}, lease_s=LEASE_S)
    await store.hold("right", {"1": ONLINE}, lease_s=LEASE_S)
    assert users(await store.release("left", ["1", "2", "3"])) == ["2"]
    assert (await store.everyone()).statuses == {"1": ONLINE}
    assert users(await store.release("right", ["1"])) == ["1"]
    assert (await store.everyone()).statuses == {}


async def test_every_call_may_be_repeated(store: PresenceStore) -> None:
    for _ in range(2):
        await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    assert users(await store.release("left", ["1"])) == ["1"]
    assert await store.release("left", ["1"]) == []
    assert await read(store) == [("1", ONLINE), ("1", None)]


async def test_the_status_of_who_is_online_stays_whoever_holds_them_too(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    assert await store.mark("1", AWAY) == []
    await store.hold("right", {"1": ONLINE}, lease_s=LEASE_S)
    await store.release("left", ["1"])
    assert (await store.everyone()).statuses == {"1": AWAY}


async def test_a_status_ends_with_being_online(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    await store.mark("1", AWAY)
    await store.release("left", ["1"])
    assert await store.mark("1", AWAY) is None
    await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    assert (await store.everyone()).statuses == {"1": ONLINE}


async def test_invisible_prevails_over_what_another_process_knows(store: PresenceStore) -> None:
    await store.hold("left", {"1": AWAY}, lease_s=LEASE_S)
    held = await store.hold("right", {"1": INVISIBLE}, lease_s=LEASE_S)
    assert users(held.hidden) == ["1"]
    assert (await store.hold("left", {"1": AWAY}, lease_s=LEASE_S)).hidden == []
    assert (await store.everyone()).statuses == {"1": INVISIBLE}


async def test_who_becomes_invisible_is_hidden_once_and_leaves_unseen(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    hidden = await store.mark("1", INVISIBLE)
    assert hidden is not None
    assert users(hidden) == ["1"]
    assert await store.mark("1", INVISIBLE) == []
    assert await store.release("left", ["1"]) == []
    assert await read(store) == [("1", ONLINE), ("1", INVISIBLE), ("1", None)]


async def test_a_lease_that_ends_drops_its_users_and_one_process_is_told(another: Another) -> None:
    left, right = another(), another()
    await left.sweep(quiet_s=60)
    start = (await left.everyone()).at
    await left.hold("dead", {"1": ONLINE, "2": ONLINE}, lease_s=SHORT_S)
    held = (await left.everyone()).at
    await left.hold("alive", {"2": ONLINE}, lease_s=LEASE_S)

    async def race() -> list[list[Change]]:
        found = await asyncio.gather(*(store.sweep(quiet_s=60) for store in (left, right) * 5))
        return [some for some in found if some]

    [claimed] = await eventually(race)
    assert users(claimed) == ["1"]
    assert start + 200 <= claimed[0].at <= held + 200, "when the lease ended, not when it was noticed"
    assert (await right.everyone()).statuses == {"2": ONLINE}
    assert await right.sweep(quiet_s=60) == []


async def test_the_end_of_a_renewed_lease_is_the_new_one(store: PresenceStore) -> None:
    await store.sweep(quiet_s=60)
    await store.hold("left", {"1": ONLINE}, lease_s=RENEWED_S)
    await store.hold("dead", {"2": ONLINE}, lease_s=RENEWED_S)
    assert not (await store.hold("left", {}, lease_s=LEASE_S)).lapsed
    assert users(await swept(store)) == ["2"]
    assert (await store.everyone()).statuses == {"1": ONLINE}


async def test_a_holder_that_was_dropped_is_told_so(store: PresenceStore) -> None:
    await store.sweep(quiet_s=60)
    assert (await store.hold("left", {"1": ONLINE}, lease_s=SHORT_S)).lapsed
    await swept(store)
    assert (await store.hold("left", {}, lease_s=LEASE_S)).lapsed
    assert not (await store.hold("left", {}, lease_s=LEASE_S)).lapsed
    assert (await store.everyone()).statuses == {}


async def test_the_first_sweep_after_a_silence_drops_nobody(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE}, lease_s=0)
    assert await store.sweep(quiet_s=60) == []
    assert users(await store.sweep(quiet_s=60)) == ["1"]


async def test_who_could_not_reach_the_store_prolongs_every_lease(store: PresenceStore) -> None:
    await store.sweep(quiet_s=60)
    await store.hold("left", {"1": ONLINE}, lease_s=0)
    await store.hold("right", {"2": ONLINE}, lease_s=LEASE_S, returned=True)
    assert await store.sweep(quiet_s=60) == []
    assert (await store.everyone()).statuses == {"1": ONLINE, "2": ONLINE}


async def test_changes_are_told_in_order_from_a_position_on(another: Another) -> None:
    store, reader = another(), another()
    await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    everyone = await reader.everyone()
    assert everyone.statuses == {"1": ONLINE}
    await store.mark("1", AWAY)
    await store.release("left", ["1"])
    assert await read(reader, everyone.position) == [("1", AWAY), ("1", None)]


async def test_who_waits_for_changes_is_woken(another: Another) -> None:
    store, reader = another(), another()
    position = (await reader.everyone()).position
    waiting = asyncio.create_task(reader.changes(position, wait_s=2.5))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await store.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
        assert users(await waiting) == ["1"]
    assert await reader.changes(position + 1, wait_s=0.01) == []


async def test_a_reader_too_far_behind_is_told_to_read_everyone(store: PresenceStore) -> None:
    await store.everyone()
    many = {str(number): ONLINE for number in range(12_000)}
    await store.hold("left", many, lease_s=LEASE_S)
    with pytest.raises(ChangesMissed):
        await store.changes(0, wait_s=0.01)
    assert (await store.everyone()).position == len(many)
    assert len((await store.everyone()).statuses) == len(many)


async def test_statuses_of_some(store: PresenceStore) -> None:
    await store.hold("left", {"1": ONLINE, "2": INVISIBLE}, lease_s=LEASE_S)
    assert await asyncio.to_thread(store.statuses, ["1", "2", "3"]) == {"1": ONLINE, "2": INVISIBLE}
    assert store.statuses([]) == {}


# ── what only Redis can suffer ──────────────────────────────────────────────────────────────


@pytest.fixture
async def stores(redis: RedisServer) -> AsyncIterator[tuple[RedisStore, RedisStore]]:
    both = RedisStore(redis.url), RedisStore(redis.url)
    yield both
    for store in both:
        await store.close()


async def test_a_lost_store_says_so_once_to_each_process_and_does_nothing(
    stores: tuple[RedisStore, RedisStore], redis: RedisServer
) -> None:
    left, right = stores
    await left.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    await right.everyone()
    redis.kill()
    with pytest.raises(StoreAway):
        await left.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    redis.start()
    with pytest.raises(StoreLost):
        await left.hold("left", {"1": ONLINE}, lease_s=LEASE_S)
    await left.hold(LIMBO, {"1": ONLINE}, lease_s=LEASE_S)
    with pytest.raises(StoreLost):
        await right.release("right", ["1"])
    assert (await right.everyone()).statuses == {"1": ONLINE}


async def test_a_store_that_does_not_answer_is_away(redis: RedisServer) -> None:
    store = RedisStore(redis.url)
    await store.everyone()
    redis.kill()

    async def asked(call: Callable[[], Awaitable[object]]) -> None:
        with pytest.raises(StoreAway):
            await call()

    await asked(lambda: store.hold("left", {}, lease_s=LEASE_S))
    await asked(lambda: store.changes(0, wait_s=0.01))
    await asked(lambda: asyncio.to_thread(store.statuses, ["1"]))
    await store.close()
