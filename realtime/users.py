"""What the core needs to know of users, whatever the project's user model is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from realtime.errors import InvalidMessage


def display_name(user: Any) -> str:
    """``get_full_name()``, else the username: every ``*_name`` on the wire (PROTOCOL §8)."""
    full = getattr(user, "get_full_name", lambda: "")()
    return full or str(user.get_username())


def parse_key(value: Any, *, field: str = "user_id") -> Any:
    """A user key from the wire as the user model's primary key: an int, a UUID or text.

    Raises:
        InvalidMessage: it cannot be a key of this user model.
    """
    key = get_user_model()._meta.pk
    if not isinstance(value, int | str | UUID) or isinstance(value, bool):
        raise InvalidMessage(f"{field} is not a user's id.", field=field)
    try:
        parsed = key.to_python(value)
        key.run_validators(parsed)
    except (ValidationError, OverflowError) as error:
        raise InvalidMessage(f"{field} is not a user's id.", field=field) from error
    if parsed is None:
        raise InvalidMessage(f"{field} is missing.", field=field)
    return parsed


def wire_key(key: Any) -> int | str:
    """A user key as the wire carries it: integers stay integers, everything else is text."""
    return key if isinstance(key, int) else str(key)
