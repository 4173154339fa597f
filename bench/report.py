"""What came of a run: figures as JSON, pictures, and the tables of docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.ground import ROOT
from bench.plan import Plan
from bench.samples import Sample, Samples
from bench.table import markdown

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: written by `make bench` -->", "<!-- /bench -->"


def write(samples: Samples, plan: Plan, *, whole: bool) -> None:
    """Print the tables and keep the figures. A ``whole`` run is the `latest`, and is shown in the docs."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    said: dict[str, Any] = {
        "date": now.isoformat(timespec="seconds"),
        "machine": _machine(),
        "plan": asdict(plan),
        "samples": [asdict(sample) for sample in samples],
    }
    path = RESULTS / f"{now:%Y-%m-%d-%H%M%S}.json"
    path.write_text(json.dumps(said, indent=1) + "\n")
    sys.stdout.write(markdown(samples, plan) + f"\nWritten to {path.relative_to(ROOT)}\n")
    if whole:
        publish(path)


def publish(path: Path) -> None:
    """Make a run the latest: its pictures, and its tables in the docs."""
    from bench.plots import draw  # its library is not there where only tests run

    said = json.loads(path.read_text())
    samples = Samples(Sample(**sample) for sample in said["samples"])
    plan = Plan(**{name: _tuple(value) for name, value in said["plan"].items()})
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(path.read_text())
    drawn = draw(samples, RESULTS)
    pictures = "\n".join(f"![{picture.stem}](../bench/results/{picture.name})" for picture in drawn)
    where = f"Measured on {said['date'][:10]}: {_described(said['machine'])}."
    told = f"{where}\n\n{markdown(samples, plan)}\n{pictures}"
    PAGE.write_text(replaced(PAGE.read_text(), told))


def replaced(page: str, told: str) -> str:
    """The page with another text between the two lines. Raises ValueError: it lacks them."""
    if BEGIN not in page or END not in page:
        raise ValueError(f"{PAGE.name} lacks the lines {BEGIN} and {END}")
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n\n{told}\n\n{END}{rest.split(END, 1)[1]}"


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _described(machine: dict[str, Any]) -> str:
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    )


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
