"""The bench counts right: what it says was delivered was, and what was not is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from bench.cores import Cores
from bench.ground import Ground, Need
from bench.load import Generator
from bench.peers import PEERS
from bench.plan import Plan
from bench.run import measured
from bench.stage import LostError, Stage
from tests.harness.databases import TEMPLATE, Databases
from tests.harness.servers import RedisServer

SOCKETS = 10
PLAN = Plan(rounds=1, only=("fanout",), peers=("kith",), sizes=(SOCKETS,), in_flight=(4,), fan_out_s=0.5)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("bench")
    postgres = databases.postgres
    need = Need(users=SOCKETS, room=SOCKETS, chats=0, told=0)
    redis = RedisServer(folder)
    redis.start()
    # Not pinned: this process and its other servers would stay where it is put.
    made = Ground(Cores(None, None), {"postgres": need}, folder, redis, postgres, postgres.url(TEMPLATE))
    with closing(made):
        yield made
    redis.stop()


def test_what_was_said_to_kith_is_heard_once_by_everyone(ground: Ground) -> None:
    stage = Stage(ground, PLAN, 1)
    with stage.loaded("kith") as (peer, server, generator):
        generator.connect(stage.seats(peer, range(SOCKETS)))
        first = generator.fan_out(in_flight=4, seconds=0.3)
        second = generator.fan_out(in_flight=1, seconds=0.3)
        with psycopg.connect(server.database) as connection:
            stored = connection.execute("SELECT count(*) FROM kith_chat_message").fetchone()
    assert first["deliveries"] == SOCKETS * first["messages"] > 0
    assert second["deliveries"] == SOCKETS * second["messages"] > 0
    assert (first["lost"], first["repeats"], first["closed"], first["complaint"]) == (0, 0, 0, "")
    assert stored == (first["messages"] + second["messages"],)


def test_a_run_has_a_figure_for_each_case(ground: Ground) -> None:
    samples = measured(PLAN, ground)
    assert PLAN.failed == {}
    assert samples.rows("fanout") == [("kith", "10/4")]
    assert (samples.median("fanout", "kith", "10/4", "per_s") or 0) > 0


def test_a_server_that_tells_only_the_sender_has_no_figure(ground: Ground) -> None:
    stage = Stage(ground, PLAN, 1)
    with stage.serving("empty") as (peer, server), Generator(PEERS["empty"], server) as generator:
        generator.connect(stage.seats(peer, range(SOCKETS)))
        answer = generator.fan_out(in_flight=4, seconds=0.2, within=0.5)
    assert (answer["messages"], answer["deliveries"], answer["lost"]) == (4, 4, 36)
    with pytest.raises(LostError):
        stage.sample("fanout", "empty", "10/4", answer)
