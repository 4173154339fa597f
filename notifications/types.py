"""Types of notifications: Kith's own, and those that a project adds."""

from __future__ import annotations

import re

COMMENT_ON_POST = "comment_on_post"
REACTION_ON_POST = "reaction_on_post"
CONNECTION_REQUEST = "connection_request"
CONNECTION_ACCEPTED = "connection_accepted"
MENTION = "mention"

BUILT_IN = (COMMENT_ON_POST, REACTION_ON_POST, CONNECTION_REQUEST, CONNECTION_ACCEPTED, MENTION)
GROUPED_BY_POST = frozenset({COMMENT_ON_POST, REACTION_ON_POST})  # unless the caller says otherwise
NAME_LENGTH = 64  # characters

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_registered: list[str] = []


def is_type(name: str) -> bool:
    """Whether this can be a type: in snake_case, `NAME_LENGTH` at most."""
    return bool(_NAME.match(name)) and len(name) <= NAME_LENGTH


def check(name: str) -> str:
    """The name.

    Raises:
        ValueError: it can be no type.
    """
    if not is_type(name):
        raise ValueError(f"{name!r} is no type: snake_case, {NAME_LENGTH} characters at most.")
    return name


def register(name: str) -> None:
    """From now on, preferences show this type too. Registering again changes nothing. Raises as `check`."""
    if check(name) not in known():
        _registered.append(name)


def known() -> list[str]:
    """Every type that preferences show to everyone."""
    return [*BUILT_IN, *_registered]
