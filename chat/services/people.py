"""Users named by clients, and how many of them a chat takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connections.selectors import visible_users
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


def people_get(keys: Sequence[Any], *, by: Any, field: str) -> list[Any]:
    """The active users of these keys whom ``by`` may see, in their order.

    Raises:
        InvalidMessage: one is missing, or hidden from ``by``, which is told alike.
    """
    found = visible_users(user=by).in_bulk(keys)
    for key in keys:
        if key not in found:
            raise InvalidMessage(f"There is no user {key}.", field=field)
    return [found[key] for key in keys]


def check_size(members: int, *, field: str) -> None:
    """
    Raises:
        TooLarge: a chat does not take so many members.
    """
    if members > setting("KITH_CHAT_MEMBERS"):
        raise TooLarge(f"A chat has at most {setting('KITH_CHAT_MEMBERS')} members.", field=field)
