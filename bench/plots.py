"""The figures as pictures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.peers import PEERS
from bench.samples import Samples

mpl.use("Agg")  # there need not be a screen

OURS, THEIRS = "#1f6feb", "#9aa4b2"
SIZE = (9, 4.5)  # inches
DPI = 120


def draw(samples: Samples, folder: Path) -> list[Path]:
    """Every picture that there are figures for."""
    drawn = []
    if samples.rows("fanout"):
        drawn.append(_fanout(samples, folder / "fanout.png"))
    for scenario, figure, title in BARS:
        if samples.rows(scenario):
            drawn.append(_bars(samples, scenario, figure, title, folder / f"{scenario}.png"))
    return drawn


BARS = [
    ("durable", "per_s", "Durable sends a second: commit, then acknowledge"),
    ("idle", "kb", "Memory of an idle socket, KB"),
    ("openings", "per_s", "Openings a second"),
]


def _fanout(samples: Samples, path: Path) -> Path:
    picture = Figure(figsize=SIZE, layout="constrained")
    axes = picture.subplots()
    rows = samples.rows("fanout")
    in_flight = max((case.partition("/")[2] for _, case in rows), key=int)
    for peer in dict.fromkeys(peer for peer, _ in rows):
        cases = [case for name, case in rows if name == peer and case.endswith(f"/{in_flight}")]
        sizes = [int(case.partition("/")[0]) for case in cases]
        rates = [samples.median("fanout", peer, case, "per_s") or 0.0 for case in cases]
        style = {"color": OURS, "linewidth": 2.5} if peer == "kith" else {"linewidth": 1.2}
        axes.plot(sizes, rates, marker="o", markersize=4, label=PEERS[peer].title, **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("sockets in one room")
    axes.set_title(f"Deliveries a second, one core, {in_flight} messages in flight", loc="left")
    axes.grid(alpha=0.3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    picture.legend(loc="outside right center", frameon=False, fontsize=8)
    picture.savefig(path, dpi=DPI)
    return path


def _bars(samples: Samples, scenario: str, figure: str, title: str, path: Path) -> Path:
    found = [
        (peer, case, samples.median(scenario, peer, case, figure)) for peer, case in samples.rows(scenario)
    ]
    rows = [(peer, case, value) for peer, case, value in found if value is not None][::-1]
    picture = Figure(figsize=(SIZE[0], 0.9 + 0.42 * len(rows)), layout="constrained")
    axes = picture.subplots()
    bars = axes.barh(
        [f"{PEERS[peer].title}{'' if case.isdigit() else f', {case}'}" for peer, case, _ in rows],
        [value for _, _, value in rows],
        color=[OURS if peer == "kith" else THEIRS for peer, _, _ in rows],
    )
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left")
    picture.savefig(path, dpi=DPI)
    return path
