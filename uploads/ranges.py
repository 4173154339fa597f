"""The `Range` header (RFC 9110 §14), as far as players of audio and video need it: one range of bytes."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class UnsatisfiableRangeError(Exception):
    """The range begins behind the end of the file."""


def parse_range(header: str, size: int) -> range | None:
    """The positions asked for in a file of ``size`` bytes; None to send it whole, as RFC 9110 lets a server
    do with what it does not serve: several ranges, other units, nonsense.

    Raises:
        UnsatisfiableRangeError: nothing of the file lies in the range.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:  # the last so many bytes
        wanted = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        wanted = range(int(first), min(int(last) + 1, size) if last else size)
    if not wanted:
        raise UnsatisfiableRangeError
    return wanted
