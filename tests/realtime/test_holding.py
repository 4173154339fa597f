"""What is told waits for the turn of the answers, in large rooms for what is under way, and not for long."""

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


async def turn() -> None:
    """One of the loop, in which those who were woken have their say."""
    await asyncio.sleep(0)


async def test_what_is_told_waits_for_the_turn_of_the_answers_and_is_told_before_them(room: Room) -> None:
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM])
    asyncio.get_running_loop().call_soon(room.told.append, [2])
    assert room.told == []
    await turn()
    assert room.told == [[1], [2]]


async def test_in_a_large_room_what_is_under_way_is_told_with_it_in_order(room: Room) -> None:
    room.holding.begin(ROOM)
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM])
    room.put(2, 3)
    await turn()
    assert room.told == []
    room.holding.end([ROOM])
    await turn()
    assert room.told == [[1, 2, 3]]
    room.put(4)
    assert room.told == [[1, 2, 3], [4]]


async def test_in_a_small_room_nobody_waits_for_others() -> None:
    room = Room(LARGE - 1)
    room.holding.begin(ROOM)
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM])
    await turn()
    assert room.told == [[1]]


async def test_nobody_waits_for_what_is_under_way_elsewhere(room: Room) -> None:
    room.holding.begin(OTHER)
    room.put(1)
    assert room.told == [[1]]
    room.put(2, topic=OTHER)
    room.put(3)
    assert room.told == [[1], [3]]


@pytest.mark.parametrize("sockets", [1, LARGE])
async def test_what_takes_long_is_not_waited_for(sockets: int) -> None:
    room = Room(sockets)
    told = asyncio.Event()
    room.holding.tell = lambda *packets: told.set()
    room.holding.begin(ROOM)
    room.put(1)
    async with asyncio.timeout(10):
        await told.wait()
    room.holding.end([ROOM])


async def test_what_ends_without_a_word_lets_the_others_go(room: Room) -> None:
    room.holding.begin(ROOM)
    room.holding.begin(ROOM)
    room.put(1)
    room.holding.end([ROOM, ROOM])
    await turn()
    assert room.told == [[1]]
