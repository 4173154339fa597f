"""One run: every scenario, every round, the peers in turn, so that a slow minute hits them all."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.cores import Cores, cores_find, sockets_allowed
from bench.ground import CHAT_SIZE, DurablePostgres, Ground, Need, Vendor
from bench.load import GeneratorError
from bench.peers import PEERS
from bench.peers.node import NodeUnavailableError, node_ready
from bench.plan import MEMBERS, Plan
from bench.samples import Sample, Samples
from bench.scenarios import SCENARIOS, Scenario
from bench.stage import LostError, Stage
from tests.harness.servers import RedisServer


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def run(plan: Plan) -> tuple[Samples, Plan]:
    """Measure; the plan comes back with what had to be left out, and why."""
    plan = _fitted(plan)
    cores = cores_find()
    if not cores.pinned:
        say("Processes cannot be pinned to cores here: server and generator are in each other's way.")
    with ground_for(plan, cores) as ground:
        return measured(plan, ground), plan


def measured(plan: Plan, ground: Ground) -> Samples:
    """All samples of a plan, on a ground that is running. What failed is left out of the plan from then on:
    a quarter of an hour of figures is not lost with it."""
    samples = Samples()
    began = time.monotonic()
    for number in range(1, plan.rounds + 1):
        for scenario, peer in _turns(plan):
            try:
                for sample in scenario.measure(Stage(ground, plan, number), peer):
                    samples.add(sample)
                    say(f"{time.monotonic() - began:6.0f} s  round {number}  {_told(sample)}")
            except (LostError, GeneratorError, RuntimeError, TimeoutError) as error:
                plan.failed[f"{scenario.name}, {peer}"] = f"{type(error).__name__}: {error}"
                say(
                    "\n".join([f"FAILED: {scenario.name}, {peer}: {error}", *getattr(error, "__notes__", ())])
                )
    return samples


@contextlib.contextmanager
def ground_for(plan: Plan, cores: Cores) -> Iterator[Ground]:
    """PostgreSQL and Redis for it, on the generator's core."""
    cores.keep_to_load()
    durable = Need(users=plan.senders * CHAT_SIZE, room=MEMBERS, chats=plan.senders, told=0)
    need: dict[Vendor, Need] = {"postgres": plan.need, "sqlite": durable}
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="kith-bench-")))
        redis, postgres = RedisServer(folder), DurablePostgres()
        cleanup.callback(redis.stop)
        cleanup.callback(postgres.remove)
        redis.start()
        postgres.start()
        yield Ground(cores, need, folder, redis, postgres)


def _turns(plan: Plan) -> Iterator[tuple[Scenario, str]]:
    """One round."""
    for scenario in (SCENARIOS[name] for name in SCENARIOS if plan.wants(name)):
        for peer in scenario.peers:
            wanted = not plan.peers or peer in plan.peers
            failed = f"{scenario.name}, {peer}" in plan.failed
            if wanted and not failed and peer not in plan.left_out:
                yield scenario, peer


def _fitted(plan: Plan) -> Plan:
    """Without what this machine does not grant, each said with its reason."""
    left_out: dict[str, str] = {}
    try:
        if any(PEERS[peer].needs_node for peer in plan.peers or PEERS):
            node_ready()
    except NodeUnavailableError as error:
        left_out = {name: str(error) for name, peer in PEERS.items() if peer.needs_node}
    allowed = sockets_allowed()
    sizes = tuple(size for size in plan.sizes if size <= allowed)
    if plan.largest > allowed:
        left_out[f"more than {allowed} sockets"] = "the limit of open files (ulimit -n) does not allow them"
    for what, why in left_out.items():
        say(f"Left out: {what}: {why}")
    return replace(
        plan,
        sizes=sizes,
        idle=min(plan.idle, allowed),
        returning=min(plan.returning, allowed),
        left_out=left_out,
    )


def _told(sample: Sample) -> str:
    figures = "  ".join(f"{name} {value:,.2f}" for name, value in sample.figures.items())
    busy = sample.shares.get("generator")
    return f"{sample.scenario:10} {sample.peer:16} {sample.case:14} {figures}  (generator {busy or 0:.0%})"
