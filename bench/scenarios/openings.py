"""New sockets a second. Ours checks a token and a right, tells ten missed events and the state of the chat;
the tutorial's joins a group.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.ground import CHAT_SIZE, MISSED
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import LostError, Stage

NAME = "openings"
FIRST = 40  # sockets that are not counted
AT_ONCE = 64


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """Every socket in a chat of eight."""
    size = stage.plan.openings // CHAT_SIZE * CHAT_SIZE
    with stage.loaded(name) as (peer, _, generator):
        generator.connect(stage.chat_seats(peer, range(FIRST)))
        answer = generator.connect(stage.chat_seats(peer, range(size), missed=True), at_once=AT_ONCE)
        expected = {str(MISSED if name == "kith" else 0): size}
        if answer["replayed"] != expected:
            raise LostError(f"{NAME}, {name}: replayed {answer['replayed']} instead of {expected}")
        yield stage.sample(NAME, name, f"{size}", answer)


SCENARIO = Scenario(NAME, ("kith", "daphne"), measure)
