"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.samples import Sample
from bench.stage import Stage


@dataclass(frozen=True)
class Scenario:
    """``measure(stage, peer)`` starts that peer's server, and yields what it finds."""

    name: str
    peers: tuple[str, ...]
    measure: Callable[[Stage, str], Iterator[Sample]]
