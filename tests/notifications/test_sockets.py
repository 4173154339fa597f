"""The channel ``notifications`` over a real server: every row of PROTOCOL §4 and §5 that is its own."""

from __future__ import annotations

from typing import Any

import pytest

from connections.services import block_add
from notifications.services import (
    notifications_withdraw,
)
from tests.harness.client import Client
from tests.harness.databases import Database
from tests.harness.site import Site
from tests.notifications.conftest import Trio, achieve, comment, like


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Database:
    """The server's database."""
    return site.database


async def settled(site: Site, user: Any, client: Client) -> list[dict[str, Any]]:
    """Everything that came on this socket, up to the last of what was committed before this call."""
    marker = site.run(achieve, user, "marker")
    frames: list[dict[str, Any]] = []
    while not any(frame.get("notification", {}).get("id") == marker.pk for frame in frames):
        frames += await client.barrier()
    return frames


async def test_opening_tells_what_is_unread(site: Site, trio: Trio) -> None:
    for _ in range(2):
        site.run(achieve, trio.alice)
    async with site.open("notifications", trio.alice) as client:
        connected, state, caught_up = client.opening
        assert (connected["type"], connected["channel"]) == ("connected", "notifications")
        assert state == {"type": "notifications_state", "channel": "notifications", "unread_count": 2}
        assert caught_up["type"] == "caught_up"


async def test_a_notification_comes_to_all_of_ones_devices_and_to_nobody_else(site: Site, trio: Trio) -> None:
    async with (
        site.open("notifications", trio.alice) as phone,
        site.open("notifications", trio.alice) as laptop,
        site.open("notifications", trio.bob) as other,
    ):
        row = site.run(comment, trio.alice, trio.bob, 7, "well said")
        frame = await phone.until("notification")
        assert await laptop.until("notification") == frame
        assert frame["notification"] | {"timestamp": ""} == {
            "id": row.pk,
            "type": "comment_on_post",
            "user_id": trio.bob.pk,
            "user_name": trio.bob.username,
            "count": 1,
            "post_id": 1,
            "comment_id": 7,
            "chat_id": None,
            "text": "well said",
            "data": {},
            "read": False,
            "timestamp": "",
        }
        assert frame["unread_count"] == 1
        assert [one["type"] for one in await settled(site, trio.bob, other)].count("notification") == 1


async def test_a_grouped_one_comes_again_with_the_same_inner_id(site: Site, trio: Trio) -> None:
    async with site.open("notifications", trio.alice) as client:
        for actor in (trio.bob, trio.carol):
            site.run(like, trio.alice, actor)
        first, second = await client.until("notification"), await client.until("notification")
        assert first["notification"]["id"] == second["notification"]["id"]
        assert first["id"] < second["id"]
        assert (second["notification"]["count"], second["notification"]["user_id"]) == (2, trio.carol.pk)
        assert second["unread_count"] == 1


async def test_reading_on_one_device_is_told_to_all(site: Site, trio: Trio) -> None:
    keys = [site.run(achieve, trio.alice).pk for _ in range(3)]
    async with (
        site.open("notifications", trio.alice) as phone,
        site.open("notifications", trio.alice) as laptop,
    ):
        ack = await phone.command({"type": "read", "ids": keys[:1]})
        assert (ack["type"], ack["unread_count"]) == ("ack", 2)
        for client in (phone, laptop):
            frame = await client.until("notifications_read")
            assert (frame["ids"], frame["unread_count"]) == (keys[:1], 2)
            assert "all" not in frame
        site.api(trio.alice).post("/api/notifications/read/", json={"all": True}).raise_for_status()
        for client in (phone, laptop):
            frame = await client.until("notifications_read")
            assert (frame["all"], frame["unread_count"]) == (True, 0)
            assert "ids" not in frame
        ack = await laptop.command({"type": "read", "all": True})
        assert (ack["type"], ack["unread_count"]) == ("ack", 0)
        assert {frame["type"] for frame in await phone.barrier()} <= {"cursor"}  # which may come at any time


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "ids"),
        ({"ids": [1], "all": True}, "ids"),
        ({"ids": "1"}, "ids"),
        ({"ids": [0]}, "ids"),
        ({"ids": [True]}, "ids"),
        ({"ids": [1.5]}, "ids"),
        ({"all": "yes"}, "all"),
    ],
)
async def test_a_mark_that_makes_no_sense_names_the_field(
    site: Site, trio: Trio, fields: Any, field: str
) -> None:
    async with site.open("notifications", trio.alice) as client:
        answer = await client.command({"type": "read", **fields})
        assert (answer["type"], answer["code"]) == ("error", "invalid_message")
        assert answer["field"].startswith(field)


