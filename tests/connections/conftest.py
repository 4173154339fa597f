"""Connections in this process, on both databases, unless a module says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rest_framework.test import APIClient

from tests.harness.people import People

Api = Callable[[Any], APIClient]


class Three(NamedTuple):
    """Strangers to each other."""

    alice: Any
    bob: Any
    carol: Any


@pytest.fixture
def three(people: People) -> Three:
    return Three(*people.users("alice", "bob", "carol"))


@pytest.fixture
def api() -> Api:
    """``api(user)``: REST as this user."""

    def api(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return api
