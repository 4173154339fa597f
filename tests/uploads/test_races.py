"""Uploads that arrive at the same time, on both databases."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from django.core.files.base import File

from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.races import at_once
from tests.uploads.conftest import files_in
from tests.uploads.samples import PNG
from uploads.models import Upload
from uploads.services import upload_create

TRIES = 4


def test_tries_of_one_ref_at_once_store_once(database: Database, people: People, folder: Path) -> None:
    alice = people.user("alice")

    def store() -> tuple[int, bool]:
        upload, duplicate = upload_create(owner=alice, file=File(BytesIO(PNG)), ref="r1")
        return upload.pk, duplicate

    made = at_once(*[store] * TRIES)
    assert sorted(duplicate for _, duplicate in made) == [False] + [True] * (TRIES - 1)
    assert len({key for key, _ in made}) == 1
    assert files_in(folder) == [folder / database.run(Upload.objects.get).path]
