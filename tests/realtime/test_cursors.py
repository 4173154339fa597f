from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import cursors
from realtime.cursors import MAX_NUMBER, Cursor

numbers = st.integers(0, MAX_NUMBER)
epochs = st.text("0123456789abcdef", min_size=8, max_size=8)


@given(st.sampled_from(["id", "horizon"]), numbers, epochs)
def test_a_cursor_comes_back_as_it_was_told(kind: str, number: int, epoch: str) -> None:
    cursor = Cursor("id" if kind == "id" else "horizon", number, epoch)
    assert cursors.parse(str(cursor)) == cursor


@given(numbers)
def test_the_id_of_an_event_is_a_cursor_too_as_text_or_number(event_id: int) -> None:
    assert cursors.parse(event_id) == cursors.parse(str(event_id)) == Cursor("id", event_id)


def test_zero_alone_is_the_start_of_what_is_kept() -> None:
    zero = cursors.parse("0")
    assert zero is not None
    assert zero.is_start
    assert not Cursor("id", 0, "0123abcd").is_start
    assert not Cursor("horizon", 0, "0123abcd").is_start
    assert not Cursor("id", 1).is_start


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "-1", "+1", "1.5", "1 ", " 1", "1\n", "0x10", "1e3", "٣", "²", "\x00"),
        *("~5", "-5", "0123abcd", "0123abcd-", "0123abcd~x", "0123ABCD-5", "123abcd-5", "0123abcd+5"),
        *(str(MAX_NUMBER + 1), f"0123abcd-{MAX_NUMBER + 1}", "1" * 20, "9" * 5000),
        *(None, True, False, 1.0, -1, 10**30, b"1", ["1"], {"id": 1}),
    ],
)
def test_what_is_no_cursor_of_ours_is_none(text: object) -> None:
    assert cursors.parse(text) is None
