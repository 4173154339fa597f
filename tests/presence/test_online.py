"""The channel ``online`` over a real server."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connections.services import block_add, block_remove, connection_make, connection_remove
from presence.models import LastSeen
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site, Sites
from tests.harness.waiting import eventually
from tests.presence.conftest import FAST, Befriend, seen_by, told_of

NAME = {"first_name": "Ada", "last_name": "Lovelace"}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return FAST


def rest(site: Site, user: Any, *others: Any) -> list[dict[str, Any]]:
    """What REST tells ``user`` of the others."""
    asked = ",".join(str(other.pk) for other in others)
    answer = site.api(user).get("/api/presence/", params={"users": asked})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def set_status(client: Client, status: str) -> None:
    answer = await client.command({"type": "status", "status": status})
    assert answer["type"] == "ack", answer
    assert answer["status"] == status


async def left(client: Client, user: Any) -> dict[str, Any]:
    return await client.until("user_offline", user_id=user.pk)


async def test_who_opens_is_told_which_connections_are_online(
    site: Site, people: People, befriend: Befriend
) -> None:
    me, away, absent, stranger = people.users("me", "away", "absent", "stranger")
    ada = people.user("ada", **NAME)
    befriend(me, ada, away, absent)
    async with (
        site.open("notifications", ada),
        site.open("online", away) as device,
        site.open("online", stranger),
        site.connect("online", token=site.token(me)) as mine,
    ):
        await set_status(device, "away")
        types = [frame["type"] for frame in await mine.opened()]
        assert types == ["connected", "presence_state", "caught_up"]
        [state] = [frame for frame in mine.opening if frame["type"] == "presence_state"]
        assert state["channel"] == "online"
        assert state["users"] == [
            {"user_id": away.pk, "full_name": away.username, "status": "away", "last_seen": None},
            {"user_id": ada.pk, "full_name": "Ada Lovelace", "status": "online", "last_seen": None},
        ]


async def test_connections_are_told_who_comes_and_who_leaves(
    site: Site, people: People, befriend: Befriend
) -> None:
    me, ada = people.user("me"), people.user("ada", **NAME)
    befriend(me, ada)
    async with site.open("online", me) as mine:
        async with site.open("online", ada) as hers:
            assert seen_by(hers) == {me.pk: "online"}
            came = await mine.until("user_online")
            assert came == {
                "type": "user_online",
                "channel": "online",
                "user_id": ada.pk,
                "full_name": "Ada Lovelace",
                "status": "online",
            }
        gone = await left(mine, ada)
        last_seen = gone.pop("last_seen")
        assert gone == {"type": "user_offline", "channel": "online", "user_id": ada.pk}
        age = datetime.now(UTC) - datetime.fromisoformat(last_seen)
        assert timedelta(seconds=-1) < age < timedelta(seconds=30)
        [person] = rest(site, me, ada)
        assert person["status"] == "offline"
        assert datetime.fromisoformat(person["last_seen"]) == datetime.fromisoformat(last_seen)


async def test_a_user_is_online_while_any_device_is(site: Site, people: People, befriend: Befriend) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with site.open("online", me) as mine, site.open("feed", ada):
        await mine.until("user_online", user_id=ada.pk)
        async with site.open("online", ada), site.open("connections", ada):
            pass
        async with site.open("online", eve):
            await mine.until("user_online", user_id=eve.pk)
        await left(mine, eve)  # who left later than Ada's other devices
        assert told_of(mine.seen, ada) == ["online"]


async def test_loading_a_page_again_does_not_flicker(site: Site, people: People, befriend: Befriend) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with site.open("online", me) as mine:
        for _ in range(5):
            async with site.open("online", ada) as hers:
                await hers.barrier()
        async with site.open("online", eve):
            await mine.until("user_online", user_id=eve.pk)
        await left(mine, ada)
        assert told_of(mine.seen, ada) == ["online", "offline"]


async def test_a_status_is_told_and_kept_over_sockets_while_online(
    site: Site, people: People, befriend: Befriend
) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    async with site.open("online", me) as mine, AsyncExitStack() as stack:
        async with site.open("online", ada) as hers:
            await mine.until("user_online", status="online")
            for status in ("away", "busy", "online", "busy"):
                await set_status(hers, status)
                await mine.until("user_online", status=status)
            other = await stack.enter_async_context(site.open("feed", ada))
        await other.barrier()
        [person] = rest(site, me, ada)
        assert person["status"] == "busy"
        await stack.aclose()
        await left(mine, ada)
        async with site.open("online", ada):
            assert (await mine.until("user_online"))["status"] == "online"


async def test_a_status_said_twice_is_told_once(site: Site, people: People, befriend: Befriend) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    async with site.open("online", ada) as hers, site.open("online", me) as mine:
        for status in ("away", "away", "busy"):
            await set_status(hers, status)
        await mine.until("user_online", status="busy")
        told = [status for status in told_of(mine.seen, ada) if status != "online"]
        assert told in (["away", "busy"], ["busy"])  # of what follows fast, only the last is worth telling


@pytest.mark.parametrize("status", ["offline", "", None, 1, "ONLINE", ["away"]])
async def test_no_other_status_is_taken(site: Site, people: People, status: object) -> None:
    async with site.open("online", people.user()) as client:
        answer = await client.command({"type": "status", "status": status})
        assert (answer["type"], answer["code"], answer["field"]) == ("error", "invalid_message", "status")


# ── invisible ───────────────────────────────────────────────────────────────────────────────


async def test_who_turns_invisible_and_who_leaves_are_told_alike(
    site: Site, people: People, befriend: Befriend
) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with site.open("online", ada) as hers, site.open("online", me) as mine:

        async def told_alike() -> bool:
            await set_status(hers, "online")
            async with site.open("online", eve):
                await mine.until("user_online", user_id=eve.pk)
            of_eve = await left(mine, eve)
            eve_after = datetime.now(UTC) - datetime.fromisoformat(of_eve["last_seen"])
            await set_status(hers, "invisible")
            of_ada = await left(mine, ada)
            ada_after = datetime.now(UTC) - datetime.fromisoformat(of_ada["last_seen"])
            assert of_ada.keys() == of_eve.keys()
            return abs(eve_after - ada_after) < timedelta(seconds=0.3)

        # A busy machine is late at times, a delay that would tell them apart is there always.
        await eventually(told_alike, within=20)
        in_rest = rest(site, me, ada, eve)
        assert [person["status"] for person in in_rest] == ["offline", "offline"]
        assert [person["last_seen"] is None for person in in_rest] == [False, False]
    async with site.open("online", me) as mine:
        assert seen_by(mine) == {}


async def test_nothing_tells_what_the_invisible_do(site: Site, people: People, befriend: Befriend) -> None:
    me, ada, eve = people.users("me", "ada", "eve")
    befriend(me, ada, eve)
    async with site.open("online", me) as mine:
        async with AsyncExitStack() as stack:
            async with site.open("online", ada) as hers:
                await set_status(hers, "invisible")
                seen = (await left(mine, ada))["last_seen"]
                again = await stack.enter_async_context(site.open("online", ada))
            await stack.enter_async_context(site.open("feed", ada))
            await set_status(again, "invisible")
            assert seen_by(again) == {me.pk: "online"}, "the invisible see"
        async with site.open("online", eve):
            await mine.until("user_online", user_id=eve.pk)
        await left(mine, eve)  # by now Ada is gone as well
        assert told_of(mine.seen, ada) in (["offline"], ["online", "offline"])
        [person] = rest(site, me, ada)
        assert datetime.fromisoformat(person["last_seen"]) == datetime.fromisoformat(seen)

        async def kept() -> bool:
            return await asyncio.to_thread(site.run, LastSeen.objects.filter(user=eve).exists)

        await eventually(kept)  # what is written later than anything of Ada's would be
        row = await asyncio.to_thread(site.run, LastSeen.objects.get, user=ada)
        assert row.at == datetime.fromisoformat(seen)


async def test_who_turns_visible_again_comes_like_anyone(
    site: Site, people: People, befriend: Befriend
) -> None:
    me, ada = people.users("me", "ada")
    befriend(me, ada)
    async with site.open("online", me) as mine, site.open("online", ada) as hers:
        await mine.until("user_online")
        await set_status(hers, "invisible")
        await left(mine, ada)
        await set_status(hers, "online")
        came = await mine.until("user_online")
        assert set(came) == {"type", "channel", "user_id", "full_name", "status"}


# ── who may see whom ────────────────────────────────────────────────────────────────────────


async def test_strangers_and_former_connections_hear_and_read_nothing(
    site: Site, people: People, befriend: Befriend
) -> None:
    ada, friend, stranger, former = people.users("ada", "friend", "stranger", "former")
    befriend(ada, friend, former)
    site.run(connection_remove, user=former, user_id=ada.pk)
    async with (
        site.open("online", friend) as told,
        site.open("online", stranger) as one,
        site.open("online", former) as other,
    ):
        async with site.open("online", ada) as hers:
            await told.until("user_online")
            await set_status(hers, "busy")
            await told.until("user_online", status="busy")
        await left(told, ada)
        for client in (one, other):
            assert seen_by(client) == {}
            assert told_of(await client.barrier(), ada) == []
    for user in (stranger, former, ada):
        assert rest(site, user, ada) == []


async def test_a_tie_made_shows_each_to_the_other(site: Site, people: People, befriend: Befriend) -> None:
    ada, bob, eve = people.users("ada", "bob", "eve")
    befriend(bob, eve)
    async with site.open("online", ada) as hers, site.open("online", bob) as his:
        await asyncio.to_thread(site.run, connection_make, one_id=ada.pk, other_id=bob.pk)
        for client, other in ((hers, bob), (his, ada)):
            state = await client.until("presence_state", users=[entry(other)])
            assert state["channel"] == "online"
        async with site.open("online", eve):
            await his.until("user_online", user_id=eve.pk)
        await set_status(hers, "away")
        await his.until("user_online", user_id=ada.pk, status="away")


async def test_a_tie_ended_shows_neither_to_the_other(site: Site, people: People, befriend: Befriend) -> None:
    ada, bob, eve = people.users("ada", "bob", "eve")
    befriend(ada, bob, eve)
    async with (
        site.open("online", eve) as told,
        site.open("online", ada) as hers,
        site.open("online", bob) as his,
    ):
        await asyncio.to_thread(site.run, connection_remove, user=ada, user_id=bob.pk)
        await his.until("presence_state", users=[])
        await hers.until("presence_state", users=[entry(eve)])
        await his.barrier()
        await set_status(hers, "busy")
        await told.until("user_online", status="busy")
        assert told_of(await his.barrier(), ada) == []


async def test_a_block_hides_each_from_the_other_at_once(
    site: Site, people: People, befriend: Befriend
) -> None:
    ada, bob, eve = people.users("ada", "bob", "eve")
    befriend(ada, bob, eve)
    async with site.open("online", bob) as his, site.open("online", eve) as told:
        async with site.open("online", ada) as hers:
            await his.until("user_online")
            await asyncio.to_thread(site.run, block_add, user=ada, user_id=bob.pk)
            await his.until("presence_state", users=[])
            await hers.until("presence_state", users=[entry(eve)])
            assert rest(site, bob, ada) == rest(site, ada, bob) == []
            await his.barrier()
            await set_status(hers, "busy")
            await told.until("user_online", status="busy")
        await left(told, ada)
        assert told_of(await his.barrier(), ada) == []
        await asyncio.to_thread(site.run, block_remove, user=ada, user_id=bob.pk)
        assert rest(site, bob, ada) == [], "a block ends the tie for good"


# ── the server's own life ───────────────────────────────────────────────────────────────────


async def test_a_server_that_stops_keeps_when_its_users_were_last_seen(
    sites: Sites, people: People, befriend: Befriend
) -> None:
    site = sites.start("sqlite", settings=FAST)
    me, ada, hidden = people.users("me", "ada", "hidden")
    befriend(me, ada, hidden)
    async with site.open("online", me) as mine, site.open("online", hidden) as hers, site.open("feed", ada):
        await set_status(hers, "invisible")
        await left(mine, hidden)
        before = rest(site, me, hidden)
        await asyncio.to_thread(site.restart)
    of_ada, of_hidden = rest(site, me, ada, hidden)
    assert of_ada["status"] == "offline"
    assert of_ada["last_seen"] is not None
    assert [of_hidden] == before


def entry(user: Any) -> dict[str, Any]:
    """An online user in a state frame, never seen leaving."""
    return {"user_id": user.pk, "full_name": user.username, "status": "online", "last_seen": None}
