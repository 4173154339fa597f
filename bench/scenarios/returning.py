"""A server is killed with everybody on it, and starts again; each client comes back with a cursor from before
ten messages of its chat. The time is from the moment the server answers until the last client is level.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.ground import CHAT_SIZE, MISSED
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import Stage

NAME = "returning"
WITHIN_S = 180.0


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """Everybody on, the server gone, everybody back."""
    size = stage.plan.returning // CHAT_SIZE * CHAT_SIZE
    with stage.loaded(name) as (peer, server, generator):
        generator.connect(stage.chat_seats(peer, range(size)))
        began = time.monotonic()
        server.kill()
        generator.close()
        server.start()
        away = time.monotonic() - began
        generator.serve()
        seats = stage.chat_seats(peer, range(size), missed=True)
        answer = generator.come_back(seats, missed=MISSED, within=WITHIN_S)
        figures = {"seconds": answer["seconds"], "refused": answer["refused"], "away_s": away}
        yield stage.sample(NAME, name, f"{size}", answer, **figures)


SCENARIO = Scenario(NAME, ("kith",), measure)
