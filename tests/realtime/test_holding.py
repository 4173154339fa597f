"""What large rooms are told waits for what is under way there, and for nothing else, and not for long."""

from __future__ import annotations

import asyncio

import pytest

from realtime.holding import LARGE, Holding
from realtime.packets import Packet

ROOM, OTHER = "chat.1", "chat.2"


class Room:
    """A `Holding` of rooms of this size, and what it told, each time it told something."""

    def __init__(self, sockets: int) -> None:
        self.told: list[list[int]] = []
        self.holding = Holding(asyncio.get_running_loop())
        self.holding.size = lambda _topic: sockets
        self.holding.tell = lambda *packets: self.told.append([packet.event_id for packet in packets])

    def put(self, *numbers: int, topic: str = ROOM) -> None:
        self.holding.put(Packet(topic, b"{}", "said", seq=number, event_id=number) for number in numbers)


@pytest.fixture
async def room() -> Room:
    return Room(LARGE)


async def test_who_is_alone_is_told_at_once(room: Room) -> None:
    room.put(1)
    assert room.told == [[1]]


async def test_what_is_under_way_is_waited_for_and_told_with_it_in_order(room: Room) -> None:
    room.holding.begin(ROOM)
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM])
    room.put(2, 3)
    assert room.told == []
    room.holding.end([ROOM])
    assert room.told == [[1, 2, 3]]
    room.put(4)
    assert room.told == [[1, 2, 3], [4]]


async def test_nobody_waits_for_what_is_under_way_elsewhere(room: Room) -> None:
    room.holding.begin(OTHER)
    room.put(1)
    assert room.told == [[1]]
    room.put(2, topic=OTHER)
    room.put(3)
    assert room.told == [[1], [3]]


async def test_nobody_waits_in_a_small_room() -> None:
    room = Room(LARGE - 1)
    room.holding.begin(ROOM)
    room.put(1)
    assert room.told == [[1]]


async def test_what_takes_long_is_not_waited_for(room: Room) -> None:
    told = asyncio.Event()
    room.holding.tell = lambda *packets: told.set()
    room.holding.begin(ROOM)
    room.put(1)
    async with asyncio.timeout(10):
        await told.wait()


async def test_what_ends_without_a_word_lets_the_others_go(room: Room) -> None:
    room.holding.begin(ROOM)
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM, ROOM])
    assert room.told == [[1]]
