"""Thousands of sockets that hear nothing: what one costs in memory. Ours are signed in, each another user,
in chats of eight; then all of these chats speak, a few at a time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.ground import CHAT_SIZE
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import Stage

NAME = "idle"
PEERS = ("kith", "empty", "socketio", "ws", "daphne")
FIRST = 100  # sockets, after which what is loaded once has been loaded
SETTLE_S = 1.0  # what a handshake leaves behind is gone
CHATS_IN_FLIGHT = 64


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """Memory first, as long as nothing was said."""
    size = stage.plan.idle
    with stage.loaded(name) as (peer, server, generator):
        generator.connect(stage.chat_seats(peer, range(FIRST)))
        time.sleep(SETTLE_S)
        before = server.memory_bytes()
        answer = generator.connect(stage.chat_seats(peer, range(FIRST, size)))
        opened = answer.pop("per_s")
        time.sleep(SETTLE_S)
        kilobytes = (server.memory_bytes() - before) / (size - FIRST) / 1024
        yield stage.sample(NAME, name, f"{size}", answer, kb=kilobytes, opened=opened)
        if name == "kith":
            answer = generator.fan_out(in_flight=CHATS_IN_FLIGHT, seconds=stage.plan.fan_out_s)
            case = f"{size // CHAT_SIZE} chats/{CHATS_IN_FLIGHT}"
            yield stage.sample(NAME, name, case, answer)


SCENARIO = Scenario(NAME, PEERS, measure)
