"""What the wire carries, as JSON Schema 2020-12: made from the classes that carry it.

One definition for each event, each frame of the server and each command. ``x-kith`` says which events and
commands belong to which channel, how hard each event is kept, and which definition is whose.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.core.exceptions import ImproperlyConfigured

from realtime import auth, channels, consumers, errors, events, lifecycle, protocol
from realtime.channels import Channel
from realtime.events import DURABLE, STATE, Event
from realtime.frames import FRAMES

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/{name}"
ID = {"type": "integer", "minimum": 1, "description": "Its place in the log."}
TIMESTAMP = {"type": "string", "format": "date-time"}
SOCKET_COMMANDS: dict[str, type[msgspec.Struct]] = {
    "ping": lifecycle.Ping,
    "authenticate": lifecycle.Authenticate,
    "subscribe": consumers.Subscribe,
    "unsubscribe": consumers.Unsubscribe,
}


class Definitions:
    """``$defs`` as they grow: what a structure refers to comes with it."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def structure(self, kind: Any) -> Schema:
        """The schema of a struct itself, to be changed and put in by ``add``."""
        (reference,), components = msgspec.json.schema_components([kind], ref_template=REF)
        mine: Schema = components.pop(reference["$ref"].rpartition("/")[2])
        for name, inner in components.items():
            self.add(name, described(inner))
        return mine

    def add(self, name: str, schema: Schema) -> str:
        """Raises ImproperlyConfigured: two different things are called so."""
        if self.found.setdefault(name, schema) != schema:
            raise ImproperlyConfigured(f"Two different parts of the schema are called {name!r}; rename one.")
        return name


def json_schema() -> Schema:
    """The whole document.

    Raises:
        ImproperlyConfigured: an event names a channel that no app declares.
    """
    defs = Definitions()
    told = {event.type: event for event in events.registry.values() if is_told(event)}
    of_events = {kind: defs.add(*event_definition(defs, event)) for kind, event in told.items()}
    of_frames = {tag_of(frame): defs.add(*frame_definition(defs, frame)) for frame in FRAMES}
    of_commands = commands_defined(defs)
    defs.add("ServerFrame", one_of("What the server sends.", [*of_events.values(), *of_frames.values()]))
    sent = [name for commands in of_commands.values() for name in commands.values()]
    defs.add("ClientFrame", one_of("What a client sends.", sent))
    return {
        "$schema": DIALECT,
        "title": "Kith",
        "description": "Every frame of Kith's sockets and of their fallback.",
        "anyOf": [{"$ref": REF.format(name=name)} for name in ("ServerFrame", "ClientFrame")],
        "$defs": defs.found,
        "x-kith": {
            "channels": {pattern: channel_map(channel) for pattern, channel in channels.registry.items()},
            "commands": sorted(SOCKET_COMMANDS),
            "definitions": {"events": of_events, "frames": of_frames, "commands": of_commands},
            "delivery": {kind: event.delivery.value for kind, event in told.items()},
            "close_codes": {close.name.lower(): close.value for close in protocol.Close},
        },
    }


def commands_defined(defs: Definitions) -> dict[str, dict[str, str]]:
    """The definitions of each channel's commands; under "" those of the socket itself."""
    found = {
        "": {name: defs.add(*command_definition(defs, name, kind)) for name, kind in SOCKET_COMMANDS.items()}
    }
    for pattern, channel in channels.registry.items():
        found[pattern] = {
            name: defs.add(*command_definition(defs, name, command.schema, pattern))
            for name, command in channel.commands.items()
        }
    return found


def is_told(event: type[Event]) -> bool:
    """Whether clients get it at all."""
    return not event.silent and event.channel != ""


def channel_map(channel: type[Channel]) -> Schema:
    """The types of the events that are heard on a channel, the commands that it takes, and whether the ids
    of its events are no cursors."""
    heard = {kind for kind, event in events.registry.items() if is_told(event) and hears(channel, event)}
    return {
        "events": sorted(heard),
        "commands": sorted(channel.commands),
        "several_topics": channel.several_topics,
    }


