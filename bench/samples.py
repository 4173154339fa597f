"""What was measured: one sample for each peer, case and round; and what is said of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """``case``: which of a scenario's, ``1000/4``: sockets and messages in flight. ``figures`` by name."""

    scenario: str
    peer: str
    case: str
    round: int
    figures: dict[str, float]
    shares: dict[str, float | None]


class Samples:
    """All of a run."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._samples = list(samples)

    def add(self, sample: Sample) -> None:
        """One more."""
        self._samples.append(sample)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    def of(self, scenario: str, peer: str, case: str) -> list[Sample]:
        """Those of one row, by round."""
        wanted = (scenario, peer, case)
        found = [one for one in self._samples if (one.scenario, one.peer, one.case) == wanted]
        return sorted(found, key=lambda one: one.round)

    def rows(self, scenario: str) -> list[tuple[str, str]]:
        """``(peer, case)`` of a scenario, in the order in which they were measured."""
        return list(dict.fromkeys((one.peer, one.case) for one in self._samples if one.scenario == scenario))

    def median(self, scenario: str, peer: str, case: str, figure: str) -> float | None:
        """Over the rounds; None where nothing was measured."""
        found = [one.figures[figure] for one in self.of(scenario, peer, case) if figure in one.figures]
        return statistics.median(found) if found else None

    def ratio(self, figure: str, over: tuple[str, str, str], under: tuple[str, str, str]) -> float | None:
        """The median of the ratios within each round, so that a slow minute hits both."""
        below = {one.round: one.figures.get(figure) for one in self.of(*under)}
        ratios = [
            one.figures[figure] / base
            for one in self.of(*over)
            if figure in one.figures and (base := below.get(one.round))
        ]
        return statistics.median(ratios) if ratios else None

    def limit(self, scenario: str, peer: str, case: str) -> str:
        """What held a row back besides its server: the generator, or its whole core; empty: neither."""
        shares = [one.shares for one in self.of(scenario, peer, case)]
        if _median(shares, "generator") > LIMIT:
            return "generator"
        return "generator's core" if _median(shares, "generator_core") > CORE_LIMIT else ""


LIMIT = 0.9  # of the core's time: beyond it, the row is the generator's
CORE_LIMIT = 0.97  # with PostgreSQL and Redis


def _median(shares: list[dict[str, Any]], name: str) -> float:
    found = [each[name] for each in shares if each.get(name) is not None]
    return statistics.median(found) if found else 0.0
