"""The table and the picture of a soak."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.soak.watch import Gauge, settled, slope_per_hour

UNITS = {
    "memory": "resident memory, MB",
    "files": "open file descriptors",
    "sockets": "open sockets",
    "topics": "topics listened to",
    "tasks": "asyncio tasks",
    "threads": "threads",
}
SERVERS = {"left": "#1f6f8b", "right": "#d9822b"}

PREFACE = """\
# Soak

What `make soak` saw in {minutes:.1f} minutes, on {cores} cores of {machine}: two servers, PostgreSQL and
Redis, all on one machine with the clients. Written by the run; do not edit.

Clients come in tides, on all channels, by WebSocket, stream and poll; they make chats and leave them, block
and are blocked, say, post, upload, come back with old cursors, do not read, send broken frames, vanish. At
each ebb nobody is left: that is where servers are compared with themselves. *Start* is the first ebb, *end*
the last, the *slope* that of the ebbs of the last half, in an hour.

![What two servers held](soak.png)

"""


def as_markdown(gauges: Sequence[Gauge], passed: Mapping[str, int], minutes: float) -> str:
    """A page with two tables."""
    page = PREFACE.format(minutes=minutes, cores=os.cpu_count(), machine=platform.machine())
    page += _table(["at the ebb", "server", "start", "end", "slope per hour"], _held(gauges))
    return page + "\n" + _table(["what passed", "count"], [[what, f"{n:,}"] for what, n in passed.items()])


def _held(gauges: Sequence[Gauge]) -> list[list[str]]:
    return [
        [
            title,
            server,
            *(f"{ebb.held[quantity]:.{digits}f}" for ebb in (gauge.ebbs[0], gauge.ebbs[-1])),
            f"{slope_per_hour(settled(gauge.ebbs), quantity):+.1f}",
        ]
        for quantity, title in UNITS.items()
        for digits in (1 if quantity == "memory" else 0,)
        for server, gauge in zip(SERVERS, gauges, strict=True)
        if gauge.ebbs
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def draw(gauges: Sequence[Gauge], path: Path) -> None:
    """One panel for each quantity, as PNG; dots are ebbs."""
    figure = Figure(figsize=(12, 9), layout="constrained", facecolor="white")
    panels = figure.subplots(3, 2, sharex=True).flat
    for axes, (quantity, title) in zip(panels, UNITS.items(), strict=True):
        for (server, colour), gauge in zip(SERVERS.items(), gauges, strict=True):
            _line(axes, gauge, quantity, server, colour)
        axes.set_title(title[0].upper() + title[1:], loc="left", fontsize=11)
        axes.set_ylabel("MB" if quantity == "memory" else "count")
        axes.set_ylim(0, 1.15 * max(axes.get_ylim()[1], 1))
        axes.set_xlim(left=0)
        axes.grid(color="#e6e6e6")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[-2:]:
        axes.set_xlabel("minutes since the beginning")
    figure.axes[0].legend(loc="lower right", ncols=2, fontsize=9)
    figure.suptitle("What two servers hold while clients come and go in tides", fontsize=14)
    figure.savefig(path, dpi=100)


def _line(axes: Axes, gauge: Gauge, quantity: str, server: str, colour: str) -> None:
    times = [moment.at / 60 for moment in gauge.moments]
    axes.plot(times, [moment.held[quantity] for moment in gauge.moments], color=colour, lw=0.9, label=server)
    ebbs = [ebb.at / 60 for ebb in gauge.ebbs]
    values = [ebb.held[quantity] for ebb in gauge.ebbs]
    axes.plot(ebbs, values, "o", color=colour, ms=4, label=f"{server}, nobody there")
