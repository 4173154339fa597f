from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.content import clean_content
from realtime.errors import InvalidMessage, TooLarge

LIMIT = 10_240  # bytes: PROTOCOL §5


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hi", "hi"),
        ("  hi\t\n", "hi"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("one\r\ntwo", "one\ntwo"),
        ("be\x07ll \x1b[31m red\x7f\x80\x9f", "bell [31m red"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("\x01 hi \x02", "hi"),
    ],
)
def test_content_is_stored_as_given_but_for_its_edges_and_controls(given: str, kept: str) -> None:
    assert clean_content(given) == kept


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t ", "\x01\x02", "\u2003", "\x00", "a\x00b", "\ud800", "a\udfff"]
)
def test_blank_content_nul_and_half_pairs_are_invalid(text: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        clean_content(text, field="title")
    assert refused.value.field == "title"


def test_the_limit_counts_bytes_after_trimming() -> None:
    assert clean_content("x" * LIMIT) == "x" * LIMIT
    assert clean_content("  " + "é" * (LIMIT // 2) + "  ") == "é" * (LIMIT // 2)
    for longer in ("x" * (LIMIT + 1), "é" * (LIMIT // 2) + "x", "€" * LIMIT):
        with pytest.raises(TooLarge) as refused:
            clean_content(longer)
        assert refused.value.field == "content"


def test_the_limit_is_a_setting(settings: Any) -> None:
    settings.KITH_CONTENT_BYTES = 4
    assert clean_content(" four ") == "four"
    with pytest.raises(TooLarge):
        clean_content("fives")


@given(st.text(st.characters()))  # surrogates included
def test_whatever_is_kept_is_clean_and_stays_as_it_is(text: str) -> None:
    try:
        kept = clean_content(text)
    except (InvalidMessage, TooLarge):
        return
    controls = {character for character in kept if unicodedata.category(character) in ("Cc", "Cs")}
    assert controls <= {"\n", "\t"}
    assert kept == kept.strip() != ""
    assert clean_content(kept) == kept
