"""Rates and limits of frames and sockets (PROTOCOL §6, §7). A minute has two seconds here."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from chat.models import Message
from chat.services import member_remove
from tests.harness.client import Client, Frame
from tests.harness.people import PASSWORD, People
from tests.harness.site import Site
from tests.harness.waiting import eventually
from tests.realtime.short_minutes import MINUTE_S
from tests.realtime.talking import say

COMMANDS, SIGNALS, BAD_FRAMES, FAILURES = 3, 2, 3, 2
SOCKETS_PER_IP, SOCKETS_PER_USER, OPEN_SOCKETS = 6, 8, 3


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.realtime.short_minutes",
        "KITH_COMMANDS_PER_MINUTE": str(COMMANDS),
        "KITH_SIGNALS_PER_MINUTE": str(SIGNALS),
        "KITH_BAD_FRAMES_PER_MINUTE": str(BAD_FRAMES),
        "KITH_AUTH_FAILURES_PER_MINUTE": str(FAILURES),
        "KITH_SOCKETS_PER_IP_PER_MINUTE": str(SOCKETS_PER_IP),
        "KITH_SOCKETS_PER_USER_PER_MINUTE": str(SOCKETS_PER_USER),
        "KITH_OPEN_SOCKETS_PER_USER": str(OPEN_SOCKETS),
    }


_hosts = itertools.count(1)


@pytest.fixture
def ip() -> dict[str, Any]:
    """An address that no other test has: the server believes a proxy on its own host."""
    return elsewhere()


def elsewhere() -> dict[str, Any]:
    return {"headers": {"X-Forwarded-For": f"198.51.100.{next(_hosts)}"}}


def assert_limited(error: Frame) -> None:
    assert error["code"] == "rate_limited"
    assert 1 <= error["retry_after"] <= MINUTE_S


async def sent_off(client: Client) -> None:
    """All this socket is told is that it is one too many."""
    assert await client.closed() == 4429
    [error] = client.seen
    assert error["type"] == "error"
    assert_limited(error)


# ── commands and signals ────────────────────────────────────────────────────────────────────


async def test_commands_beyond_the_rate_are_refused_until_it_allows_them(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    channel, hello = f"messages/{chat.pk}", {"type": "message", "content": "hello"}
    async with (
        site.open(channel, alice, **ip) as client,
        site.open(channel, alice, **ip) as same_user,
        site.open(channel, bob, **ip) as other_user,
    ):
        for _ in range(COMMANDS):
            assert (await client.command(hello))["type"] == "ack"
        for socket in (client, same_user):
            assert_limited(await socket.command({**hello, "ref": "later"}))
        refused = site.api(alice).post(f"/api/chats/{chat.pk}/messages/", json={"content": "hello"})
        assert refused.status_code == 429
        assert_limited(refused.json())
        assert 1 <= int(refused.headers["Retry-After"]) <= MINUTE_S
        assert (await other_user.command(hello))["type"] == "ack"
        assert site.run(Message.objects.filter(chat=chat).count) == COMMANDS + 1

        async def allowed() -> bool:
            return (await client.command({**hello, "ref": "later"}))["type"] == "ack"

        await eventually(allowed, within=MINUTE_S + 2)


async def test_pings_are_free(site: Site, people: People, ip: dict[str, Any]) -> None:
    alice = people.user("alice")
    async with site.open("messages", alice, **ip) as client:
        for _ in range(20):
            assert await client.barrier() == []


async def test_of_signals_beyond_the_rate_the_newest_is_kept_without_an_error(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    messages = site.run(say, chat, bob, *"abcdefgh")
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice, **ip) as client, site.open(channel, bob, **ip) as listener:
        for message_id in messages:
            assert (await client.command({"type": "read", "message_id": message_id}))["type"] == "ack"
        told = [*messages[:SIGNALS], messages[-1]]
        for message_id in told:
            await listener.until("read", message_id=message_id, within=MINUTE_S + 3)
        assert await listener.barrier() == []
        assert "error" not in client.types


async def test_a_kept_signal_is_not_told_after_its_sender_was_removed(site: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.chat(alice, bob, carol)
    channel = f"messages/{chat.pk}"
    async with (
        site.open(channel, alice, **elsewhere()) as listener,
        site.connect(token=site.token(bob), **elsewhere()) as removed,
        site.connect(token=site.token(carol), **elsewhere()) as stays,
    ):
        for client in (removed, stays):
            await client.send({"type": "subscribe", "channel": channel})
            await client.opened()
            for _ in range(SIGNALS + 1):
                await client.command({"type": "typing", "channel": channel, "is_typing": True})
        site.run(member_remove, chat=chat, actor=alice, user_id=bob.pk)
        await removed.until("unsubscribed")
        for _ in range(SIGNALS + 1):  # the last of them is the kept one, which waited longer than Bob's
            await listener.until("typing", user_id=carol.pk, within=MINUTE_S + 3)
        told = [(frame["type"], frame.get("user_id")) for frame in listener.seen]
        assert ("typing", bob.pk) not in told[told.index(("member_left", bob.pk)) :]


# ── bad frames ──────────────────────────────────────────────────────────────────────────────


async def test_too_many_bad_frames_close_4400(site: Site, people: People, ip: dict[str, Any]) -> None:
    bad = ["nope", "[]", '{"type":"dance"}', '{"type":"message"}']
    async with site.open("messages", people.user("alice"), **ip) as client:
        for text in bad[:BAD_FRAMES]:
            await client.send_raw(text)
            await client.until("error")
        assert await client.barrier() == []
        await client.send_raw(bad[BAD_FRAMES])
        await client.until("error")
        assert await client.closed() == 4400


async def test_frames_that_are_good_but_refused_are_not_bad(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    async with site.connect(token=site.token(people.user("alice")), **ip) as client:
        for _ in range(BAD_FRAMES + 3):
            refused = await client.command({"type": "subscribe", "channel": "messages/1000000"})
            assert refused["code"] == "forbidden"
        assert (await client.command({"type": "dance", "channel": "messages"}))["code"] == "not_found"


# ── sockets ─────────────────────────────────────────────────────────────────────────────────


async def allowed_again(site: Site, user: Any, **options: Any) -> None:
    async def allowed() -> bool:
        async with site.connect(token=site.token(user), **options) as client:
            return (await client.recv())["type"] == "connected"

    await eventually(allowed, within=MINUTE_S + 2)


async def test_an_address_whose_tokens_were_refused_waits_even_with_a_good_one(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    alice = people.user("alice")
    for _ in range(FAILURES):
        async with site.connect(token="wrong", **ip) as client:
            assert await client.closed() == 4401
    async with site.connect(token=site.token(alice), **ip) as client:
        await sent_off(client)
    async with site.connect(token=site.token(alice), **elsewhere()) as client:
        await client.until("connected")
    await allowed_again(site, alice, **ip)


async def test_refused_passwords_count_with_refused_tokens(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    alice = people.user("alice")
    wrong = {"username": alice.username, "password": f"not {PASSWORD}"}
    for _ in range(FAILURES):
        assert site.api().post("/api/token/", json=wrong, **ip).status_code == 401
    async with site.connect(token=site.token(alice), **ip) as client:
        await sent_off(client)


async def test_an_address_opens_so_many_sockets_a_minute(
    site: Site, people: People, ip: dict[str, Any]
) -> None:
    users = people.users(*["user"] * (SOCKETS_PER_IP + 1))
    for user in users[:-1]:
        async with site.connect(token=site.token(user), **ip) as client:
            await client.until("connected")
    async with site.connect(token=site.token(users[-1]), **ip) as client:
        await sent_off(client)


async def test_a_user_opens_so_many_sockets_a_minute(site: Site, people: People) -> None:
    alice = people.user("alice")
    for _ in range(SOCKETS_PER_USER):
        async with site.connect(token=site.token(alice), **elsewhere()) as client:
            await client.until("connected")
    async with site.connect(token=site.token(alice), **elsewhere()) as client:
        await sent_off(client)
    async with site.connect(token=site.token(people.user("bob")), **elsewhere()) as client:
        await client.until("connected")


async def test_a_user_has_so_many_sockets_open(site: Site, people: People) -> None:
    alice = people.user("alice")
    token = site.token(alice)
    async with contextlib.AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(site.connect(token=token, **elsewhere()))
            for _ in range(OPEN_SOCKETS)
        ]
        for client in sockets:
            await client.until("connected")
        async with site.connect(token=token, **elsewhere()) as client:
            await sent_off(client)
        await sockets[0].close()
        await allowed_again(site, alice, **elsewhere())
