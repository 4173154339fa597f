"""Users named by clients, and how many of them a chat takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model

from realtime.conf import setting
from realtime.errors import InvalidMessage, TooLarge
from realtime.users import parse_key


def keys_checked(keys: Iterable[Any], *, but: Any) -> list[Any]:
    """The keys of a new chat's members, each once, without ``but``, who is in it anyway.

    Raises:
        InvalidMessage: one cannot be a user's key.
        TooLarge: more than a chat takes.
    """
    wanted = dict.fromkeys(parse_key(key, field="member_ids") for key in keys)
    wanted.pop(but, None)
    check_size(len(wanted) + 1, field="member_ids")
    return list(wanted)


def people_get(keys: Sequence[Any], *, field: str) -> list[Any]:
    """The active users of these keys, in their order.

    Raises:
        InvalidMessage: one is missing.
    """
    found = get_user_model()._default_manager.in_bulk(keys)
    for key in keys:
        if key not in found or not found[key].is_active:
            raise InvalidMessage(f"There is no user {key}.", field=field)
    return [found[key] for key in keys]


def check_size(members: int, *, field: str) -> None:
    """
    Raises:
        TooLarge: a chat does not take so many members.
    """
    if members > setting("KITH_CHAT_MEMBERS"):
        raise TooLarge(f"A chat has at most {setting('KITH_CHAT_MEMBERS')} members.", field=field)
