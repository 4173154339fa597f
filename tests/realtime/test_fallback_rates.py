"""Rates and limits of streams, polls and posted commands (PROTOCOL §7). A minute has two seconds here."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest

from chat.models import Message
from chat.services import member_remove
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.stream import Stream
from tests.harness.waiting import eventually
from tests.realtime.short_minutes import MINUTE_S
from tests.realtime.talking import say

COMMANDS, SIGNALS, FAILURES, POLLS = 3, 2, 2, 9
SOCKETS_PER_IP, SOCKETS_PER_USER, OPEN_SOCKETS = 6, 8, 3


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.realtime.short_minutes",
        "KITH_COMMANDS_PER_MINUTE": str(COMMANDS),
        "KITH_SIGNALS_PER_MINUTE": str(SIGNALS),
        "KITH_AUTH_FAILURES_PER_MINUTE": str(FAILURES),
        "KITH_SOCKETS_PER_IP_PER_MINUTE": str(SOCKETS_PER_IP),
        "KITH_SOCKETS_PER_USER_PER_MINUTE": str(SOCKETS_PER_USER),
        "KITH_OPEN_SOCKETS_PER_USER": str(OPEN_SOCKETS),
        "KITH_POLLS_PER_MINUTE": str(POLLS),
    }


_hosts = itertools.count(1)


def elsewhere() -> dict[str, str]:
    """An address that no other test has: the server believes a proxy on its own host."""
    return {"X-Forwarded-For": f"198.51.101.{next(_hosts)}"}


def assert_limited(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert response.json()["code"] == "rate_limited"
    assert 1 <= response.json()["retry_after"] <= MINUTE_S
    assert int(response.headers["Retry-After"]) == response.json()["retry_after"]


async def streamed(site: Site, token: str, headers: dict[str, str]) -> httpx.Response:
    """A stream that is over when it has begun."""
    async with (
        site.http(token=token) as http,
        http.stream("GET", "/api/events/stream/?channel=feed", headers=headers) as response,
    ):
        if response.is_error:
            await response.aread()
        else:
            await Stream(response).until("connected")
    return response


async def polled(site: Site, token: str, headers: dict[str, str]) -> httpx.Response:
    async with site.http(token=token) as http:
        return await http.get("/api/events/?channel=feed", headers=headers)


async def allowed_again(site: Site, asked: Any, token: str, headers: dict[str, str]) -> None:
    async def allowed() -> bool:
        return bool((await asked(site, token, headers)).status_code == 200)

    await eventually(allowed, within=MINUTE_S + 5)


# ── streams ─────────────────────────────────────────────────────────────────────────────────


async def test_streams_and_sockets_of_a_user_count_together(site: Site, people: People) -> None:
    alice = people.user("alice")
    token = site.token(alice)
    for number in range(SOCKETS_PER_USER):
        if number % 2:
            assert (await streamed(site, token, elsewhere())).status_code == 200
        else:
            async with site.connect(token=token, headers=elsewhere()) as client:
                await client.until("connected")
    assert_limited(await streamed(site, token, elsewhere()))
    async with site.connect(token=token, headers=elsewhere()) as client:
        assert await client.closed() == 4429
    bob = site.token(people.user("bob"))
    assert (await streamed(site, bob, elsewhere())).status_code == 200


async def test_streams_of_an_address_count(site: Site, people: People) -> None:
    ip = elsewhere()
    tokens = [site.token(user) for user in people.users(*["user"] * (SOCKETS_PER_IP + 1))]
    for token in tokens[:-1]:
        assert (await streamed(site, token, ip)).status_code == 200
    assert_limited(await streamed(site, tokens[-1], ip))
    await allowed_again(site, streamed, tokens[-1], ip)


async def test_a_user_has_so_many_open(site: Site, people: People) -> None:
    alice = people.user("alice")
    token = site.token(alice)
    async with (
        site.connect(token=token, headers=elsewhere()) as client,
        site.stream("feed", token=token, headers=elsewhere()) as one,
        site.stream("feed", token=token, headers=elsewhere()) as other,
    ):
        await client.until("connected")
        await one.opened()
        await other.opened()
        assert_limited(await streamed(site, token, elsewhere()))
        assert_limited(await polled(site, token, elsewhere()))
    await allowed_again(site, streamed, token, elsewhere())


# ── polls ───────────────────────────────────────────────────────────────────────────────────


async def test_polls_have_a_rate_of_their_own(site: Site, people: People) -> None:
    ip = elsewhere()
    token = site.token(people.user("alice"))
    for _ in range(POLLS):
        assert (await polled(site, token, ip)).status_code == 200
    assert_limited(await polled(site, token, ip))
    assert (await streamed(site, token, ip)).status_code == 200
    await allowed_again(site, polled, token, ip)


@pytest.mark.parametrize("asked", [streamed, polled])
async def test_an_address_whose_tokens_were_refused_waits(site: Site, people: People, asked: Any) -> None:
    ip = elsewhere()
    token = site.token(people.user("alice"))
    for _ in range(FAILURES):
        assert (await asked(site, "wrong", ip)).status_code == 401
    assert_limited(await asked(site, token, ip))
    assert (await asked(site, token, elsewhere())).status_code == 200
    await allowed_again(site, asked, token, ip)


# ── commands ────────────────────────────────────────────────────────────────────────────────


def post(site: Site, user: Any, channel: str, **fields: Any) -> httpx.Response:
    return site.api(user).post("/api/commands/", json={"channel": channel, **fields}, headers=elsewhere())


async def test_commands_count_with_those_of_sockets(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    channel, hello = f"messages/{chat.pk}", {"type": "message", "content": "hello"}
    async with site.open(channel, alice, headers=elsewhere()) as client:
        for _ in range(COMMANDS - 1):
            assert (await client.command(hello))["type"] == "ack"
        assert post(site, alice, channel, **hello).status_code == 201
        refused = post(site, alice, channel, **hello, ref="later")
        assert_limited(refused)
        assert refused.json() | {"message": "", "retry_after": 0} == {
            "type": "error",
            "code": "rate_limited",
            "message": "",
            "channel": channel,
            "ref": "later",
            "retry_after": 0,
        }
        assert (await client.command(hello))["code"] == "rate_limited"
    assert site.run(Message.objects.filter(chat=chat).count) == COMMANDS


async def test_of_signals_beyond_the_rate_the_newest_is_kept(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    messages = site.run(say, chat, bob, *"abcdefgh")
    channel = f"messages/{chat.pk}"
    async with site.open(channel, bob, headers=elsewhere()) as listener:
        for message_id in messages:
            assert post(site, alice, channel, type="read", message_id=message_id).status_code == 200
        for message_id in [*messages[:SIGNALS], messages[-1]]:
            await listener.until("read", message_id=message_id, within=MINUTE_S + 3)
        assert await listener.barrier() == []


async def test_a_kept_signal_is_not_told_after_its_sender_was_removed(site: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.chat(alice, bob, carol)
    channel = f"messages/{chat.pk}"
    async with site.open(channel, alice, headers=elsewhere()) as listener:
        for sender in (bob, carol):
            for _ in range(SIGNALS + 1):
                post(site, sender, channel, type="typing", is_typing=True)
        site.run(member_remove, chat=chat, actor=alice, user_id=bob.pk)
        for _ in range(SIGNALS + 1):  # the last of them is the kept one, which waited longer than Bob's
            await listener.until("typing", user_id=carol.pk, within=MINUTE_S + 3)
        await listener.until("member_left", user_id=bob.pk)
        told = [(frame["type"], frame.get("user_id")) for frame in listener.seen]
        assert told.count(("typing", bob.pk)) <= SIGNALS


async def test_a_kept_signal_is_not_told_after_its_sender_signed_out(site: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    channel = f"messages/{people.chat(alice, bob, carol).pk}"
    token = site.token(bob)
    async with site.open(channel, alice, headers=elsewhere()) as listener:
        for sender in (token, site.token(carol)):
            for _ in range(SIGNALS + 1):
                post(site, sender, channel, type="typing", is_typing=True)
        site.api(token).post("/api/logout/", json={}).raise_for_status()
        for _ in range(SIGNALS + 1):
            await listener.until("typing", user_id=carol.pk, within=MINUTE_S + 3)
        told = [(frame["type"], frame.get("user_id")) for frame in listener.seen]
        assert told.count(("typing", bob.pk)) <= SIGNALS
