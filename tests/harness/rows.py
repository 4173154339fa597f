"""Rows of PROTOCOL §4, which each app's tests write down a second time: what a frame must be, exactly.

    class NewPost(Durable):          the row of `new_post`: its name on the wire is the class's
        post: Post

    row_of(frame, NewPost | PostEdited | …)   the frame, once it fits its row

A durable frame has `id`, `channel` and `timestamp`, the others have no `id`; no key is missing, none is too
many, and every value has the type that the row means.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args

import msgspec

from tests.harness.client import Frame

Id = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
UserId = int  # of the demo project's user model
Utc = Annotated[datetime, msgspec.Meta(tz=True)]

# What goes with every channel and is no event of it.
AROUND = {"connected", "subscribed", "caught_up", "cursor", "pong", "ack", "error", "unsubscribed"}


def _wire_type(class_name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


class Passing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, tag=_wire_type):
    """A row of class latest, ephemeral or state."""

    channel: str


class Durable(Passing, tag=_wire_type):
    """A row of class durable."""

    id: Id
    timestamp: Utc


def types_of(rows: Any) -> set[str]:
    """The types of a union of rows."""
    return {_wire_type(row.__name__) for row in get_args(rows)}


def row_of(frame: Frame, rows: Any) -> Any:
    """The frame as that of these rows which its type names.

    Raises:
        msgspec.ValidationError: it does not fit its row, or has none.
    """
    row: Passing = msgspec.convert(frame, rows)
    if isinstance(row, Durable):
        assert row.timestamp.utcoffset() == timedelta(0), f"not UTC: {frame}"
    return row
