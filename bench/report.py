"""What came of a run, in `bench/results/`: figures as JSON, tables as Markdown."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.plan import Plan
from bench.samples import Samples
from bench.table import markdown

RESULTS = Path(__file__).parent / "results"


def write(samples: Samples, plan: Plan, *, whole: bool) -> None:
    """Print the tables, and keep them. Only a ``whole`` run is the ``latest``."""
    RESULTS.mkdir(exist_ok=True)
    tables = markdown(samples)
    sys.stdout.write(tables)
    now = datetime.now(UTC)
    said: dict[str, Any] = {
        "date": now.isoformat(timespec="seconds"),
        "machine": _machine(),
        "plan": asdict(plan),
    }
    said |= {"samples": [asdict(sample) for sample in samples]}
    text = json.dumps(said, indent=1) + "\n"
    (RESULTS / f"{now:%Y-%m-%d-%H%M}.json").write_text(text)
    if whole:
        (RESULTS / "latest.json").write_text(text)


def _machine() -> dict[str, Any]:
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
