"""What a file is, by its content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.conf import SETTINGS
from tests.uploads.samples import ACCEPTED, REFUSED, TEXT
from uploads.sniffing import EXTENSIONS, HEAD_BYTES, TextCheck, sniff


def recognised(content: bytes) -> str | None:
    return sniff(content[:HEAD_BYTES]) or ("text/plain" if TextCheck().feed(content, final=True) else None)


@pytest.mark.parametrize(("content", "content_type", "extension"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_type_is_recognised_by_content(content: bytes, content_type: str, extension: str) -> None:
    assert recognised(content) == content_type
    assert EXTENSIONS[content_type] == extension


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_other_content_is_not_recognised(content: bytes) -> None:
    assert recognised(content) is None


def test_every_type_accepted_by_default_is_recognised() -> None:
    assert set(SETTINGS["KITH_UPLOAD_TYPES"].default) == set(EXTENSIONS)
    assert {content_type for _, content_type, _ in ACCEPTED.values()} == set(EXTENSIONS)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1), st.integers(1, 7)
)
def test_text_is_judged_the_same_in_pieces_of_any_length(text: str, length: int) -> None:
    content = text.encode()
    pieces = TextCheck()
    for start in range(0, len(content), length):
        pieces.feed(content[start : start + length])
    assert pieces.feed(b"", final=True) == TextCheck().feed(content, final=True)


def test_what_follows_broken_text_does_not_mend_it() -> None:
    check = TextCheck()
    assert not check.feed(b"\xff")
    assert not check.feed(TEXT, final=True)


@given(st.binary(max_size=200))
def test_no_content_breaks_the_recognition(content: bytes) -> None:
    assert sniff(content) in {None, *EXTENSIONS}
