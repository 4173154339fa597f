"""What the bench makes of its samples."""

import pytest

from bench.plan import Plan
from bench.report import BEGIN, END, replaced
from bench.samples import Sample, Samples
from bench.table import markdown

CASE = "1000/4"
PLAN = Plan(rounds=3)


def sample(peer: str, number: int, rate: float, *, generator: float = 0.5, core: float = 0.6) -> Sample:
    shares: dict[str, float | None] = {"generator": generator, "generator_core": core, "server": 1.0}
    return Sample("fanout", peer, CASE, number, {"per_s": rate}, shares)


def test_a_ratio_is_the_median_of_those_within_each_round() -> None:
    """The second round was slow for both."""
    ours, theirs = [100, 10, 120], [10, 2, 10]
    rounds = range(3)
    found = [sample(peer, n, rates[n]) for peer, rates in (("kith", ours), ("ws", theirs)) for n in rounds]
    ratio = Samples(found).ratio("per_s", ("fanout", "kith", CASE), ("fanout", "ws", CASE))
    assert ratio == 10


def test_a_round_that_only_one_of_them_has_makes_no_ratio() -> None:
    samples = Samples([sample("kith", 1, 100), sample("kith", 2, 1), sample("ws", 1, 50)])
    assert samples.ratio("per_s", ("fanout", "kith", CASE), ("fanout", "ws", CASE)) == 2


@pytest.mark.parametrize(
    ("generator", "core", "said"),
    [(0.89, 0.9, ""), (0.91, 0.95, "generator"), (0.7, 0.99, "generator's core")],
)
def test_a_row_says_when_its_generator_was_the_limit(generator: float, core: float, said: str) -> None:
    samples = Samples([sample("ws", 1, 1_000, generator=generator, core=core)])
    assert samples.limit("fanout", "ws", CASE) == said
    table = markdown(samples, PLAN)
    assert ("1,000 ◦" in table) == bool(said)
    assert (f"held back by the {said}." in table) == bool(said)


def test_what_failed_or_was_left_out_stands_below_the_tables() -> None:
    plan = Plan(failed={"fanout, ws": "lost 3"}, left_out={"socketio": "no npm"})
    table = markdown(Samples([sample("kith", 1, 1_000)]), plan)
    assert "**Failed**: fanout, ws: lost 3." in table
    assert "Left out: socketio: no npm." in table


def test_only_what_stands_between_the_two_lines_is_written_anew() -> None:
    page = f"above\n\n{BEGIN}\n\nold\n\n{END}\n\nbelow\n"
    assert replaced(page, "new") == f"above\n\n{BEGIN}\n\nnew\n\n{END}\n\nbelow\n"
    with pytest.raises(ValueError):
        replaced("no lines", "new")
