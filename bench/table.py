"""The figures as Markdown: what is to be shown first, then every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bench.peers import PEERS
from bench.plan import Plan
from bench.samples import Samples
from bench.targets import TARGETS

LIMITED = "◦"  # the generator, or its core, was the limit


def markdown(samples: Samples, plan: Plan) -> str:
    """All tables, and what has to be known to read them."""
    parts = [_ratios(samples, plan), _fanout(samples), _others(samples), _notes(samples, plan)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _ratios(samples: Samples, plan: Plan) -> str:
    found = [(target, target.measure(samples, plan)) for target in TARGETS]
    lines = [
        [
            target.title,
            target.wanted,
            f"{value:,.2f} {target.unit}",
            "yes" if target.holds(value) else "**no**",
        ]
        for target, value in found
        if value is not None
    ]
    return _table(["figure", "target", "measured", "reached"], lines)


def _fanout(samples: Samples) -> str:
    rows = samples.rows("fanout")
    parts = []
    for in_flight in sorted({case.partition("/")[2] for _, case in rows}, key=int, reverse=True):
        sizes = sorted({int(case.partition("/")[0]) for _, case in rows})
        lines = [
            [PEERS[peer].title, *(_cell(samples, "fanout", peer, f"{size}/{in_flight}") for size in sizes)]
            for peer in dict.fromkeys(peer for peer, _ in rows)
        ]
        head = [f"deliveries a second, {in_flight} in flight", *(f"{size:,} sockets" for size in sizes)]
        parts.append(_table(head, lines))
    return "\n\n".join(parts)


def _others(samples: Samples) -> str:
    lines = []
    for scenario, (title, figures) in ROWS.items():
        for peer, case in samples.rows(scenario):
            said = _figures(samples, scenario, peer, case, figures)
            lines.append([title, PEERS[peer].title, _case(case), said])
    return _table(["what", "server", "case", "medians"], lines)


Format = tuple[str, Callable[[float], str]]

ROWS: dict[str, tuple[str, tuple[Format, ...]]] = {
    "durable": ("durable sends", (("per_s", "{:,.0f} a second".format),)),
    "latency": (
        "send to delivery, a tenth of the top load",
        (
            ("p50", "p50 {:.1f} ms".format),
            ("p99", "p99 {:.1f} ms".format),
            ("commit_p50", "a commit alone: p50 {:.1f} ms".format),
            ("commit_p99", "p99 {:.1f} ms".format),
            ("top", "top load {:,.0f} deliveries a second".format),
        ),
    ),
    "openings": ("openings", (("per_s", "{:,.0f} a second".format),)),
    "idle": (
        "idle sockets",
        (
            ("kb", "{:.1f} KB each".format),
            ("opened", "opened {:,.0f} a second".format),
            ("per_s", "{:,.0f} deliveries a second".format),
        ),
    ),
    "returning": (
        "back after a restart",
        (("seconds", "level after {:.1f} s".format), ("refused", "{:,.0f} tries refused, none lost".format)),
    ),
}


def _figures(samples: Samples, scenario: str, peer: str, case: str, figures: Iterable[Format]) -> str:
    told = []
    for name, say in figures:
        value = samples.median(scenario, peer, case, name)
        if value is not None:
            told.append(say(value))
    return ", ".join(told) + _mark(samples, scenario, peer, case)


def _case(case: str) -> str:
    return f"{int(case):,}" if case.isdigit() else case.replace("/", ", ") + (" in flight" * ("/" in case))


def _cell(samples: Samples, scenario: str, peer: str, case: str) -> str:
    rate = samples.median(scenario, peer, case, "per_s")
    return "" if rate is None else f"{rate:,.0f}{_mark(samples, scenario, peer, case)}"


def _mark(samples: Samples, *row: str) -> str:
    return f" {LIMITED}" if samples.limit(*row) else ""


def _notes(samples: Samples, plan: Plan) -> str:
    limits = {samples.limit(one.scenario, one.peer, one.case) for one in samples} - {""}
    busiest = max((one.shares.get("generator") or 0.0 for one in samples), default=0.0)
    notes = [
        f"Medians of {plan.rounds} round{'s' * (plan.rounds > 1)}; ratios are medians of the ratios within "
        f"each round. The generator used up to {busiest:.0%} of its core.",
        *([f"{LIMITED}: held back by the {' or the '.join(sorted(limits))}."] if limits else []),
        *(f"**Failed**: {what}: {why}." for what, why in plan.failed.items()),
        *(f"Left out: {what}: {why}." for what, why in plan.left_out.items()),
    ]
    return "\n".join(notes)


def _table(head: list[str], lines: list[list[str]]) -> str:
    if not lines:
        return ""
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
