"""POST /api/uploads/: what is taken, under which name, and what is left of what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError, transaction
from rest_framework.test import APIClient

from tests.uploads.conftest import Person, files_in
from tests.uploads.samples import ACCEPTED, PDF, PNG, REFUSED, SVG, TEXT
from uploads.models import Upload
from uploads.selectors import upload_owned
from uploads.services import upload_create


@pytest.mark.parametrize(("content", "content_type", "extension"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_file_is_stored_under_a_name_and_type_of_the_servers_making(
    as_alice: Person, alice: Any, folder: Path, content: bytes, content_type: str, extension: str
) -> None:
    answer = as_alice.upload(content, name="../../evil.html", kind="text/html")
    assert answer.status_code == 201
    assert re.fullmatch(rf"/upload/files/[0-9a-f]{{32}}\.{extension}", answer.json()["attachment"])
    assert answer.json() == {
        "attachment": answer.json()["attachment"],
        "content_type": content_type,
        "size": len(content),
        "duplicate": False,
    }
    upload = Upload.objects.get()
    assert (upload.owner, upload.content_type, upload.size) == (alice, content_type, len(content))
    assert files_in(folder) == [folder / upload.path]
    assert (folder / upload.path).read_bytes() == content


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_other_types_are_refused_whatever_their_name_says(
    as_alice: Person, folder: Path, content: bytes
) -> None:
    answer = as_alice.upload(content, name="photo.png", kind="image/png")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_message", "file")
    assert not Upload.objects.exists()
    assert files_in(folder) == []


def test_markup_is_refused_also_where_its_type_is_allowed_by_name(as_alice: Person, settings: Any) -> None:
    settings.KITH_UPLOAD_TYPES = ["image/svg+xml", "text/html", "text/plain"]
    assert as_alice.upload(SVG, name="a.svg", kind="image/svg+xml").status_code == 400


def test_only_the_types_of_the_setting_are_taken(as_alice: Person, settings: Any, folder: Path) -> None:
    settings.KITH_UPLOAD_TYPES = ["image/png"]
    assert as_alice.upload(PNG).status_code == 201
    assert as_alice.upload(PDF).status_code == 400
    assert as_alice.upload(TEXT).status_code == 400
    assert len(files_in(folder)) == 1


@pytest.mark.parametrize("excess", [1, 100_000], ids=["one byte", "told by the body's length"])
def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    as_alice: Person, settings: Any, folder: Path, excess: int
) -> None:
    settings.KITH_UPLOAD_BYTES = 1000
    assert as_alice.upload(PNG + bytes(1000 - len(PNG))).status_code == 201
    answer = as_alice.upload(PNG + bytes(1000 - len(PNG) + excess))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert Upload.objects.count() == len(files_in(folder)) == 1


def test_a_large_file_is_stored_whole_and_never_read_at_once(
    as_alice: Person, settings: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1024  # so that Django keeps it on disk
    read: list[int | None] = []
    original = File.chunks

    def chunks(self: File, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in original(self, chunk_size):
            read.append(len(chunk))
            yield chunk

    monkeypatch.setattr(File, "chunks", chunks)
    content = PNG + bytes(3_000_000)
    assert as_alice.upload(content).status_code == 201
    (file,) = files_in(folder)
    assert file.read_bytes() == content
    assert max(filter(None, read)) <= File.DEFAULT_CHUNK_SIZE


def test_a_text_that_breaks_at_its_very_end_is_refused(as_alice: Person) -> None:
    text = "ä" * 200_000  # several chunks, some of which end within a letter
    assert as_alice.upload(text.encode()).status_code == 201
    assert as_alice.upload(text.encode() + b"\xff").status_code == 400


FORMS = {"empty": {"file": BytesIO()}, "missing": {"name": "a.png"}, "a text": {"file": "/etc/passwd"}}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_file_is_an_error_that_names_the_field(as_alice: Person, form: dict[str, Any]) -> None:
    answer = as_alice.client.post("/api/uploads/", form, format="multipart")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_message", "file")


@pytest.mark.django_db
def test_a_stranger_stores_nothing(folder: Path) -> None:
    answer = APIClient().post("/api/uploads/", {"file": BytesIO(PNG)}, format="multipart")
    assert answer.status_code == 401
    assert files_in(folder) == []


def test_nothing_remains_of_a_file_whose_row_cannot_be_written(
    alice: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(Upload.objects, "create", fail)
    with pytest.raises(DatabaseError):
        upload_create(owner=alice, file=File(BytesIO(PNG)))
    assert files_in(folder) == []


def test_nothing_remains_of_a_file_that_the_disk_took_half_of(
    alice: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_half(self: FileSystemStorage, name: str, content: File) -> str:
        (folder / "files").mkdir()
        (folder / name).write_bytes(PNG[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", save_half)
    with pytest.raises(OSError, match="No space"):
        upload_create(owner=alice, file=File(BytesIO(PNG)))
    assert files_in(folder) == []
    assert not Upload.objects.exists()


def test_the_same_ref_stores_once(as_alice: Person, as_bob: Person, folder: Path) -> None:
    first = as_alice.upload(PNG, ref="r1")
    again = as_alice.upload(PNG, ref="r1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "duplicate": True}
    assert len(files_in(folder)) == 1
    assert as_bob.upload(PNG, ref="r1").status_code == 201  # a ref is its user's own


def test_the_same_ref_for_another_file_is_a_conflict(as_alice: Person, folder: Path) -> None:
    as_alice.upload(PNG, ref="r1")
    answer = as_alice.upload(PDF, ref="r1")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert len(files_in(folder)) == 1


def test_a_ref_whose_upload_was_deleted_makes_nothing_new(as_alice: Person, folder: Path) -> None:
    as_alice.upload(PNG, ref="r1")
    Upload.objects.all().delete()
    assert as_alice.upload(PNG, ref="r1").status_code == 404
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_with_its_row_but_not_with_a_deletion_that_is_rolled_back(
    alice: Any, folder: Path
) -> None:
    upload, _ = upload_create(owner=alice, file=File(BytesIO(PNG)))
    with transaction.atomic():
        Upload.objects.all().delete()
        transaction.set_rollback(True)
    assert default_storage.exists(upload.path)
    alice.delete()
    assert files_in(folder) == []


def test_an_upload_is_owned_by_the_one_who_made_it(as_alice: Person, alice: Any, bob: Any) -> None:
    path = as_alice.stored(PNG)
    owned = upload_owned(user=alice, path=path)
    assert owned == Upload.objects.get()
    assert upload_owned(user=bob, path=path) is None


@pytest.mark.parametrize("form", ["{0}\n", "x{0}", "{0}\0", "/upload/../upload/{0}", "https://kith{0}"])
def test_a_path_in_other_letters_names_no_upload(as_alice: Person, alice: Any, form: str) -> None:
    path = as_alice.stored(PNG)
    assert upload_owned(user=alice, path=form.format(path)) is None
    assert upload_owned(user=alice, path=path.upper()) is None
