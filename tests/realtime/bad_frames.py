"""Frames that a client should not send on a chat's channel, and the error that answers each."""

from __future__ import annotations

import json
from typing import NamedTuple

HARD_LIMIT = 64 * 1024  # KITH_FRAME_BYTES
CONTENT_LIMIT = 10 * 1024  # KITH_CONTENT_BYTES


class Bad(NamedTuple):
    """A frame as it is sent, and the error that answers it."""

    text: str
    code: str
    field: str | None = None
    ref: str | None = None


def command(code: str, field: str | None, **fields: object) -> Bad:
    """A frame that is JSON and has a good ref."""
    return Bad(json.dumps({"ref": "r1", **fields}), code, field, ref="r1")


def message(content: object, code: str = "invalid_message") -> Bad:
    return command(code, "content", type="message", content=content)


NOT_JSON = [
    *("nope", "", " ", "{", '{"type":"ping",}', "{'type':'ping'}", '{"type":"ping"} more', "\ufeff{}"),
    *('{"type":"ping","timestamp":NaN}', "Infinity", '{"type":"message","content":"\t"}'),
    *(
        '{"content":' + "[" * 30_000,
        '{"a":' * 10_000,
        '{"type":"message","content":"\\x41"}',
        '"\\ud83d',
        "\x00",
    ),
]
NO_OBJECT = ["[1]", "5", '"ping"', "null", "true", "1e400", '"\\ud800"', "[]"]

FRAMES = {
    **{f"not JSON {number}": Bad(text, "invalid_json") for number, text in enumerate(NOT_JSON)},
    **{f"no object {number}": Bad(text, "invalid_message") for number, text in enumerate(NO_OBJECT)},
    # ── the type
    "empty": command("invalid_message", "type"),
    "type 5": command("invalid_message", "type", type=5),
    "type null": command("invalid_message", "type", type=None),
    "type of half a character": command("invalid_message", "type", type="\ud800"),
    "unknown": command("unknown_type", None, type="dance"),
    "of another case": command("unknown_type", None, type="Message", content="x"),
    "empty type": command("unknown_type", None, type=""),
    "an attribute": command("unknown_type", None, type="authorize"),
    "of /ws": command("unknown_type", None, type="subscribe"),
    "of another channel": command("unknown_type", None, type="accept", request_id=1),
    # ── the ref
    "ref too long": Bad(json.dumps({"type": "ping", "ref": "r" * 65}), "invalid_message", "ref"),
    "ref empty": Bad('{"type":"ping","ref":""}', "invalid_message", "ref"),
    "ref 5": Bad('{"type":"message","content":"x","ref":5}', "invalid_message", "ref"),
    "ref half": Bad(r'{"type":"message","content":"x","ref":"\ud800"}', "invalid_message", "ref"),
    "ref NUL": Bad(r'{"type":"message","content":"x","ref":"\u0000"}', "invalid_message", "ref", ref="\x00"),
    # ── missing and wrong-typed fields
    "no content": command("invalid_message", "content", type="message"),
    **{f"content {value!r}": message(value) for value in (5, None, True, ["x"], {"text": "x"}, 1.5)},
    "attachment 5": command("invalid_message", "attachment", type="message", content="x", attachment=5),
    "no such upload": command(
        "invalid_message", "attachment", type="message", content="x", attachment="/upload/files/no.png"
    ),
    "no is_typing": command("invalid_message", "is_typing", type="typing"),
    "is_typing 1": command("invalid_message", "is_typing", type="typing", is_typing=1),
    "no message_id": command("invalid_message", "message_id", type="delete"),
    **{
        f"message_id {str(value)[:20]}": command(
            "invalid_message", "message_id", type="delete", message_id=value
        )
        for value in ("1", 0, -1, 1.5, True, None, [1], 2**63, 2**64, 10**30, -(10**30), 10**4000)
    },
    "message_id 1e400": Bad(
        '{"ref":"r1","type":"read","message_id":1e400}', "invalid_message", "message_id", ref="r1"
    ),
    "no such message": command("not_found", "message_id", type="delete", message_id=2**63 - 1),
    "reply to nothing": command(
        "invalid_message", "reply_to", type="message", content="x", reply_to=2**63 - 1
    ),
    # ── text
    "blank": message(" \n\t "),
    "control characters only": message("\x01\x7f\x1b"),
    "NUL": message("a\x00b"),
    "half a character": message("a\ud800b"),
    "the other half": message("\udc00"),
    "11 KB": message("x" * 11 * 1024, "too_large"),
    "one byte too many": message("é" * (CONTENT_LIMIT // 2) + "x", "too_large"),
    "just below the hard limit": message("x" * (HARD_LIMIT - 100), "too_large"),
}
