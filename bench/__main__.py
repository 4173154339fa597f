"""The command line of the bench; see the package."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.peers import PEERS
from bench.plan import Plan
from bench.report import publish, write
from bench.run import run
from bench.scenarios import SCENARIOS


def names(known: list[str]) -> Callable[[str], tuple[str, ...]]:
    """An argument that lists some of these, with commas."""

    def parse(text: str) -> tuple[str, ...]:
        given = tuple(part for part in text.split(",") if part)
        if unknown := set(given) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return given

    return parse


def numbers(text: str) -> tuple[int, ...]:
    """An argument that lists numbers, with commas."""
    return tuple(sorted(int(part) for part in text.split(",")))


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What the options ask for."""
    plan = Plan(only=arguments.only, peers=arguments.peers)
    if arguments.quick:
        plan = plan.quick()
    if arguments.rounds:
        plan = replace(plan, rounds=arguments.rounds)
    if arguments.sockets:
        plan = replace(plan, sizes=arguments.sockets)
    return plan


def options() -> argparse.ArgumentParser:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Kith and its peers, side by side.")
    for name, known in {"--only": list(SCENARIOS), "--peers": list(PEERS)}.items():
        parser.add_argument(name, type=names(known), default=(), metavar="NAME,…", help=", ".join(known))
    parser.add_argument("--rounds", type=int, help="5; the medians are shown")
    parser.add_argument("--sockets", type=numbers, help="of the fan-out: 10,100,200,1000,3000,8000")
    parser.add_argument("--quick", action="store_true", help="two rounds of everything, with fewer sockets")
    parser.add_argument(
        "--publish", type=Path, metavar="FILE", help="show that run in the docs; measure nothing"
    )
    return parser


def main() -> None:
    """Measure, and write what came of it. The exit status is 1 where something failed."""
    arguments = options().parse_args()
    if arguments.publish:
        publish(arguments.publish)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no server outlives this
    samples, plan = run(plan_of(arguments))
    parts = arguments.only or arguments.peers or arguments.sockets or arguments.quick
    write(samples, plan, whole=not parts)
    if plan.failed:
        sys.exit(f"Failed: {', '.join(plan.failed)}")


if __name__ == "__main__":
    main()
