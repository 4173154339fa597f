"""The wire as an AsyncAPI 3 document: which frames go over which address, and how one signs in.

It describes the server: what it sends are events and answers, what it receives are commands. The frames are
those of `schema`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from realtime import channels
from realtime.schema import Schema, json_schema, pascal, prose

VERSION = "1"  # of the protocol: the subprotocol is kith.v1
MULTIPLEXED = "Multiplexed"  # /ws
ANSWERS = ("ack", "error")
# On a socket of one channel `connected` opens it, and a lost right closes it.
OF_MULTIPLEXED = {"subscribed", "unsubscribed"}

DESCRIPTION = """\
Chat, connections, notifications, feed and presence of a Kith site, over WebSockets.

Each address opens one channel; on `/ws` any of them is opened by `subscribe`, and frames name theirs. Where \
WebSockets are blocked, the same frames come by `GET /api/events/stream/` (Server-Sent Events) or \
`GET /api/events/` (long polling), and commands go to `POST /api/commands/`."""

SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`Authorization: Bearer <jwt>`; in browsers the subprotocols `kith.v1, bearer.<jwt>`, "
        "or the first frame `authenticate`.",
    },
    "query": {"type": "httpApiKey", "in": "query", "name": "token", "description": "A JWT access token."},
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Django's session, on pages of the site itself.",
    },
}

QUERY: Schema = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "A JWT access token."},
        "since": {"type": "string", "description": "The cursor to go on from; `0`: everything kept."},
    },
}


def document() -> Schema:
    """The whole document.

    Raises:
        ImproperlyConfigured: as `json_schema` does.
    """
    wire = json_schema()
    opened = dict(_channels(wire))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kith", "version": VERSION, "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": "{host}",
                "protocol": "wss",
                "description": "A Kith site; `ws` without TLS.",
                "variables": {"host": {"default": "localhost:8000"}},
                "security": [_reference("components/securitySchemes", name) for name in sorted(SECURITY)],
            }
        },
        "channels": opened,
        "operations": {
            name: operation for key in opened for name, operation in _operations(wire, opened, key)
        },
        "components": {
            "messages": {name: _message(wire, name) for name in _frames(wire)},
            "schemas": _moved(wire["$defs"]),
            "securitySchemes": SECURITY,
        },
    }


# ── channels and operations ─────────────────────────────────────────────────────────────────


def _channels(wire: Schema) -> Iterator[tuple[str, Schema]]:
    yield (
        MULTIPLEXED,
        _channel("/ws", "Any number of channels on one socket, each opened by `subscribe`.", _frames(wire)),
    )
    for pattern, channel in channels.registry.items():
        sent, received = _sent(wire, pattern), _received(wire, pattern)
        address = pattern.replace("<", "{").replace(">", "}")
        described = _channel(f"/ws/{address}", prose(channel.__doc__), [*sent, *received])
        described["title"] = pattern
        if names := re.findall(r"<([a-z_]+)>", pattern):
            described["parameters"] = {name: {"description": f"Of `{pattern}`."} for name in names}
        yield pascal(pattern), described


def _channel(address: str, description: str, names: Iterable[str]) -> Schema:
    return {
        "address": address,
        "description": description,
        "servers": [_reference("servers", "site")],
        "messages": {name: _reference("components/messages", name) for name in names},
        "bindings": {"ws": {"method": "GET", "query": QUERY}},
    }


def _operations(wire: Schema, opened: dict[str, Schema], key: str) -> Iterator[tuple[str, Schema]]:
    """What the server sends on a channel, and what it receives and how it answers."""
    definitions = wire["x-kith"]["definitions"]
    commands = {name for each in definitions["commands"].values() for name in each.values()}
    messages = opened[key]["messages"]
    answers = [definitions["frames"][kind] for kind in ANSWERS]
    place = _reference("channels", key)
    where = f"channels/{key}/messages"
    yield (
        f"send{key}",
        {
            "action": "send",
            "channel": place,
            "summary": f"Events and answers on {opened[key]['address']}.",
            "messages": [_reference(where, name) for name in messages if name not in commands],
        },
    )
    yield (
        f"receive{key}",
        {
            "action": "receive",
            "channel": place,
            "summary": f"Commands on {opened[key]['address']}. Those with a `ref` are answered.",
            "messages": [_reference(where, name) for name in messages if name in commands],
            "reply": {"channel": place, "messages": [_reference(where, name) for name in answers]},
        },
    )


def _sent(wire: Schema, pattern: str) -> list[str]:
    """The frames of the server on a socket of one channel."""
    kith = wire["x-kith"]
    frames = {
        kind: name for kind, name in kith["definitions"]["frames"].items() if kind not in OF_MULTIPLEXED
    }
    heard = [kith["definitions"]["events"][kind] for kind in kith["channels"][pattern]["events"]]
    return [*heard, *frames.values()]


def _received(wire: Schema, pattern: str) -> list[str]:
    commands = wire["x-kith"]["definitions"]["commands"]
    mine: list[str] = list(commands[pattern].values())
    return [*mine, *(commands[""][name] for name in ("authenticate", "ping"))]


# ── messages ────────────────────────────────────────────────────────────────────────────────


def _frames(wire: Schema) -> list[str]:
    """The definitions of all frames, of both sides."""
    definitions = wire["x-kith"]["definitions"]
    commands = [name for each in definitions["commands"].values() for name in each.values()]
    return [*definitions["events"].values(), *definitions["frames"].values(), *commands]


def _message(wire: Schema, name: str) -> Schema:
    schema = wire["$defs"][name]
    kind = schema["properties"]["type"]["const"]
    message = {
        "name": kind,
        "title": schema["title"],
        "contentType": "application/json",
        "description": schema["description"],
        "payload": _reference("components/schemas", name),
    }
    if wire["x-kith"]["definitions"]["events"].get(kind) == name:
        message["x-delivery"] = wire["x-kith"]["delivery"][kind]
    return message


def _reference(place: str, name: str) -> Schema:
    return {"$ref": f"#/{place}/{name}"}


def _moved(schema: Any) -> Any:
    """The definitions where AsyncAPI keeps them."""
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: inner.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _moved(inner)
        for key, inner in schema.items()
    }