async def test_preferences_are_told_to_all_devices(site: Site, trio: Trio) -> None:
    async with site.open("notifications", trio.alice) as client:
        api = site.api(trio.alice)
        asked = {"preferences": {"reaction_on_post": False}}
        preferences = api.put("/api/notifications/preferences/", json=asked).raise_for_status().json()
        frame = await client.until("preferences_changed")
        assert frame["preferences"] == preferences["preferences"]
        assert frame["preferences"]["reaction_on_post"] is False
        site.run(like, trio.alice, trio.bob)
        [told] = [one for one in await settled(site, trio.alice, client) if one["type"] == "notification"]
        assert told["notification"]["type"] == "achievement"


async def test_what_is_withdrawn_is_removed(site: Site, trio: Trio) -> None:
    row = site.run(like, trio.alice, trio.bob)
    async with site.open("notifications", trio.alice) as client:
        site.run(notifications_withdraw, recipient=trio.alice, actor=trio.bob, post_id=1)
        frame = await client.until("notifications_removed")
        assert row is not None
        assert (frame["ids"], frame["unread_count"]) == ([row.pk], 0)


async def test_what_was_missed_is_replayed_and_says_nothing_of_what_was_withdrawn(
    site: Site, trio: Trio
) -> None:
    async with site.open("notifications", trio.alice) as client:
        cursor = client.cursor
    site.run(comment, trio.alice, trio.bob, 1, "harmless")
    site.run(comment, trio.alice, trio.carol, 2, "regretted")
    site.run(notifications_withdraw, comment_id=2)
    async with site.open("notifications", trio.alice, since=cursor) as client:
        told = [frame for frame in client.opening if frame["type"] == "notification"]
        assert told
        assert "regretted" not in str(client.opening)
        assert told[-1]["notification"]["text"] == "harmless"
        assert client.opening[-2] == {
            "type": "notifications_state",
            "channel": "notifications",
            "unread_count": 1,
        }


async def test_a_block_takes_effect_on_open_sockets_and_in_replay(site: Site, trio: Trio) -> None:
    site.run(like, trio.alice, trio.carol)
    site.run(like, trio.alice, trio.bob)
    async with site.open("notifications", trio.alice) as client:
        site.run(block_add, user=trio.bob, user_id=trio.alice.pk)
        frame = await client.until("notification", unread_count=1)
        assert (frame["notification"]["count"], frame["notification"]["user_id"]) == (1, trio.carol.pk)
    async with site.open("notifications", trio.alice, since=0) as client:
        told = [frame for frame in client.opening if frame["type"] == "notification"]
        assert {frame["notification"]["user_name"] for frame in told} == {trio.carol.username}


async def test_it_works_on_the_multiplexed_socket(site: Site, trio: Trio) -> None:
    async with site.connect(token=site.token(trio.alice)) as client:
        await client.send({"type": "subscribe", "channel": "notifications"})
        await client.until("caught_up", channel="notifications")
        row = site.run(achieve, trio.alice)
        assert (await client.until("notification"))["notification"]["id"] == row.pk
        ack = await client.command({"type": "read", "channel": "notifications", "all": True})
        assert ack["unread_count"] == 0
