"""Every row of PROTOCOL §4 and §5 under ``connections``, over real servers and real sockets."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connections.services import block_add, connection_make, request_send
from tests.connections.state import Ties
from tests.harness import law
from tests.harness.law import Watcher
from tests.harness.people import People
from tests.harness.site import Cluster, Site
from tests.harness.views import Rest


@pytest.fixture(params=["site", "postgres_site"])
def server(request: pytest.FixtureRequest) -> Site:
    """On SQLite and on PostgreSQL."""
    site: Site = request.getfixturevalue(request.param)
    return site


@contextlib.asynccontextmanager
async def watching(site: Site, *users: Any) -> AsyncIterator[list[Watcher]]:
    """Devices of these users."""
    async with law.watching(site, dict(enumerate(users)), [Ties]) as watch:
        yield [*watch.watchers.values()]


async def test_request_and_acceptance(server: Site, people: People) -> None:
    async with watching(server, *people.users("alice", "bob", "carol")) as (alice, bob, carol):
        ack = await alice.does("request", user_id=bob.user.pk)
        assert (ack["status"], ack["duplicate"]) == ("pending", False)
        [sent] = await alice.hears("request_sent")
        assert (sent.to_user_id, sent.to_user_name) == (bob.user.pk, bob.user.username)
        [asked] = await bob.hears("connection_request")
        assert (asked.request_id, asked.from_user_id) == (ack["request_id"], alice.user.pk)
        assert (await bob.does("accept", request_id=asked.request_id))["request_id"] == asked.request_id
        for one, other in ((alice, bob), (bob, alice)):
            closed, accepted = await one.hears("request_closed", "connection_accepted")
            assert (closed.request_id, closed.reason) == (asked.request_id, "accepted")
            assert (accepted.request_id, accepted.user_id) == (asked.request_id, other.user.pk)
            assert accepted.user_name == other.user.username
        await carol.hears()


async def test_second_who_asks_is_connected_at_once(server: Site, people: People) -> None:
    async with watching(server, *people.users("alice", "bob")) as (alice, bob):
        first = await alice.does("request", user_id=bob.user.pk)
        await bob.hears("connection_request")
        second = await bob.does("request", user_id=alice.user.pk)
        assert (second["request_id"], second["status"]) == (first["request_id"], "accepted")
        await alice.hears("request_sent", "request_closed", "connection_accepted")
        await bob.hears("request_closed", "connection_accepted")


async def test_withdrawal_and_removal(server: Site, people: People) -> None:
    async with watching(server, *people.users("alice", "bob")) as (alice, bob):
        await alice.does("request", user_id=bob.user.pk)
        await alice.does("withdraw", user_id=bob.user.pk)
        await alice.hears("request_sent", "request_closed")
        _, closed = await bob.hears("connection_request", "request_closed")
        assert closed.reason == "withdrawn"
        server.run(connection_make, one_id=alice.user.pk, other_id=bob.user.pk)
        await bob.does("remove", user_id=alice.user.pk)
        for one, other in ((alice, bob), (bob, alice)):
            accepted, removed = await one.hears("connection_accepted", "connection_removed")
            assert accepted.request_id is removed.request_id is None
            assert removed.user_id == other.user.pk


async def test_decline_is_told_on_all_devices_of_the_decliner_and_to_nobody_else(
    server: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    async with watching(server, alice, bob, bob) as (asker, phone, laptop):
        await asker.does("request", user_id=bob.pk)
        await asker.hears("request_sent")
        await phone.does("decline", user_id=alice.pk)
        for device in (phone, laptop):
            _, closed = await device.hears("connection_request", "request_closed")
            assert closed.reason == "declined"
        assert (await asker.does("request", user_id=bob.pk))["duplicate"] is True
        await asker.hears()
        assert len(asker.view.sent) == 1


@pytest.mark.parametrize("command", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("name", ["request_id", "user_id"])
async def test_a_request_is_named_by_its_id_or_by_the_other_one(
    site: Site, people: People, command: str, name: str
) -> None:
    async with watching(site, *people.users("alice", "bob")) as (alice, bob):
        key = (await alice.does("request", user_id=bob.user.pk))["request_id"]
        who, other = (alice, bob) if command == "withdraw" else (bob, alice)
        named = {"request_id": key, "user_id": other.user.pk}[name]
        assert (await who.does(command, **{name: named}))["request_id"] == key
        closed = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn"}[command]
        assert (await who.client.until("request_closed", request_id=key))["reason"] == closed
        again = await who.client.command({"type": command, name: named})
        assert again["type"] == "ack", "doing so again changes nothing"


async def test_block_and_unblock(server: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    server.run(connection_make, one_id=alice.pk, other_id=bob.pk)
    server.run(request_send, sender=bob, user_id=carol.pk)
    async with watching(server, alice, bob, carol) as (first, second, third):
        assert (await first.does("block", user_id=bob.pk))["duplicate"] is False
        changed, _ = await first.hears("block_changed", "connection_removed")
        assert (changed.user_id, changed.user_name, changed.blocked) == (bob.pk, bob.username, True)
        [removed] = await second.hears("connection_removed")
        assert removed.user_id == alice.pk
        await third.does("block", user_id=bob.pk, ref="b")
        assert (await third.client.command({"type": "block", "user_id": bob.pk, "ref": "b"}))["duplicate"]
        _, closed = await third.hears("block_changed", "request_closed")
        assert closed.reason == "blocked"
        [closed] = await second.hears("request_closed")
        assert closed.reason == "withdrawn"
        await first.does("unblock", user_id=bob.pk)
        [changed] = await first.hears("block_changed")
        assert changed.blocked is False
        await second.hears()


async def test_commands_by_rest_and_rows_of_other_processes_are_told(server: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    async with watching(server, alice, bob) as (first, second):
        api = server.api(bob)
        made = api.post("/api/connections/requests/", json={"to_user_id": alice.pk}).json()
        await second.hears("request_sent")
        await first.hears("connection_request")
        server.api(alice).post(f"/api/connections/requests/{made['id']}/accept/").raise_for_status()
        for watched in (first, second):
            await watched.hears("request_closed", "connection_accepted")
        server.manage(
            "shell",
            "-c",
            "from connections.models import *\n"
            f"Connection.objects.get(one__in=[{alice.pk}, {bob.pk}]).delete()\n"
            f"Request.objects.create(from_user_id={alice.pk}, to_user_id={bob.pk})",
        )
        await first.hears("connection_removed", "request_sent")
        await second.hears("connection_removed", "connection_request")


async def test_who_was_away_gets_what_happened_meanwhile(server: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    before = Ties(Rest(server, alice))
    server.run(request_send, sender=bob, user_id=alice.pk)
    server.run(connection_make, one_id=alice.pk, other_id=carol.pk)
    server.run(block_add, user=alice, user_id=bob.pk)
    async with server.open("connections", alice, since=before.cursor) as client:
        before.apply_all(client.opening)
        assert before.facts == before.again().facts
        assert before.connected.keys() == {carol.pk}


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        ({"type": "request"}, "invalid_message", "user_id"),
        ({"type": "request", "user_id": None}, "invalid_message", "user_id"),
        ({"type": "request", "user_id": "nobody"}, "invalid_message", "user_id"),
        ({"type": "request", "user_id": 2**62}, "not_found", "user_id"),
        ({"type": "accept"}, "invalid_message", "request_id"),
        ({"type": "accept", "user_id": 1, "request_id": 1}, "invalid_message", "request_id"),
        ({"type": "accept", "request_id": 0}, "invalid_message", "request_id"),
        ({"type": "accept", "request_id": 2**62}, "not_found", "request_id"),
        ({"type": "decline", "user_id": 2**62}, "not_found", "user_id"),
        ({"type": "withdraw", "request_id": 2**62}, "not_found", "request_id"),
        ({"type": "remove", "user_id": 2**62}, "not_found", "user_id"),
        ({"type": "block", "user_id": 2**62}, "not_found", "user_id"),
        ({"type": "unblock", "user_id": 2**62}, "not_found", "user_id"),
        ({"type": "befriend", "user_id": 1}, "unknown_type", None),
    ],
)
async def test_refused_commands_say_why_and_leave_the_socket_open(
    site: Site, people: People, command: dict[str, Any], code: str, field: str | None
) -> None:
    async with site.open("connections", people.user("alice")) as client:
        answer = await client.command(command)
        assert (answer["type"], answer["code"], answer.get("field")) == ("error", code, field)
        await client.barrier()


async def test_the_same_ref_makes_one_request_on_any_socket(server: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    async with watching(server, alice, alice, bob) as (phone, laptop, asked):
        first = await phone.does("request", user_id=bob.pk, ref="r1")
        again = await laptop.does("request", user_id=bob.pk, ref="r1")
        assert (again["request_id"], again["duplicate"]) == (first["request_id"], True)
        other = await laptop.client.command({"type": "request", "user_id": carol.pk, "ref": "r1"})
        assert other["code"] == "conflict"
        await asked.hears("connection_request")


async def test_it_works_on_the_multiplexed_socket_too(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    async with site.connect("", token=site.token(alice)) as client:
        await client.send({"type": "subscribe", "channel": "connections"})
        await client.opened(channel="connections")
        ack = await client.command({"type": "request", "channel": "connections", "user_id": bob.pk})
        await client.until("request_sent", channel="connections", request_id=ack["request_id"])


async def test_direct_chat_is_read_only_while_one_blocks_the_other(server: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    channel = f"messages/{people.direct(alice, bob).pk}"
    say = {"type": "message", "content": "hello"}
    async with server.open(channel, alice) as mine, server.open(channel, bob) as theirs:
        said = await theirs.command(say)
        server.run(block_add, user=alice, user_id=bob.pk)
        for client in (mine, theirs):
            for command in (
                say,
                {"type": "react", "message_id": said["message_id"], "emoji": "👍", "added": True},
            ):
                assert (await client.command(command))["code"] == "forbidden"
        assert (await theirs.command({"type": "delete", "message_id": said["message_id"]}))["type"] == "ack"
        await mine.until("message_deleted", message_id=said["message_id"])
        async with server.open(channel, bob) as anew:
            await anew.send({"type": "typing", "is_typing": True})
            await anew.barrier()
            assert "typing" not in [frame["type"] for frame in await mine.barrier()]


async def test_block_reaches_sockets_of_other_processes_within_a_second(
    cluster: Cluster, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.direct(alice, bob)
    async with (
        cluster.left.open(f"messages/{chat.pk}", alice) as mine,
        cluster.right.open(f"messages/{chat.pk}", bob) as theirs,
        cluster.right.open("connections", bob) as told_to_bob,
        cluster.left.open("connections", alice) as told_to_alice,
    ):
        cluster.left.run(connection_make, one_id=alice.pk, other_id=bob.pk)
        await told_to_bob.until("connection_accepted", user_id=alice.pk)
        await theirs.send({"type": "typing", "is_typing": True})
        await mine.until("typing", user_id=bob.pk)
        assert (await told_to_alice.command({"type": "block", "user_id": bob.pk}))["type"] == "ack"
        await told_to_bob.until("connection_removed", user_id=alice.pk)
        assert (await theirs.command({"type": "message", "content": "still there?"}))["code"] == "forbidden"
