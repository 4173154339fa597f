"""What is measured, by name: each says which peers it measures, and yields samples of one of them."""

from __future__ import annotations

from bench.scenarios import durable, fanout, idle, latency, openings, returning
from bench.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    module.SCENARIO.name: module.SCENARIO for module in (fanout, durable, latency, openings, idle, returning)
}

__all__ = ["SCENARIOS", "Scenario"]
