from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from realtime.auth import issue_tokens


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where files are stored in this test, and nothing else is."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def alice(db: None) -> Any:
    return get_user_model().objects.create_user("alice", password="kith-demo")


@pytest.fixture
def bob(db: None) -> Any:
    return get_user_model().objects.create_user("bob", password="kith-demo")


class Person:
    """One signed-in user's view of the REST API."""

    def __init__(self, user: Any) -> None:
        self.client = APIClient()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user)['access']}")

    def upload(self, content: bytes, name: str = "a.bin", kind: str = "any/thing", **fields: str) -> Any:
        file = SimpleUploadedFile(name, content, content_type=kind)
        return self.client.post("/api/uploads/", {"file": file, **fields}, format="multipart")

    def stored(self, content: bytes) -> str:
        """The public path of a new upload."""
        return self.upload(content).json()["attachment"]

    def read(self, path: str, **headers: str) -> tuple[Any, bytes]:
        """The answer and its whole body."""
        return read_whole(self.client.get(path, headers=headers))


@pytest.fixture
def as_alice(alice: Any) -> Person:
    return Person(alice)


@pytest.fixture
def as_bob(bob: Any) -> Person:
    return Person(bob)


def read_whole(answer: Any) -> tuple[Any, bytes]:
    """An answer and its body, streamed or not."""
    return answer, answer.getvalue() if answer.streaming else answer.content


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
