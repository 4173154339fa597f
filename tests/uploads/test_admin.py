"""Uploads in the admin."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import File
from django.test import Client
from django.urls import reverse

from tests.uploads.conftest import files_in
from tests.uploads.samples import PDF, PNG
from uploads.services import upload_create


@pytest.fixture
def moderator(db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password="kith-demo"))
    return client


def test_the_list_names_owner_and_size_in_few_queries(
    moderator: Client, alice: Any, bob: Any, django_assert_max_num_queries: Any
) -> None:
    for owner in (alice, bob) * 5:
        upload_create(owner=owner, file=File(BytesIO(PDF)))
    with django_assert_max_num_queries(8):
        page = moderator.get(reverse("admin:kith_uploads_upload_changelist")).content.decode()
    assert "alice" in page
    assert f"{len(PDF)}\xa0bytes" in page
    found = moderator.get(reverse("admin:kith_uploads_upload_changelist"), {"q": "bob"}).content.decode()
    assert "5 results" in found


def test_a_moderator_opens_and_deletes_a_file(
    moderator: Client, alice: Any, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    upload, _ = upload_create(owner=alice, file=File(BytesIO(PNG)))
    answer = moderator.get(reverse("admin:kith_uploads_upload_file", args=[upload.pk]))
    assert answer.getvalue() == PNG
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert moderator.get(reverse("admin:kith_uploads_upload_change", args=[upload.pk])).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        moderator.post(reverse("admin:kith_uploads_upload_delete", args=[upload.pk]), {"post": "yes"})
    assert files_in(folder) == []


def test_only_who_may_view_uploads_opens_them_in_the_admin(alice: Any, bob: Any) -> None:
    upload, _ = upload_create(owner=alice, file=File(BytesIO(PNG)))
    url = reverse("admin:kith_uploads_upload_file", args=[upload.pk])
    client = Client()
    client.force_login(bob)
    assert client.get(url).status_code == 302  # to the admin's login
    bob.is_staff = True
    bob.save()
    assert client.get(url).status_code == 404