def hears(channel: type[Channel], event: type[Event]) -> bool:
    """A state frame is heard on its own channel alone."""
    covered = event.delivery is not STATE and event.channel in channel.covers
    return covered or event.channel == channel.channel


# ── definitions ─────────────────────────────────────────────────────────────────────────────


def event_definition(defs: Definitions, event: type[Event]) -> tuple[str, Schema]:
    """Name and schema of an event's frame, as `Event.frame` makes it."""
    schema = defs.structure(event)
    shown = {name: kind for name, kind in schema["properties"].items() if name not in event.hidden}
    optional = {field.name for field in msgspec.structs.fields(event) if field.default is msgspec.UNSET}
    first: Schema = {"type": {"const": event.type}, "channel": channel_name(event.channel)}
    if event.delivery is DURABLE:
        first = {"id": ID, **first, "timestamp": TIMESTAMP}
    properties = first | shown
    for kind in properties.values():
        kind.pop("default", None)  # the server always says it
    return pascal(event.type) + "Event", {
        "title": event.type,
        "description": prose(event.__doc__),
        "type": "object",
        "properties": properties,
        "required": sorted(properties.keys() - optional),
    }


def channel_name(pattern: str | None) -> Schema:
    """The schema of a channel's name.

    Raises:
        ImproperlyConfigured: no app declares such a channel.
    """
    if pattern is None:
        return {"type": "string"}
    if pattern not in channels.registry:
        raise ImproperlyConfigured(f"An event belongs to the channel {pattern!r}, which no app declares.")
    expression = re.sub(r"<[a-z_]+>", "[^/]+", pattern)
    return {"const": pattern} if expression == pattern else {"type": "string", "pattern": f"^{expression}$"}


def command_definition(
    defs: Definitions, name: str, struct: type[msgspec.Struct], pattern: str = ""
) -> tuple[str, Schema]:
    """Name and schema of a command's frame. Its ``channel`` is left out where the socket is on that alone."""
    schema = described(defs.structure(struct))
    first: Schema = {"type": {"const": name}, "ref": _REF}
    if pattern:
        first["channel"] = channel_name(pattern)
    schema["title"] = f"{name} on {pattern}" if pattern else name
    schema["properties"] = first | schema["properties"]
    schema["required"] = sorted({"type", *schema.get("required", ())})
    return f"{pascal(pattern)}{pascal(name)}Command", schema


def frame_definition(defs: Definitions, frame: type[msgspec.Struct]) -> tuple[str, Schema]:
    """Name and schema of a frame of the server that is no event."""
    kind = tag_of(frame)
    schema = described(defs.structure(frame))
    schema["title"] = kind
    schema["properties"]["type"] = {"const": kind}
    schema["required"].sort()
    if kind in CODES:
        schema["properties"]["code"] = {"enum": CODES[kind]()}
    return f"{frame.__name__}Frame", schema


def tag_of(frame: type[msgspec.Struct]) -> str:
    return str(frame.__struct_config__.tag)


def error_codes() -> list[str]:
    """Every code of an `error` frame."""
    kinds: list[type[errors.KithError]] = [errors.KithError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return sorted({kind.code for kind in kinds})


CODES: dict[str, Callable[[], list[str]]] = {
    "error": error_codes,
    "auth_error": lambda: sorted(auth.AuthError.MESSAGES),
}
_REF = msgspec.json.schema(protocol.Envelope)["$defs"]["Envelope"]["properties"]["ref"]


def one_of(description: str, names: Iterable[str]) -> Schema:
    return {"description": description, "oneOf": [{"$ref": REF.format(name=name)} for name in sorted(names)]}


def described(schema: Schema) -> Schema:
    """With its docstring as Markdown."""
    if "description" in schema:
        schema["description"] = prose(schema["description"])
    return schema


def prose(docstring: str | None) -> str:
    return inspect.cleandoc(docstring or "").replace("``", "`")


def pascal(text: str) -> str:
    """``messages/<chat_id>`` as ``MessagesChatId``."""
    return "".join(word.capitalize() for word in re.findall(r"[a-z0-9]+", text))
