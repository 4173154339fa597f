"""What code without a model calls: `publish`, `broadcast`, `send_to_users`, their async twins, the signal.

All in one process with the hub, whose tail is off: what is told here is told by the calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from django.db import transaction

from chat.models import Chat
from realtime import abroadcast, apublish, asend_to_users, broadcast, publish, send_to_users, topics
from realtime.errors import UnknownChannel
from realtime.events import Event
from realtime.models import LoggedEvent
from realtime.publishing import publish_at_once
from realtime.signals import broadcast as broadcast_signal
from tests.harness.client import Client, Frame
from tests.harness.databases import Database, in_thread
from tests.harness.people import People
from tests.realtime import local
from tests.realtime.noted import Noted, Passed, Standing

KINDS = [Noted, Passed, Standing]


@pytest.fixture(autouse=True)
def _slow_tail(sqlite_database: Database, settings: Any) -> None:
    settings.KITH_POLL_S = 30.0


@contextlib.asynccontextmanager
async def listening(channel: str, *users: Any) -> AsyncIterator[list[Client]]:
    """A socket for each of these users."""
    async with local.hub(), contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(local.opened(channel, user)) for user in users]


async def heard(client: Client) -> list[str]:
    """The texts that came since the last time. Call it when what is to come is on its way."""
    return [frame["text"] for frame in await client.barrier() if "text" in frame]


async def call(function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    """As a view does: in a thread. When this returns, what was committed is on its way to the hub."""
    await asyncio.to_thread(function, *args, **kwargs)


# ── publish ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
async def test_publish_outside_a_transaction_tells_at_once(kind: type[Noted], people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with listening(f"messages/{chat.pk}", alice) as [client]:
        await call(publish, kind(text="now", chat=chat.pk))
        frame = await client.until(kind.type, text="now")
    assert frame["channel"] == f"messages/{chat.pk}"
    assert ("id" in frame) == ("timestamp" in frame) == (kind is Noted)


@pytest.mark.parametrize("kind", KINDS)
async def test_events_of_every_kind_wait_for_the_commit_and_die_with_a_rollback(
    kind: type[Noted], people: People
) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)

    def change(text: str, rolled_back: bool) -> None:
        with transaction.atomic():
            publish(kind(text=text, chat=chat.pk))
            assert asyncio.run_coroutine_threadsafe(heard(client), loop).result(10) == []
            transaction.set_rollback(rolled_back)

    loop = asyncio.get_running_loop()
    async with listening(f"messages/{chat.pk}", alice) as [client]:
        await call(change, "never", True)
        assert await heard(client) == []
        await call(change, "then", False)
        assert await heard(client) == ["then"]


@pytest.mark.parametrize("kind", KINDS)
async def test_apublish_returns_when_it_is_told(kind: type[Noted], people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with listening(f"messages/{chat.pk}", alice) as [client]:
        await apublish(kind(text="from the loop", chat=chat.pk))
        assert await heard(client) == ["from the loop"]


def _kept(chat: Chat) -> list[str]:
    return list(LoggedEvent.objects.filter(topic=topics.chat(chat.pk).name).values_list("type", flat=True))


async def test_only_durable_events_are_logged(people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    for kind in KINDS:
        await call(publish, kind(text="hi", chat=chat.pk))
    assert in_thread(_kept, chat) == ["member_joined", "noted"]


async def test_the_socket_of_an_ephemeral_events_sender_is_left_out(people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    async with local.hub() as hub, local.opened(f"messages/{chat.pk}", alice) as sender:
        [mine] = hub.sockets
        async with local.opened(f"messages/{chat.pk}", alice) as other:
            publish_at_once(Passed(text="at once", chat=chat.pk), skip_socket=mine)
            await call(publish, Passed(text="on commit", chat=chat.pk), skip_socket=mine)
            assert await heard(other) == ["at once", "on commit"]
            assert await heard(sender) == []


def test_what_is_durable_is_not_told_at_once() -> None:
    with pytest.raises(ValueError, match="Noted is durable"):
        publish_at_once(Noted(text="no", chat=5))


# ── broadcast and send_to_users ─────────────────────────────────────────────────────────────

Everywhere = Callable[[str, Event], Awaitable[object]]
Someone = Callable[[list[Any], str, Event], Awaitable[object]]


async def _broadcast(channel: str, event: Event) -> None:
    await call(broadcast, channel, event)


async def _broadcast_by_signal(channel: str, event: Event) -> None:
    await call(broadcast_signal.send, sender=None, channel=channel, event=event)


async def _send_to_users(user_keys: list[Any], channel: str, event: Event) -> None:
    await call(send_to_users, user_keys, channel, event)


async def _send_by_signal(user_keys: list[Any], channel: str, event: Event) -> None:
    await call(broadcast_signal.send, sender=None, user_ids=user_keys, channel=channel, event=event)


@pytest.mark.parametrize("tell", [_broadcast, abroadcast, _broadcast_by_signal])
@pytest.mark.parametrize("kind", [Noted, Passed])
async def test_a_broadcast_reaches_everyone_who_has_the_channel_open(
    tell: Everywhere, kind: type[Noted], people: People
) -> None:
    users = people.users("alice", "bob", "carol")
    people.chat(*users[:2])
    async with listening("messages", *users) as clients:
        await tell("messages", kind(text="to all"))
        for client in clients:
            frame = await client.until(kind.type, text="to all")
            assert frame["channel"] == "messages"
            assert await heard(client) == []


async def test_a_broadcast_on_one_chat_reaches_that_chat_alone(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    one, other = people.chat(alice, bob), people.chat(alice, bob)
    async with listening(f"messages/{one.pk}", alice) as [here], local.opened("messages", bob) as both:
        await call(broadcast, f"messages/{other.pk}", Noted(text="there"))
        await call(broadcast, f"messages/{one.pk}", Noted(text="here"))
        assert await heard(here) == ["here"]
        assert await heard(both) == ["there", "here"]


async def test_a_broadcast_is_replayed_like_any_durable_event(people: People) -> None:
    alice = people.user("alice")
    async with local.hub():
        async with local.opened("messages", alice) as client:
            cursor = client.cursor
        await call(broadcast, "messages", Noted(text="missed"))
        async with local.opened("messages", alice, since=cursor) as client:
            assert [frame["text"] for frame in client.opening if "text" in frame] == ["missed"]


def test_a_broadcast_on_a_channel_that_nobody_declared_is_refused() -> None:
    with pytest.raises(UnknownChannel, match="scores"):
        broadcast("scores", Noted(text="nobody"))


@pytest.mark.parametrize("tell", [_send_to_users, asend_to_users, _send_by_signal])
@pytest.mark.parametrize("kind", [Noted, Passed])
async def test_chosen_users_hear_it_on_all_their_sockets_and_others_do_not(
    tell: Someone, kind: type[Noted], people: People
) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    async with listening("messages", alice, alice, bob, carol) as clients:
        await tell([alice.pk, bob.pk], "messages", kind(text="to you"))
        frames: list[list[Frame]] = [await client.barrier() for client in clients]
    told = [[(frame["text"], frame["channel"]) for frame in each] for each in frames]
    assert told == [[("to you", "messages")]] * 3 + [[]]


async def test_users_are_told_all_or_none(people: People) -> None:
    alice, bob = people.users("alice", "bob")
    async with listening("messages", alice, bob) as clients:

        def fail() -> None:
            with pytest.raises(ValueError):
                send_to_users([alice.pk, bob.pk, "no topic: spaces"], "messages", Noted(text="never"))

        await call(fail)
        assert [await heard(client) for client in clients] == [[], []]
