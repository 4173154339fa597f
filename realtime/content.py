"""The rule for text that people write (PROTOCOL §5, `content`)."""

from __future__ import annotations

import re

from realtime.conf import setting
from realtime.errors import InvalidMessage, TooLarge

# C0 and C1 controls and DEL, but newline and tab.
_CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f]")


def clean_content(text: str, *, field: str = "content") -> str:
    """The text as it is stored: trimmed, without control characters other than newline and tab.

    Raises:
        InvalidMessage: blank, or with a NUL or a lone surrogate.
        TooLarge: more than ``KITH_CONTENT_BYTES`` bytes of UTF-8 after trimming.
    """
    if "\x00" in text:
        raise InvalidMessage(f"{field} holds a NUL character.", field=field)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidMessage(f"{field} holds half of a surrogate pair.", field=field) from error
    cleaned = _CONTROL.sub("", text.replace("\r\n", "\n")).strip()
    if not cleaned:
        raise InvalidMessage(f"{field} is blank.", field=field)
    limit = setting("KITH_CONTENT_BYTES")
    if len(cleaned.encode()) > limit:
        raise TooLarge(f"{field} is longer than {limit} bytes.", field=field)
    return cleaned
