"""A state frame never takes back what was told before it: what happens while it is read is told after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from chat.consumers import MessagesConsumer
from chat.models import Chat, Membership
from chat.services import member_role, message_send, read_mark
from realtime import log
from realtime.hub import Hub
from realtime.packets import Packet
from realtime.sockets import Socket
from tests.harness.client import Client, Frame
from tests.harness.databases import Database
from tests.harness.people import People
from tests.realtime import local

TOLD = ("chat_state", "read", "member_role", "new_message")


class Slow:
    """Eve's state frames of chats, held back between their reading and their telling."""

    def __init__(self) -> None:
        self.slow = False
        self.read, self.told = threading.Event(), threading.Event()

    async def reading(self) -> None:
        """Wait until one was read, and is held back."""
        assert await asyncio.to_thread(self.read.wait, 10)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    slow, state = Slow(), MessagesConsumer.state

    def slow_state(channel: MessagesConsumer) -> Any:
        found = state(channel)
        if slow.slow and channel.user.username.startswith("eve"):
            slow.read.set()
            assert slow.told.wait(20)
        return found

    monkeypatch.setattr(MessagesConsumer, "state", slow_state)
    yield slow
    slow.told.set()


class Scene:
    """A chat of alice, who owns it, bob and eve, with three messages that nobody read."""

    def __init__(self, hub: Hub, chat: Chat, alice: Any, bob: Any, eve: Any) -> None:
        self.hub, self.chat, self.alice, self.bob, self.eve = hub, chat, alice, bob, eve
        self.name = f"messages/{chat.pk}"
        self.messages = [message_send(chat=chat, sender=alice, content=str(number))[0] for number in range(3)]

    @property
    def socket(self) -> Socket:
        """Eve's."""
        [socket] = self.hub.users[str(self.eve.pk)]
        return socket

    def change(self) -> None:
        """Of everything that a state tells something, more than once."""
        for message in self.messages:
            read_mark(chat=self.chat, user=self.bob, message_id=message)
        for role in ("owner", "member", "owner"):
            member_role(chat=self.chat, actor=self.alice, user_id=self.bob.pk, role=role)
        message_send(chat=self.chat, sender=self.bob, content="meanwhile")

    async def changed(self, slow: Slow, client: Client, witness: Client) -> list[Frame]:
        """What ``client`` is told when all this happens while its state is held back."""
        await slow.reading()
        await asyncio.to_thread(self.change)
        await witness.until("new_message", content="meanwhile")
        self.socket.fall_behind()  # as after much at once; it is up again at once
        self.socket.chase()
        slow.told.set()
        await client.until("chat_state")
        await client.until("new_message", content="meanwhile")
        await client.until("read", user_id=self.bob.pk, message_id=self.messages[-1])
        return [frame for frame in client.seen if frame["type"] in TOLD and frame["channel"] == self.name]

    def lose(self) -> None:
        """A change that nothing tells, as when the broker lost its event."""
        Membership.objects.filter(chat=self.chat, user=self.bob).update(last_read_message_id=self.messages[0])

    async def assert_nothing_is_taken_back(self, frames: list[Frame]) -> None:
        """Each state among these frames, with what came after it, makes the state of now."""
        async with local.opened(self.name, self.eve) as fresh:
            [now] = [frame for frame in fresh.opening if frame["type"] == "chat_state"]
        begins = [index for index, frame in enumerate(frames) if frame["type"] == "chat_state"]
        assert begins
        for begin in begins:
            members = {member["user_id"]: dict(member) for member in frames[begin]["members"]}
            for frame in frames[begin:]:
                if frame["type"] == "read":
                    members[frame["user_id"]]["last_read_message_id"] = frame["message_id"]
                elif frame["type"] == "member_role":
                    members[frame["user_id"]]["role"] = frame["role"]
            assert list(members.values()) == now["members"]


@pytest.fixture
async def scene(database: Database, people: People, settings: Any) -> AsyncIterator[Scene]:
    settings.KITH_POLL_S = 30.0
    alice, bob, eve = people.users("alice", "bob", "eve")
    chat = people.chat(alice, bob, eve)
    async with local.hub() as hub:
        yield await asyncio.to_thread(Scene, hub, chat, alice, bob, eve)


