"""Fifty people in fifty chats, each saying the next thing when the last is acknowledged: commit, then ack.

Ours checks who may speak, deduplicates by `ref`, writes the message and its event, and delivers it. The
other is the ORM's `create` in the tutorial's consumer, and delivers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.ground import CHAT_SIZE, Vendor
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import Stage

NAME = "durable"
WARM_UP_S = 0.5
VENDORS: tuple[Vendor, ...] = ("postgres", "sqlite")


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """On PostgreSQL, then on SQLite."""
    senders = stage.plan.senders
    for vendor in VENDORS:
        with stage.loaded(name, vendor) as (peer, _, generator):
            generator.connect(stage.chat_seats(peer, range(0, senders * CHAT_SIZE, CHAT_SIZE), vendor=vendor))
            generator.save(senders=senders, seconds=WARM_UP_S)
            answer = generator.save(senders=senders, seconds=stage.plan.save_s)
            yield stage.sample(NAME, name, vendor, answer)


SCENARIO = Scenario(NAME, ("kith", "orm"), measure)
