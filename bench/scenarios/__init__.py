"""What is measured, by name: each says which peers it measures, and yields samples of one of them."""

from __future__ import annotations

from bench.scenarios import fanout
from bench.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in [fanout.SCENARIO]}

__all__ = ["SCENARIOS", "Scenario"]
