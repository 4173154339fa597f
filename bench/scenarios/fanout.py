"""One room, everybody subscribed: how many deliveries a second, by sockets and messages in flight.

A message is 120 bytes, and on its way until every socket has it. Ours is saved in PostgreSQL before
it is delivered to anyone; the peers' are saved nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.plan import LARGE
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import Stage

NAME = "fanout"
PEERS = ("kith", "daphne", "uvicorn", "python-socketio", "socketio", "ws", "picows")
WARM_UP_S = 0.6  # machines that compile what runs often do it now


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """The sockets grow from size to size."""
    plan = stage.plan
    with stage.loaded(name) as (peer, _, generator):
        opened = 0
        for size in plan.sizes:
            if size > LARGE and name != "kith" and stage.round > 1:
                return
            generator.connect(stage.seats(peer, range(opened, size)))
            if not opened:
                generator.fan_out(in_flight=max(plan.in_flight), seconds=WARM_UP_S)
            opened = size
            for in_flight in plan.in_flight:
                answer = generator.fan_out(in_flight=in_flight, seconds=plan.fan_out_s)
                yield stage.sample(NAME, name, f"{size}/{in_flight}", answer)


SCENARIO = Scenario(NAME, PEERS, measure)
