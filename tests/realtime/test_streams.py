"""Server-Sent Events: what a socket on /ws gets, without a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest

from chat.services import member_add, member_remove
from realtime.auth import SESSION_CLAIM, end_session
from realtime.rights import close_sockets
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.stream import Stream
from tests.realtime.membership import contents, name, talk
from tests.realtime.talking import logged, say, say_together

CHANNELS, PING_S = 3, 0.5
HELLO = {"message": "Connected successfully", "heartbeat_interval": PING_S}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_CHANNELS_PER_SOCKET": str(CHANNELS), "WEBSOCKET_PING_INTERVAL": str(PING_S)}


@contextlib.asynccontextmanager
async def opened(site: Site, user: Any, *channels: str, since: object = None) -> AsyncIterator[Stream]:
    """A stream on which all these channels are open."""
    async with site.stream(*channels, user=user, since=since) as stream:
        waiting = set(channels)
        while waiting:
            waiting.discard((await stream.until("caught_up"))["channel"])
        yield stream


# ── frames ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_stream_tells_what_ws_tells_in_its_order(site: Site, people: People, slash: str) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    since = site.run(logged, chat)[-1]["id"]
    site.run(say, chat, bob, "missed")
    query = {"channel": [name(chat), "notifications"], "since": str(since)}
    async with (
        site.http(alice) as http,
        http.stream("GET", f"/api/events/stream{slash}", params=query) as response,
    ):
        headers = response.headers
        assert (response.status_code, headers["Content-Type"]) == (200, "text/event-stream")
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-cache, no-transform", "no")
        stream = Stream(response)
        assert await stream.recv() == {"type": "connected", "user_id": alice.pk, **HELLO}
        subscribed, missed, state, caught_up = await stream.opened(channel=name(chat))
        epoch, _, end = caught_up["cursor"].partition("-")
        assert subscribed == {
            "type": "subscribed",
            "user_id": alice.pk,
            **HELLO,
            "channel": name(chat),
            "cursor": f"{epoch}-{since}",
            "recovered": True,
        }
        assert (missed["type"], missed["content"], str(missed["id"])) == ("new_message", "missed", end)
        assert (state["type"], state["channel"]) == ("chat_state", name(chat))
        types = [frame["type"] for frame in await stream.opened(channel="notifications")]
        assert types == ["subscribed", "notifications_state", "caught_up"]
        site.run(say, chat, bob, "live")
        assert (await stream.recv())["content"] == "live"


async def test_a_frame_is_the_same_bytes_as_on_ws(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with opened(site, alice, name(chat)) as stream, site.open(name(chat), alice) as client:
        site.run(say, chat, bob, "ünï\u2028cødé\n\r\n🥾 \x7f")
        assert await stream.until("new_message") == await client.until("new_message")


async def test_a_refused_channel_is_told_and_the_others_go_on(site: Site, people: People) -> None:
    alice, eve = people.users("alice", "eve")
    foreign, own = people.chat(alice), people.chat(eve)
    asked = [name(foreign), "messages/x", "nothing", name(own), name(own)]
    async with site.stream(*asked, user=eve) as stream:
        while stream.types.count("error") < 4:
            await stream.recv()
        told = {(frame["channel"], frame["code"]) for frame in stream.seen if frame["type"] == "error"}
        assert told == {
            (name(foreign), "forbidden"),
            ("messages/x", "forbidden"),
            ("nothing", "unknown_channel"),
            (name(own), "conflict"),
        }
        site.run(say, own, eve, "mine")
        site.run(say, foreign, alice, "not hers")
        site.run(say, own, eve, "still mine")
        await stream.until("new_message", content="still mine")
        assert contents(stream.seen) == ["mine", "still mine"]


async def test_a_stream_holds_so_many_channels(site: Site, people: People) -> None:
    alice = people.user("alice")
    chats = [name(people.chat(alice)) for _ in range(CHANNELS + 1)]
    async with site.stream(*chats, user=alice) as stream:
        error = await stream.until("error")
        assert (error["code"], error["channel"]) == ("rate_limited", chats[-1])
        assert stream.types.count("subscribed") == CHANNELS


async def test_a_frame_that_two_channels_cover_comes_once(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    site.run(say, chat, bob, "old")
    async with opened(site, alice, "messages", name(chat), since="0,0") as stream:
        site.run(say, chat, bob, "live")
        await stream.until("new_message", content="live")
        site.run(say, chat, bob, "end")
        await stream.until("new_message", content="end")
        assert contents(stream.seen) == ["old", "live", "end"]


async def test_silence_is_filled_with_comments(site: Site, people: People) -> None:
    async with opened(site, people.user("alice"), "feed") as stream:
        await stream.until_ping()
        await stream.until_ping()


async def test_without_a_channel_nothing_opens(site: Site, people: People) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        async with site.stream(user=people.user("alice")):
            pass
    answer = refused.value.response
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_message")
    assert answer.json()["field"] == "channel"


# ── cursors ─────────────────────────────────────────────────────────────────────────────────


async def test_ids_tell_the_cursors_of_all_channels_in_the_order_of_the_request(
    site: Site, people: People
) -> None:
    alice, bob = people.users("alice", "bob")
    one, other = people.chat(alice, bob), people.chat(alice, bob)
    async with opened(site, alice, "messages", name(other), name(one)) as stream:
        cursors = {frame["channel"]: frame["cursor"] for frame in stream.seen if "cursor" in frame}
        in_order = [cursors["messages"], cursors[name(other)], cursors[name(one)]]
        assert stream.id == ",".join(in_order)
        site.run(say, one, bob, "moves one")
        event = await stream.until("new_message")
        in_order[2] = f"{in_order[2].partition('-')[0]}-{event['id']}"
        assert stream.ids[-1] == stream.id == ",".join(in_order)
        moved = await stream.until("cursor", channel="messages")
        in_order[0] = moved["cursor"]
        assert stream.ids[-1] == ",".join(in_order)


async def test_before_a_channel_is_open_its_place_is_empty(site: Site, people: People) -> None:
    alice = people.user("alice")
    foreign, own = people.chat(people.user("bob")), people.chat(alice)
    async with site.stream(name(foreign), name(own), "feed", user=alice) as stream:
        first = await stream.until("subscribed")
        assert stream.ids[-1] == f",{first['cursor']},"
        await stream.opened(channel="feed")
        assert str(stream.id).startswith(",")


async def test_an_event_of_several_topics_moves_no_cursor(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with opened(site, alice, "messages") as stream:
        site.run(say, chat, bob, "hi")
        await stream.until("new_message")
        assert stream.ids[-1] is None


@pytest.mark.parametrize("by_header", [False, True])
async def test_a_stream_goes_on_from_its_last_id(site: Site, people: People, by_header: bool) -> None:
    alice, bob = people.users("alice", "bob")
    one, other = people.chat(alice, bob), people.chat(alice, bob)
    asked = [name(one), "messages", name(other)]
    async with opened(site, alice, *asked) as stream:
        site.run(say, one, bob, "known")
        await stream.until("new_message")
        last = stream.id
    site.run(say, one, bob, "missed in one")
    site.run(say, other, bob, "missed in other")
    given: dict[str, Any] = {"headers": {"Last-Event-ID": last}} if by_header else {"since": last}
    async with site.stream(*asked, user=alice, **given) as stream:
        await stream.opened(channel="messages")
        assert [frame["recovered"] for frame in stream.seen if "recovered" in frame] == [True] * 3
        heard = {frame["id"]: frame for frame in stream.seen if "id" in frame}
        assert {"missed in one", "missed in other"} <= set(contents(list(heard.values())))


async def test_the_query_wins_over_the_header(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    site.run(say, chat, alice, "old")
    last = str(site.run(logged, chat)[-1]["id"])
    async with site.stream(name(chat), user=alice, since="0", headers={"Last-Event-ID": last}) as stream:
        assert contents(await stream.opened()) == ["old"]


async def test_fewer_cursors_than_channels_are_none_for_the_rest(site: Site, people: People) -> None:
    alice = people.user("alice")
    one, two, three = (people.chat(alice) for _ in range(3))
    for chat in (one, two, three):
        site.run(say, chat, alice, f"in {chat.pk}")
    async with opened(site, alice, name(one), name(two), name(three), since=",0") as stream:
        assert contents(stream.seen) == [f"in {two.pk}"]
        assert {frame["recovered"] for frame in stream.seen if "recovered" in frame} == {True}


async def test_a_cursor_that_is_none_of_ours_is_not_recovered(site: Site, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with opened(site, alice, name(chat), "feed", since="x\ny,0") as stream:
        found = {frame["channel"]: frame["recovered"] for frame in stream.seen if "recovered" in frame}
        assert found == {name(chat): False, "feed": True}
        assert "x" not in str(stream.id)


@pytest.mark.parametrize("since", [",0", "0,", "0,0"])
async def test_a_cursor_tells_of_nothing_that_was_not_sent(site: Site, people: People, since: str) -> None:
    """`messages` and one of its chats on one stream, amid talk: what is live overtakes what is replayed."""
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob, history="all")
    site.run(say_together, chat, bob, *map(str, range(250)))  # more than are read at once
    done = asyncio.Event()
    talking = asyncio.create_task(talk(site, chat, bob, done))
    for _ in range(5):
        async with site.stream("messages", name(chat), user=alice, since=since) as stream:
            waiting = {"messages", name(chat)}
            while waiting:
                waiting.discard((await stream.until("caught_up"))["channel"])
            await stream.until("new_message")
        there = [row["id"] for row in site.run(logged, chat)]
        sent: set[int] = set()
        reached = 0
        for frame, told in zip(stream.seen, stream.ids, strict=True):
            sent.add(frame.get("id", 0))
            if told is not None and (cursor := told.split(",")[1]):
                before, reached = reached, int(cursor.rpartition("-")[2])
                assert before <= reached
                skipped = {event_id for event_id in there if event_id <= reached} - sent
                assert since == "0," or not skipped, (told, skipped)
    done.set()
    await talking


# ── rights ──────────────────────────────────────────────────────────────────────────────────


async def test_who_loses_a_chat_is_told_and_hears_no_more_of_it(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat, other = people.chat(alice, bob), people.chat(alice, bob)
    async with opened(site, bob, name(chat), name(other)) as stream:
        site.run(member_remove, chat=chat, actor=alice, user_id=bob.pk)
        await stream.until("member_left", user_id=bob.pk)
        lost = await stream.until("unsubscribed")
        assert lost == {"type": "unsubscribed", "channel": name(chat), "code": "forbidden"}
        site.run(say, chat, alice, "not for Bob")
        site.run(say, other, alice, "for Bob")
        await stream.until("new_message", content="for Bob")
        assert contents(stream.seen) == ["for Bob"]


async def test_a_gained_chat_starts_on_an_open_stream(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice)
    async with opened(site, bob, "messages") as stream:
        site.run(member_add, chat=chat, actor=alice, user_id=bob.pk)
        await stream.until("chat_added")
        site.run(say, chat, alice, "welcome")
        await stream.until("new_message", content="welcome")


async def test_the_end_of_the_token_is_announced_and_ends_the_stream(site: Site, people: People) -> None:
    token = site.token(people.user("alice"), exp=int(time.time()) + 2)
    async with site.stream("feed", token=token) as stream:
        await stream.until("token_expiring")
        assert (await stream.until("auth_error"))["code"] == "token_expired"
        assert await stream.closed() == 4401


def log_out(site: Site, user: Any, token: str) -> None:
    site.api(token).post("/api/logout/", json={}).raise_for_status()


def end_sign_in(site: Site, user: Any, token: str) -> None:
    """In another process than the server's."""
    site.run(end_session, jwt.decode(token, options={"verify_signature": False})[SESSION_CLAIM], user)


def deactivate(site: Site, user: Any, token: str) -> None:
    user.is_active = False
    site.run(user.save)


@pytest.mark.parametrize("end", [log_out, end_sign_in, deactivate])
async def test_the_end_of_the_sign_in_ends_the_stream(site: Site, people: People, end: Any) -> None:
    alice = people.user("alice")
    token = site.token(alice)
    async with site.stream("feed", token=token) as stream:
        await stream.opened()
        end(site, alice, token)
        assert (await stream.until("auth_error"))["code"] == "token_revoked"
        assert await stream.closed() == 4401


async def test_an_operator_closes_streams_as_sockets(site: Site, people: People) -> None:
    alice = people.user("alice")
    async with opened(site, alice, "feed") as stream:
        site.run(close_sockets, alice)
        assert await stream.closed() == 1000
