"""The figures as Markdown: what is to be shown first, then every row."""

from __future__ import annotations

from bench.peers import PEERS
from bench.samples import Samples


def markdown(samples: Samples) -> str:
    """All tables."""
    return "\n\n".join(filter(None, [_fanout(samples)])) + "\n"


def _fanout(samples: Samples) -> str:
    rows = samples.rows("fanout")
    if not rows:
        return ""
    cases = sorted({case for _, case in rows}, key=_order)
    head = ["server", *(_case(case) for case in cases)]
    lines = [
        [PEERS[peer].title, *(_rate(samples, peer, case) for case in cases)]
        for peer in dict.fromkeys(peer for peer, _ in rows)
    ]
    return f"### Fan-out: deliveries a second\n\n{_table(head, lines)}"


def _order(case: str) -> tuple[int, int]:
    size, in_flight = map(int, case.split("/"))
    return -in_flight, size


def _case(case: str) -> str:
    size, in_flight = case.split("/")
    return f"{int(size):,} sockets, {in_flight} in flight"


def _rate(samples: Samples, peer: str, case: str) -> str:
    rate = samples.median("fanout", peer, case, "per_s")
    if rate is None:
        return ""
    limited = " ◦" if samples.limit("fanout", peer, case) else ""
    return f"{rate:,.0f}{limited}"


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
