"""One stay: a socket, a stream or a poll, what is done on it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.link import narrow_socket
from tests.harness.client import Client, Frame, SocketClosed
from tests.soak.deeds import command_on, do_something
from tests.soak.town import Town, Visitor, new_ref

WITHIN_S = 60.0  # a machine that does much else
PAUSE_S = 1.0  # the longest between two deeds
DEVICES = 2  # of each visitor, at once
DEAF_S = 4.0

Visit = Callable[[Town, Visitor], Awaitable[None]]

BROKEN: list[tuple[str | bytes, bool | None]] = [
    ("{", None),
    ("[]", None),
    ('{"type":"dance"}', None),
    ('{"type":"subscribe","channel":"nowhere"}', None),
    (b"\x00\x01", None),
    (b"\xff\xfe", True),  # a text frame that is no UTF-8
    ("x" * 70_000, None),  # longer than KITH_FRAME_BYTES
]


async def live(town: Town, visitor: Visitor) -> None:
    """Visit after visit, until the tide turns."""
    while town.is_open:
        [visit] = random.choices(list(VISITS), list(VISITS.values()))
        try:
            await visit(town, visitor)
        except (ConnectionClosed, SocketClosed):  # a right ended meanwhile, or the server had enough of it
            town.passed["closed by a server"] += 1
        await town.pause(PAUSE_S)


def channel_for(town: Town, visitor: Visitor) -> str:
    """One of all channels; a chat most of the time."""
    chats = [f"messages/{chat.pk}" for chat in town.chats_of(visitor)]
    others = ["messages", "connections", "notifications", "feed", "online"]
    return random.choice(chats) if chats and random.random() < 0.4 else random.choice(others)


@contextlib.asynccontextmanager
async def socket(town: Town, visitor: Visitor, path: str = "", **options: Any) -> AsyncIterator[Client]:
    """An open socket, which ends politely or not."""
    site = random.choice(town.sites)
    options = {"token": visitor.token, **options}
    async with site.connect(path, open_timeout=WITHIN_S, close_timeout=WITHIN_S, **options) as client:
        town.passed["sockets"] += 1
        try:
            yield client
            if random.random() < 0.4:
                client.abort()
        finally:
            town.passed["frames"] += len(client.seen)


async def one_channel(town: Town, visitor: Visitor) -> None:
    """A socket on one channel, perhaps with the cursor of a visit before."""
    channel = channel_for(town, visitor)
    since = visitor.since(channel)
    async with socket(town, visitor, channel, since=since) as client:
        await client.opened(within=WITHIN_S)
        town.passed["returns with a cursor"] += since is not None
        await stay(town, visitor, client, [channel])
        visitor.keep(channel, client.cursor)


async def many_channels(town: Town, visitor: Visitor) -> None:
    """`/ws` with several of them, opened and left."""
    channels = list({channel_for(town, visitor) for _ in range(random.randrange(1, 7))})
    async with socket(town, visitor) as client:
        for channel in channels:
            since = visitor.since(channel)
            await client.send({"type": "subscribe", "channel": channel} | ({"since": since} if since else {}))
            town.passed["returns with a cursor"] += since is not None
        await client.barrier(within=WITHIN_S)
        await stay(town, visitor, client, channels, named=True)
        for channel in channels[::2]:
            await client.send({"type": "unsubscribe", "channel": channel})
        await client.barrier(within=WITHIN_S)
        for frame in client.seen:
            if "cursor" in frame and "channel" in frame:
                visitor.keep(frame["channel"], frame["cursor"])


async def stay(
    town: Town, visitor: Visitor, client: Client, channels: list[str], *, named: bool = False
) -> None:
    """Some commands, some deeds by REST, some time."""
    for _ in range(random.randrange(6)):
        if random.random() < 0.5:
            await do_something(town, visitor)
        else:
            channel = random.choice(channels)
            frame = command_on(town, visitor, channel)
            await command(town, client, channel, frame | ({"channel": channel} if named else {}))
        await town.pause(PAUSE_S)
        await client.barrier(within=WITHIN_S)


async def command(town: Town, client: Client, channel: str, frame: Frame) -> None:
    """Send it, and take note of what was acknowledged."""
    if frame["type"] in ("typing", "ping"):
        await client.send(frame)
        return
    ref, began = new_ref(), time.monotonic()
    answer = await client.command(frame | {"ref": ref}, within=WITHIN_S)
    assert answer.get("code") != "internal", (frame, answer)
    town.passed["commands"] += 1
    if frame["type"] == "message" and answer["type"] == "ack":
        chat_id = int(channel.partition("/")[2])
        town.acknowledged(ref, chat_id, answer["message_id"], began, duplicate=answer["duplicate"])


async def stream(town: Town, visitor: Visitor) -> None:
    """Server-Sent Events of several channels."""
    channels = list({channel_for(town, visitor) for _ in range(3)})
    async with random.choice(town.sites).stream(*channels, token=visitor.token) as client:
        town.passed["streams"] += 1
        await client.until("connected", within=WITHIN_S)
        await do_something(town, visitor)
        await town.pause(2 * PAUSE_S)
        town.passed["frames"] += len(client.seen)


async def poll(town: Town, visitor: Visitor) -> None:
    """Some long polls, each with the cursor of the one before."""
    channels = list({channel_for(town, visitor) for _ in range(2)})
    since = None
    for _ in range(random.randrange(1, 4)):
        site = random.choice(town.sites)
        answer = await site.poll(*channels, token=visitor.token, since=since, wait=random.random())
        town.passed["polls"] += 1
        town.passed["frames"] += len(answer.frames)
        since = answer.cursor


async def deaf(town: Town, visitor: Visitor) -> None:
    """A socket that is not read, while much is said."""
    site = random.choice(town.sites)
    link = await asyncio.to_thread(narrow_socket, site.port)
    url = {"token": visitor.token, "since": "0"}
    async with site.connect("messages", sock=link, max_queue=1, close_timeout=1, **url) as client:
        town.passed["sockets that are not read"] += 1
        for _ in range(3):
            await do_something(town, visitor)
            await town.pause(DEAF_S / 3)
        client.abort()


async def broken(town: Town, visitor: Visitor) -> None:
    """Frames that are none."""
    async with socket(town, visitor, random.choice(["", "messages"])) as client:
        for data, text in random.sample(BROKEN, 3):
            await client.send_raw(data, text=text)
            town.passed["broken frames"] += 1
        await client.barrier(within=WITHIN_S)


async def refused(town: Town, visitor: Visitor) -> None:
    """With no right, no channel of that name, no token, or a foreign page."""
    [other] = town.others(visitor, 1)
    theirs = [chat for chat in town.chats_of(other) if visitor not in chat.members]
    chat = random.choice(theirs).pk if theirs else 10**9
    tries: list[dict[str, Any]] = [
        {"path": f"messages/{chat}"},
        {"path": "nowhere"},
        {"path": "feed", "token": "wrong"},
        {"path": "feed", "origin": "https://elsewhere.example"},
    ]
    town.passed["refusals"] += 1
    with contextlib.suppress(InvalidHandshake):
        async with socket(town, visitor, **random.choice(tries)) as client:
            assert await client.closed(within=WITHIN_S) in (4401, 4403)


async def vanish(town: Town, visitor: Visitor) -> None:
    """Gone in the middle of the opening."""
    async with socket(town, visitor, channel_for(town, visitor), since="0") as client:
        client.abort()


VISITS: dict[Visit, float] = {
    one_channel: 10,
    many_channels: 6,
    stream: 2,
    poll: 2,
    deaf: 1,
    broken: 1,
    refused: 1,
    vanish: 1,
}
