"""What tests of REST look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def assert_refused(answer: Any, field: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_message")
    assert answer.json()["field"] == field


def queries(work: Callable[[], Any]) -> int:
    """How many queries a request takes that is answered with 200."""
    with CaptureQueriesContext(connection) as caught:
        assert work().status_code == 200
    return len(caught)
