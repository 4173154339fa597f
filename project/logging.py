"""Log output without secrets."""

import logging
import re

# `?token=…` of a socket URL, `bearer.<jwt>` of a subprotocol, `Bearer <jwt>` of a header.
_LABELLED = re.compile(r"""(?i)\b(token=|bearer[. ])[^\s&"'#,;]+""")
# A JWT anywhere else, for example inside a percent-encoded URL: base64 of `{"` starts with eyJ.
_BARE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


def redact(text: str) -> str:
    """`text` with the value of every token that it carries replaced by `[redacted]`."""
    return _BARE.sub("[redacted]", _LABELLED.sub(r"\1[redacted]", text))


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then redacts tokens.

    A formatter and not a filter: it sees the finished line, arguments and traceback included,
    and leaves the record as it is for other handlers.
    """

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
