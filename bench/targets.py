"""What the figures must show, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.ground import CHAT_SIZE
from bench.plan import LARGE, Plan
from bench.samples import Samples
from bench.scenarios.idle import CHATS_IN_FLIGHT

EVEN_FROM = 100  # sockets; below, a message costs more than its deliveries

Measure = Callable[[Samples, Plan], float | None]


@dataclass(frozen=True)
class Target:
    """``measure`` gives the figure, in ``unit``, or None where it was not measured."""

    title: str
    bound: float
    unit: str
    measure: Measure
    at_least: bool = True

    @property
    def wanted(self) -> str:
        """The bound as text."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}"

    def holds(self, value: float) -> bool:
        """Whether the target is reached."""
        return value >= self.bound if self.at_least else value <= self.bound


def _fanout(peer: str, in_flight: int) -> Measure:
    def measure(samples: Samples, plan: Plan) -> float | None:
        case = f"{_size(plan)}/{in_flight}"
        return samples.ratio("per_s", ("fanout", "kith", case), ("fanout", peer, case))

    return measure


def _even(samples: Samples, plan: Plan) -> float | None:
    cases = [f"{size}/4" for size in plan.sizes if size >= EVEN_FROM]
    rates = [samples.median("fanout", "kith", case, "per_s") for case in cases]
    found = [rate for rate in rates if rate]
    return min(found) / max(found) if len(found) > 1 else None


def _many_chats(samples: Samples, plan: Plan) -> float | None:
    chats = ("idle", "kith", f"{plan.idle // CHAT_SIZE} chats/{CHATS_IN_FLIGHT}")
    return samples.ratio("per_s", chats, ("fanout", "kith", f"{_size(plan)}/4"))


def _durable(vendor: str) -> Measure:
    return lambda samples, _: samples.ratio("per_s", ("durable", "kith", vendor), ("durable", "orm", vendor))


def _latency(case: str, figure: str) -> Measure:
    return lambda samples, _: samples.median("latency", "kith", case, figure)


def _memory_beyond(samples: Samples, plan: Plan) -> float | None:
    ours, floor = (samples.median("idle", peer, f"{plan.idle}", "kb") for peer in ("kith", "empty"))
    return None if ours is None or floor is None else ours - floor


def _memory_ratio(samples: Samples, plan: Plan) -> float | None:
    case = f"{plan.idle}"
    return samples.ratio("kb", ("idle", "kith", case), ("idle", "socketio", case))


def _openings(samples: Samples, plan: Plan) -> float | None:
    case = f"{plan.openings // CHAT_SIZE * CHAT_SIZE}"
    return samples.ratio("per_s", ("openings", "kith", case), ("openings", "daphne", case))


def _returning(samples: Samples, plan: Plan) -> float | None:
    case = f"{plan.returning // CHAT_SIZE * CHAT_SIZE}"
    return samples.median("returning", "kith", case, "seconds")


def _size(plan: Plan) -> int:
    """Of the room whose ratios are told."""
    return max((size for size in plan.sizes if size <= LARGE), default=0)


TARGETS = [
    Target("fan-out against tutorial Channels on Daphne, 4 in flight", 40, "×", _fanout("daphne", 4)),
    Target("fan-out against Socket.IO with Redis adapter, 4 in flight", 1.5, "×", _fanout("socketio", 4)),
    Target("fan-out against Socket.IO with Redis adapter, 1 in flight", 1.0, "×", _fanout("socketio", 1)),
    Target("fan-out against bare picows, 4 in flight", 0.8, "×", _fanout("picows", 4)),
    Target("fan-out, the slowest size against the fastest, from 100 sockets up", 0.75, "×", _even),
    Target("fan-out in many chats of 8, against one room", 0.75, "×", _many_chats),
    Target("durable sends on PostgreSQL against ORM `create`", 10, "×", _durable("postgres")),
    Target("durable sends on SQLite against ORM `create`", 10, "×", _durable("sqlite")),
    Target(
        "delivery beyond the database's commit, one room, p50", 2, "ms", _latency("room", "beyond_p50"), False
    ),
    Target(
        "delivery beyond the database's commit, one room, p99", 8, "ms", _latency("room", "beyond_p99"), False
    ),
    Target(
        "delivery beyond the database's commit, chats of 8, p50",
        2,
        "ms",
        _latency("chats", "beyond_p50"),
        False,
    ),
    Target(
        "delivery beyond the database's commit, chats of 8, p99",
        8,
        "ms",
        _latency("chats", "beyond_p99"),
        False,
    ),
    Target("memory per idle socket beyond an empty ASGI application", 6, "KB", _memory_beyond, False),
    Target("memory per idle socket against Socket.IO (stretch)", 1, "×", _memory_ratio, False),
    Target("openings against tutorial Channels on Daphne", 1.5, "×", _openings),
    Target("everybody level after a restart", 10, "s", _returning, False),
]
