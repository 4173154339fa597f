"""Opening ``online`` costs the same with two connections as with five thousand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.models import Connection
from presence.consumers import OnlineConsumer
from presence.events import UserOnline, topic_of
from realtime.opening import Question, Snapshot, read_snapshots
from realtime.publishing import publish, publish_at_once
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Site
from tests.harness.waiting import eventually

MANY = 5_000
WITHIN_S = 60.0


def befriend_many(user: Any) -> Any:
    """The last of the user's new friends."""
    model = get_user_model()
    names = [f"{user.username}-{number}" for number in range(MANY)]
    friends = model.objects.bulk_create(model(username=name, password="!") for name in names)
    Connection.objects.bulk_create(Connection(one=user, other=friend) for friend in friends)
    return friends[-1]


async def test_opening_joins_no_group_for_each_connection(
    redis_site: Site, redis: RedisServer, people: People
) -> None:
    famous = people.user("famous")
    friend = await asyncio.to_thread(redis_site.run, befriend_many, famous)

    def joins() -> int:
        with redis.client() as client:
            return int(client.info("commandstats").get("cmdstat_subscribe", {}).get("calls", 0))

    async def answers() -> bool:
        return (await asyncio.to_thread(redis_site.api().get, "/ready/")).status_code == 200

    await eventually(answers, within=WITHIN_S)
    before = joins()
    async with redis_site.connect("online", token=redis_site.token(famous)) as client:
        await client.opened(within=WITHIN_S)
        async with redis_site.open("online", friend):
            await client.until("user_online", within=WITHIN_S, user_id=friend.pk)
        assert joins() - before < 20


def test_opening_is_a_few_statements(database: Database, people: People) -> None:
    few, many, friend = people.users("few", "many", "friend")
    people.connect(few, friend)
    befriend_many(many)

    def statements(user: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            (found,) = read_snapshots([Question(OnlineConsumer(user=user, params={}), "0", 100, {})])
        assert isinstance(found, Snapshot)
        assert topic_of(friend.pk if user is few else many.pk + 2).name in found.names
        return len(captured)

    assert statements(many) == statements(few) < 15


def test_what_every_process_tells_its_own_sockets_is_not_published() -> None:
    event = UserOnline(user_id=1, full_name="Ada", status="online")
    for send in (publish, publish_at_once):
        with pytest.raises(ValueError, match="own hub"):
            send(event)
