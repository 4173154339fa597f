"""Every frame that a test's socket, stream or poll is sent is held against the checked-in schema.

With nothing more in it than the schema names. Frames of one shape (the same keys, values of the same types)
are looked at once, since some tests are sent very many.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMA = Path(__file__).parents[2] / "client" / "schema" / "kith.schema.json"

# What tests declare for themselves, and what a command made, of which the core knows nothing.
OF_TESTS = {"noted", "counted", "corrected", "removed", "passed", "standing", "score_changed", "scores_state"}
OPEN = {"AckFrame"}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
_formats = FormatChecker(formats=())
_seen: set[Any] = set()


@_formats.checks("date-time")
def _is_time(value: object) -> bool:
    """RFC 3339, and of that only UTC with a ``Z``."""
    return not isinstance(value, str) or _TIME.match(value) is not None


def assert_declared(frame: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError, and AssertionError for a type that is not declared."""
    kind = frame["type"]
    if kind in OF_TESTS:
        return
    shape = _shape(frame)
    if shape not in _seen:
        assert kind in _validators(), f"{kind} is not in the schema: {frame}"
        _validators()[kind].validate(frame)
        _seen.add(shape)


@functools.cache
def _validators() -> dict[str, Any]:
    """By the type of a frame of the server."""
    schema = json.loads(SCHEMA.read_text())
    definitions = {name: _closed(each, name) for name, each in schema["$defs"].items()}
    named = schema["x-kith"]["definitions"]
    return {
        kind: Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions}, format_checker=_formats)
        for kind, name in {**named["events"], **named["frames"]}.items()
    }


def _closed(schema: Any, name: str = "") -> Any:
    """The same, but that objects have no other keys."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(inner) for key, inner in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return closed | {"additionalProperties": False} if is_object and name not in OPEN else closed


def _shape(value: Any, key: str = "") -> Any:
    """Keys and types; of what says a kind or a time, the text, too."""
    if isinstance(value, dict):
        return tuple((name, _shape(inner, name)) for name, inner in value.items())
    if isinstance(value, list):
        return frozenset(_shape(inner) for inner in value)
    if key in ("type", "code") or (key == "channel" and "/" not in value):
        return value
    return type(value)
