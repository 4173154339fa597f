"""From the moment a message is sent to each of its deliveries, at a tenth of the load that is possible:
in one room of all, and in chats of eight. Beside it, the database's own commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.commits import Commits
from bench.ground import CHAT_SIZE
from bench.samples import Sample
from bench.scenarios.scenario import Scenario
from bench.stage import Stage

NAME = "latency"
PART = 0.1  # of the top load


def measure(stage: Stage, name: str) -> Iterator[Sample]:
    """The top load is found first, on the same sockets."""
    size = stage.plan.latency
    for case, room, in_flight in [("room", size, 4), ("chats", CHAT_SIZE, 64)]:
        with stage.loaded(name, timed=True) as (peer, server, generator):
            seats = stage.seats if case == "room" else stage.chat_seats
            generator.connect(seats(peer, range(size)))
            generator.fan_out(in_flight=in_flight, seconds=stage.plan.fan_out_s)
            top = generator.fan_out(in_flight=in_flight, seconds=stage.plan.fan_out_s)["per_s"]
            with Commits(server.database) as commits:
                answer = generator.pace(per_s=top / room * PART, seconds=stage.plan.pace_s)
            commit = commits.ms
            times = answer["ms"]
            yield stage.sample(
                NAME,
                name,
                case,
                answer,
                top=top,
                **times,
                **{f"commit_{name}": value for name, value in commit.items()},
                **{f"beyond_{name}": times[name] - commit[name] for name in ("p50", "p99")},
            )


SCENARIO = Scenario(NAME, ("kith",), measure)
