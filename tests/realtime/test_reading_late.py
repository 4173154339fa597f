"""A socket that reads nothing for a while misses nothing of what other processes did meanwhile.

The hub's horizon passes it: what the socket has not been told then, only its own catching up can find.
"""

from __future__ import annotations

from typing import Any

import pytest

from connections.services import connection_make
from tests.harness.client import Client, Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import wait_until
from tests.realtime.little_room import MUCH, little_room, read_on, stuck_in_its_replay
from tests.realtime.membership import added_by_rest, heard_once, removed_here
from tests.realtime.talking import say, say_together


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_SOCKET_BACKLOG_BYTES": "20000"}


async def horizon_passes(site: Site, people: People) -> None:
    """Return when the hub has dealt with all that was committed so far, on whatever topic it hears."""
    witness = people.user("witness")
    chat = people.chat(witness)
    async with site.open("messages", witness) as client:
        site.run(say, chat, witness, "meanwhile")
        while horizon(await client.until("cursor")) <= horizon(client.opening[0]):
            pass


def horizon(frame: Frame) -> int:
    return int(frame["cursor"].rpartition("~")[2])


async def gain_a_chat(site: Site, people: People, client: Client, owner: Any, user: Any) -> None:
    """All that the client, who does not read, is to be told of a chat that it gains meanwhile."""
    gained = people.chat(owner)
    site.run(say, gained, owner, "before")
    added_by_rest(site, gained, owner, user)
    site.run(say, gained, owner, "one")
    await horizon_passes(site, people)
    site.run(say, gained, owner, "two")
    read_on(client)
    await client.until("new_message", content="two", within=10)
    assert heard_once(client, gained) == ["one", "two"]


def fallen_behind(site: Site) -> float:
    figures = site.api().get("/metrics").text
    return float(figures.partition("\nkith_fell_behind_total ")[2].partition("\n")[0])


async def test_a_chat_gained_while_behind_is_not_missed(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    old, before = people.chat(alice, bob), fallen_behind(site)
    async with little_room(site, "messages", bob) as client:
        await client.opened()
        client.socket.transport.pause_reading()
        site.run(say_together, old, alice, *MUCH)
        wait_until(lambda: fallen_behind(site) > before)
        await gain_a_chat(site, people, client, alice, bob)
        assert len(heard_once(client, old)) == len(MUCH)


async def test_a_chat_gained_during_the_replay_is_not_missed(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    old = people.chat(alice, bob)
    site.run(say_together, old, alice, *MUCH)
    async with stuck_in_its_replay(site, "messages", bob) as client:
        await gain_a_chat(site, people, client, alice, bob)
        assert len(heard_once(client, old)) == len(MUCH)


async def test_rights_that_change_during_the_replay_take_nothing_from_it(site: Site, people: People) -> None:
    """A new tie makes every open channel ask again which topics are its own."""
    alice, bob, eve = people.users("alice", "bob", "eve")
    chat = people.chat(alice, bob)
    site.run(say_together, chat, alice, *MUCH)
    async with stuck_in_its_replay(site, "messages", bob) as client:
        site.run(say, chat, alice, "one")
        site.run(connection_make, one_id=bob.pk, other_id=eve.pk)
        await horizon_passes(site, people)
        site.run(say, chat, alice, "two")
        read_on(client)
        await client.until("new_message", content="two", within=30)
        await client.until("caught_up", within=30)
        assert heard_once(client, chat) == [*MUCH, "one", "two"]


@pytest.mark.parametrize("path", ["messages/{}", "messages"])
async def test_what_is_said_during_the_replay_follows_it(site: Site, people: People, path: str) -> None:
    """Though nothing else is ever said there, which would show the hub a hole."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    site.run(say_together, chat, alice, *MUCH)
    async with stuck_in_its_replay(site, path.format(chat.pk), bob) as client:
        site.run(say, chat, alice, "the end")
        await horizon_passes(site, people)
        read_on(client)
        await client.until("new_message", content="the end", within=10)
        assert heard_once(client, chat) == [*MUCH, "the end"]


async def test_who_is_removed_during_the_replay_hears_nothing_more(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    site.run(say_together, chat, alice, *MUCH)
    async with stuck_in_its_replay(site, f"messages/{chat.pk}", bob) as client:
        removed_here(site, chat, alice, bob)
        site.run(say, chat, alice, "not for Bob")
        await horizon_passes(site, people)
        read_on(client)
        assert await client.closed(within=10) == 4403
        assert heard_once(client, chat) == MUCH
