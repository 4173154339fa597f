from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import protocol
from realtime.errors import InvalidMessage, KithError, RateLimited
from realtime.protocol import Close

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def test_the_close_codes_are_those_of_the_protocol() -> None:
    assert {code.name: code.value for code in Close} == {
        "NORMAL": 1000,
        "RESTARTING": 1012,
        "OVERLOADED": 1013,
        "BAD_FRAMES": 4400,
        "UNAUTHENTICATED": 4401,
        "FORBIDDEN": 4403,
        "TIMEOUT": 4408,
        "TOO_MANY": 4429,
    }


@given(st.integers(1, 2**63 - 1), st.dictionaries(st.text().filter(lambda key: key != "id"), values))
def test_the_id_is_spliced_into_the_logged_frame(event_id: int, rest: dict[str, Any]) -> None:
    frame = {"type": "said"} | rest
    assert json.loads(protocol.with_id(event_id, protocol.encode(frame))) == {"id": event_id} | frame


def test_times_on_the_wire_are_rfc_3339_in_utc() -> None:
    told = json.loads(protocol.encode({"at": protocol.now()}))["at"]
    assert told.endswith("Z")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds()) < 5


# ── what clients send ───────────────────────────────────────────────────────────────────────


def refusal(text: str) -> tuple[str, str | None]:
    """The code and field of the error that a frame gets."""
    with pytest.raises(KithError) as refused:
        protocol.decode_envelope(text)
    return refused.value.code, refused.value.field


def test_an_envelope_is_type_ref_and_channel_and_lets_the_rest_be() -> None:
    envelope = protocol.decode_envelope('{"type": "edit", "ref": "r1", "content": {"any": [1]}}')
    assert (envelope.type, envelope.ref, envelope.channel) == ("edit", "r1", None)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "hello",
            "{",
            '{"type": "ping"',
            "{'type': 'ping'}",
            '{"type": "ping"} x',
            '{"type": ping}',
        ),
        *('{"type": "ping", "timestamp": NaN}', '{"type": "ping", "timestamp": Infinity}', "\ufeff{}"),
        '{"type": "ping", "timestamp": ' + "[" * 9000,
    ],
)
def test_what_is_not_json_is_invalid_json(text: str) -> None:
    assert refusal(text)[0] == "invalid_json"


@pytest.mark.parametrize("text", ["[]", "1", '"ping"', "null", "true", "[{}]", '["\\ud800"]'])
def test_json_that_is_no_object_is_an_invalid_message(text: str) -> None:
    assert refusal(text)[0] == "invalid_message"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{}", "type"),
        ('{"type": 5}', "type"),
        ('{"type": null}', "type"),
        ('{"type": "edit", "ref": 5}', "ref"),
        ('{"type": "edit", "ref": ""}', "ref"),
        ('{"type": "edit", "ref": "' + "r" * 65 + '"}', "ref"),
        ('{"type": "edit", "channel": {}}', "channel"),
        ('{"type": "\\ud800"}', "type"),
        ('{"type": "edit", "ref": "\\udc00"}', "ref"),
    ],
)
def test_a_bad_envelope_names_its_field(text: str, field: str) -> None:
    assert refusal(text) == ("invalid_message", field)


class Inner(msgspec.Struct):
    number: protocol.Id


class Outer(msgspec.Struct):
    inner: Inner
    many: list[Inner] = []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"inner": {"number": "5"}}', "inner.number"),
        ('{"inner": {"number": 0}}', "inner.number"),
        ('{"inner": {"number": 9223372036854775808}}', "inner.number"),
        ('{"inner": {"number": 1e400}}', "inner.number"),
        ('{"inner": {"number": 1}, "many": [{"number": 1.5}]}', "many[0].number"),
        ('{"many": []}', "inner"),
        ('{"inner": null}', "inner"),
    ],
)
def test_an_error_says_where_in_the_frame_it_is(text: str, field: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        protocol.decode(text, msgspec.json.Decoder(Outer))
    assert refused.value.field == field


# ── what the server says ────────────────────────────────────────────────────────────────────


def test_an_error_frame_has_only_the_keys_that_apply() -> None:
    assert protocol.error(KithError("no")) == {"type": "error", "code": "internal", "message": "no"}
    limited = RateLimited(field="content", retry_after=2)
    assert protocol.error(limited, ref="r1", channel="messages/5") == {
        "type": "error",
        "code": "rate_limited",
        "message": RateLimited.default_message,
        "ref": "r1",
        "channel": "messages/5",
        "field": "content",
        "retry_after": 2,
    }


@pytest.mark.parametrize("timestamp", [0, "", "2026-01-01T00:00:00Z", 1.5, False, [1, {"a": None}]])
def test_a_pong_gives_back_the_timestamp_whatever_it_is(timestamp: object) -> None:
    assert protocol.pong(timestamp)["timestamp"] == timestamp


def test_a_pong_without_a_timestamp_tells_the_servers() -> None:
    pong = protocol.pong(None)
    assert pong["timestamp"] == pong["server_time"]


def test_an_ack_carries_what_was_made() -> None:
    assert protocol.ack("r1", {"message_id": 5}) == {"type": "ack", "ref": "r1", "message_id": 5}
    assert protocol.ack("r1", {}, channel="messages/5")["channel"] == "messages/5"


def test_unsubscribed_says_why_where_the_client_did_not_ask() -> None:
    assert protocol.unsubscribed("feed", ref="r1") == {"type": "unsubscribed", "channel": "feed", "ref": "r1"}
    assert protocol.unsubscribed("feed", code="forbidden")["code"] == "forbidden"
