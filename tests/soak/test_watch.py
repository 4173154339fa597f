"""What the soak judges by."""

from __future__ import annotations

import pytest

from tests.soak.watch import CROWD, Moment, left_over, settled, slope_per_hour

NOBODY = dict.fromkeys(CROWD, 0.0)


def test_a_line_that_rises_by_a_megabyte_a_minute_rises_by_sixty_an_hour() -> None:
    ragged = [0.3, -0.3, -0.3, 0.3]
    line = [Moment(60.0 * n, {"memory": 100.0 + n + off}) for n, off in enumerate(ragged)]
    assert slope_per_hour(line, "memory") == pytest.approx(60.0)


def test_one_moment_has_no_slope() -> None:
    assert slope_per_hour([Moment(1.0, {"memory": 100.0})], "memory") == 0.0


def test_the_last_half_is_judged() -> None:
    moments = [Moment(float(n), {}) for n in range(5)]
    assert [moment.at for moment in settled(moments)] == [2.0, 3.0, 4.0]


def test_what_is_left_over_is_named_within_the_slack_and_beyond() -> None:
    floor, slack = {"tasks": 17.0}, {"tasks": 3.0}
    assert left_over(NOBODY | {"tasks": 20.0}, floor, slack) == {}
    assert left_over(NOBODY | {"tasks": 21.0}, floor, slack) == {"tasks": 21.0}
    assert left_over(NOBODY | {"tasks": 17.0, "topics": 1.0}, floor, slack) == {"topics": 1.0}
