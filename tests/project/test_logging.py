"""project/logging.py: a token in a log line is a sign-in for whoever reads it."""

import logging

import pytest

from project.logging import RedactingFormatter, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        (f"GET /ws/messages/5?token={JWT}&since=3", "GET /ws/messages/5?token=[redacted]&since=3"),
        (
            '"WebSocket /ws?since=3&token=not-a-jwt" [accepted]',
            '"WebSocket /ws?since=3&token=[redacted]" [accepted]',
        ),
        (f"subprotocols kith.v1, bearer.{JWT}", "subprotocols kith.v1, bearer.[redacted]"),
        (f"Authorization: Bearer {JWT}", "Authorization: Bearer [redacted]"),
        (f"/login/?next=%2Fws%3Ftoken%3D{JWT}%26a", "/login/?next=%2Fws%3Ftoken%3D[redacted]%26a"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_every_form_of_a_token_is_taken_out(line: str, redacted: str) -> None:
    assert redact(line) == redacted


def test_arguments_and_traceback_are_redacted_and_the_record_is_left_alone() -> None:
    try:
        raise ValueError(JWT)
    except ValueError as error:
        failure = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "uvicorn", logging.ERROR, __file__, 1, "path %s", (f"/ws?token={JWT}",), failure
    )
    assert JWT not in RedactingFormatter().format(record)
    assert record.args == (f"/ws?token={JWT}",)