async def test_a_state_told_again_after_an_outage_is_older_than_nothing_before_it(
    scene: Scene, slow: Slow
) -> None:
    async with local.opened(scene.name, scene.eve) as client, local.opened(scene.name, scene.bob) as bob:
        slow.slow = True
        scene.socket.tell_states()
        await scene.assert_nothing_is_taken_back(await scene.changed(slow, client, bob))


@pytest.mark.parametrize("first", [["messages"], []])
async def test_a_channel_that_opens_is_told_a_state_that_nothing_overtook(
    scene: Scene, slow: Slow, first: list[str]
) -> None:
    """Also beside another that tells of the same chat already."""
    async with local.connect("", scene.eve) as client, local.opened(scene.name, scene.bob) as bob:
        for channel in first:
            await client.send({"type": "subscribe", "channel": channel})
            await client.opened(channel=channel)
        slow.slow = True
        await client.send({"type": "subscribe", "channel": scene.name})
        await scene.assert_nothing_is_taken_back(await scene.changed(slow, client, bob))


async def test_a_page_of_the_log_that_was_asked_for_before_waits_for_the_state_too(
    scene: Scene, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered, handed = threading.Event(), threading.Event(), threading.Event()
    read = log.after_seq

    def slow_read(positions: Mapping[str, int], *, limit: int) -> list[Packet]:
        asked.set()
        assert answered.wait(20)
        packets = read(positions, limit=limit)
        handed.set()
        return packets

    async with local.opened(scene.name, scene.eve) as client:
        scene.socket.fall_behind()
        await asyncio.to_thread(message_send, chat=scene.chat, sender=scene.alice, content="missed")
        monkeypatch.setattr(log, "after_seq", slow_read)
        scene.socket.chase()
        assert await asyncio.to_thread(asked.wait, 10)
        slow.slow = True
        scene.socket.tell_states()
        await slow.reading()
        await asyncio.to_thread(scene.change)
        answered.set()
        assert await asyncio.to_thread(handed.wait, 10)
        await client.barrier()  # by now the page is looked at
        slow.told.set()
        await client.until("new_message", content="meanwhile")
        await client.until("read", user_id=scene.bob.pk, message_id=scene.messages[-1])
        await client.until("chat_state")
        await scene.assert_nothing_is_taken_back(client.seen)
        contents = [frame["content"] for frame in client.seen if frame["type"] == "new_message"]
        assert contents == ["missed", "meanwhile"]


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_state_that_is_asked_for_while_it_is_read_is_read_anew(
    scene: Scene, slow: Slow, is_open: bool
) -> None:
    """The broker returns: what it lost since the first reading began is in the one that is told."""
    async with local.connect("", scene.eve) as client:
        subscribe = {"type": "subscribe", "channel": scene.name}
        if is_open:
            await client.send(subscribe)
            await client.opened(channel=scene.name)
        slow.slow, known = True, len(client.seen)
        if is_open:
            scene.socket.tell_states()
        else:
            await client.send(subscribe)
        await slow.reading()
        await asyncio.to_thread(scene.lose)
        scene.socket.tell_states()
        slow.told.set()
        await client.until("chat_state") if is_open else await client.opened()
        await client.barrier()
        await scene.assert_nothing_is_taken_back(client.seen[known:])


async def test_states_told_to_one_who_reads_slowly_take_nothing_back(scene: Scene, settings: Any) -> None:
    """Several at once, while the socket falls behind and catches up. Eve reads none, so that what is unread
    only grows, and so does Bob's mark."""
    settings.KITH_SOCKET_BACKLOG_BYTES = 2_000

    def say(content: str) -> None:
        message, _ = message_send(chat=scene.chat, sender=scene.bob, content=content)
        read_mark(chat=scene.chat, user=scene.bob, message_id=message)

    async with local.opened(scene.name, scene.eve, room=1) as client:
        for number in range(80):
            scene.socket.tell_states()
            await asyncio.to_thread(say, f"{number}")
            if not number % 3:
                await client.until("new_message")
        await client.until("new_message", content="79")
        await client.barrier()
    mark, messages, states = 0, len(scene.messages), 0
    for frame in client.seen:
        match frame:
            case {"type": "chat_state", "members": [_, bob, _], "unread_count": unread}:
                assert bob["last_read_message_id"] >= mark
                assert unread >= messages
                states += 1
            case {"type": "read", "message_id": mark}:
                pass
            case {"type": "new_message"}:
                messages += 1
    assert states > 2
    assert messages == len(scene.messages) + 80
