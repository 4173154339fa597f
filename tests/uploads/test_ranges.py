"""The `Range` header, RFC 9110 §14."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.ranges import UnsatisfiableRangeError, parse_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", range(10)),
        ("bytes=0-0", range(1)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=9-", range(9, 10)),
        ("bytes=5-99", range(5, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
    ],
)
def test_one_range_is_understood(header: str, wanted: range) -> None:
    assert parse_range(header, 10) == wanted


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=-",
        "bytes=4-2",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes 0-1",
        "bytes=a-b",
        f"bytes={'9' * 400}-",
    ],
)
def test_anything_else_means_the_whole_file(header: str) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_served(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 10)


@given(first=st.integers(0, 30), last=st.integers(0, 30), size=st.integers(1, 20))
def test_a_range_never_leaves_the_file(first: int, last: int, size: int) -> None:
    try:
        wanted = parse_range(f"bytes={first}-{last}", size)
    except UnsatisfiableRangeError:
        assert first >= size
    else:
        assert wanted is None or (list(wanted) == [at for at in range(first, last + 1) if at < size])
