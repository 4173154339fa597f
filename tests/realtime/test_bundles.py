"""What processes tell each other is numbered: whoever lost something, the others notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from channels.layers import get_channel_layer
from django.test import override_settings

from realtime import broker, topics
from realtime.broker import BUNDLE, Broker
from realtime.packets import Packet, dump
from realtime.redis_servers import layer_hosts
from tests.harness.servers import RedisServer
from tests.harness.waiting import eventually


class Hearing:
    """A process that hears the others, and notes what."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.losses = 0
        self.broker = Broker(on_packets=self.hear, on_lost=self.lose)

    def hear(self, packets: list[Packet]) -> None:
        self.bodies += [packet.body for packet in packets]

    def lose(self) -> None:
        self.losses += 1


@pytest.fixture
async def hearing(redis: RedisServer) -> AsyncIterator[Hearing]:
    config = {"hosts": layer_hosts(redis.url), "prefix": "kith"}
    layers = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}}
    with override_settings(CHANNEL_LAYERS=layers, REDIS_URL=redis.url):
        hearing = Hearing()
        hearing.broker.start()
        await until(lambda: hearing.broker.available and hearing.losses == 1)  # what was before it listened
        yield hearing
        await hearing.broker.stop()


async def until(look: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return look()

    await eventually(asked)


async def other_sends(number: int, *bodies: bytes, process: str = "other") -> None:
    """A bundle as another process sends it."""
    packets = [Packet(topics.chat(5).name, body, "new_message") for body in bodies]
    message = {"type": BUNDLE, "server": 0, "process": process, "number": number, "packets": dump(packets)}
    [group] = broker.groups()
    await get_channel_layer().group_send(group, message)


async def test_what_is_told_at_a_moment_comes_as_one_and_nothing_is_missing(hearing: Hearing) -> None:
    await other_sends(7, b"a", b"b")
    await other_sends(8, b"c")
    await until(lambda: hearing.bodies == [b"a", b"b", b"c"])
    assert hearing.losses == 1


async def test_a_missing_number_is_a_loss_and_one_loss_where_several_are_missing(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "LOST_TOGETHER_S", 1.0)
    for number in (1, 3, 4, 6):
        await other_sends(number, b"%d" % number)
    await until(lambda: hearing.losses == 2)
    assert hearing.bodies == [b"1", b"3", b"4", b"6"]
    await other_sends(7, b"7")
    await other_sends(1, b"another's first", process="another")
    await other_sends(0, b"from a shell", process="")
    await other_sends(0, b"from another", process="")
    await until(lambda: len(hearing.bodies) == 8)
    assert hearing.losses == 2


async def test_what_another_release_sends_is_left_to_the_log(hearing: Hearing) -> None:
    [group] = broker.groups()
    await get_channel_layer().group_send(group, {"type": "something.else"})
    message = {"type": BUNDLE, "server": 9, "process": "newer", "number": 1, "packets": b"\xff"}
    await get_channel_layer().group_send(group, message)
    await other_sends(1, b"a")
    await until(lambda: hearing.bodies == [b"a"])
    assert hearing.broker.available
