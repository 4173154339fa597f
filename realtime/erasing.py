"""Erasing: what was deleted or edited away is nowhere in the log, nor what a deleted account said.

Logged frames are rewritten, never removed: numbers keep their meaning, and a client that replays
them ends in the same state as one that was there.
"""

from __future__ import annotations

import functools
import json
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connections

from realtime.events import Event, registry
from realtime.log import LOG

# What people wrote, and what they are called, wherever it stands in a frame.
_PERSONAL = re.compile(r"(content|attachment|text|data|\w*_name|\w*Name)\Z")

Frame = dict[str, Any]


def erase_rewritten(event: Event, topic: str, *, using: str) -> None:
    """Give the fields that ``event`` `rewrites` its values, in all earlier frames of its subject; a
    field that the event does not have is emptied there."""
    subject = event.subject()
    if not event.rewrites or not subject:
        return
    values = {name: msgspec.to_builtins(getattr(event, name, None)) for name in event.rewrites}

    def rewrite(frame: Frame) -> Frame:
        hints = _hints(frame["type"])
        return {
            name: _emptied(frame[name], hints.get(name)) if value is None else value
            for name, value in values.items()
            if name in frame
        }

    _rewrite(
        f"SELECT entry, body FROM {LOG} WHERE topic = %s AND subject = %s", [topic, subject], rewrite, using
    )


def erase_user(user_key: Any, *, using: str) -> None:
    """Empty what a deleted user wrote and was called, in the frames of all the user's acts."""

    def rewrite(frame: Frame) -> Frame:
        return _without_personal(frame, _hints(frame["type"]))

    _rewrite(f"SELECT entry, body FROM {LOG} WHERE actor = %s", [str(user_key)], rewrite, using)


def _rewrite(query: str, params: Sequence[Any], rewrite: Callable[[Frame], Frame], using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(query, params)
        for entry, body in cursor.fetchall():
            frame = json.loads(body)
            rewritten = frame | rewrite(frame)
            if rewritten != frame:
                text = json.dumps(rewritten, ensure_ascii=False, separators=(",", ":"))
                cursor.execute(f"UPDATE {LOG} SET body = %s WHERE entry = %s", [text, entry])


def _without_personal(value: Frame, hints: Mapping[str, Any]) -> Frame:
    return {
        name: _emptied(item, hints.get(name)) if _PERSONAL.match(name) or isinstance(item, dict) else item
        for name, item in value.items()
    }


def _emptied(value: Any, hint: Any) -> Any:
    """Null where the field's type admits it, else empty text; of an object, what is personal in it."""
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    options = typing.get_args(hint) if is_union else (hint,)
    if isinstance(value, dict):
        return _without_personal(value, _struct_hints(options))
    if type(None) in options:
        return None
    return "" if isinstance(value, str) else value


@functools.cache
def _hints(event_type: str) -> dict[str, Any]:
    """The annotations of an event's fields; none for a type that no class declares any more."""
    cls = registry.get(event_type)
    return {} if cls is None else typing.get_type_hints(cls)


def _struct_hints(options: Sequence[Any]) -> dict[str, Any]:
    for option in options:
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return typing.get_type_hints(option)
    return {}
