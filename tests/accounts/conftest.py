from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

PASSWORD = "kith-demo"


@pytest.fixture
def alice(db: None) -> Any:
    return get_user_model().objects.create_user("alice", "alice@example.org", PASSWORD, first_name="Alice")


@pytest.fixture
def client() -> APIClient:
    """Someone who has not signed in."""
    return APIClient()


@pytest.fixture
def tokens(alice: Any, client: APIClient) -> dict[str, str]:
    """Alice's tokens, from signing in."""
    return client.post("/api/token/", {"username": "alice", "password": PASSWORD}).json()


Bearer = Callable[[str], APIClient]


@pytest.fixture
def bearer() -> Bearer:
    """A client that offers this token."""

    def with_token(token: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return with_token
