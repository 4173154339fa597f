"""GET /upload/files/…: who may read, and how a file is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import File
from django.core.files.storage import Storage
from django.test import Client
from rest_framework.test import APIClient

from tests.uploads.conftest import Person, files_in, read_whole
from tests.uploads.samples import ACCEPTED, GIF, PDF, PNG, TEXT
from uploads import readers
from uploads.models import Upload
from uploads.serving import CHUNK_BYTES, upload_response

POLYGLOT = GIF + b"/*<html><script>alert(document.cookie)</script></html>*/"


@pytest.mark.parametrize(("content", "content_type", "extension"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_file_comes_back_as_it_was_and_as_what_it_is(
    as_alice: Person, content: bytes, content_type: str, extension: str
) -> None:
    answer, body = as_alice.read(as_alice.stored(content))
    assert (answer.status_code, body) == (200, content)
    assert answer["Content-Type"].partition(";")[0] == content_type
    assert answer["Content-Length"] == str(len(content))
    shown = content_type.startswith(("image/", "audio/", "video/"))
    assert answer["Content-Disposition"].startswith("inline;" if shown else "attachment;")
    assert answer["Content-Disposition"].endswith(f'.{extension}"')


@pytest.mark.parametrize("content", [POLYGLOT, TEXT, PDF], ids=["a gif that is html too", "text", "pdf"])
def test_no_file_is_ever_a_page(as_alice: Person, content: bytes) -> None:
    answer, _ = as_alice.read(as_alice.stored(content))
    assert not answer["Content-Type"].startswith("text/html")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private"


def test_text_is_saved_not_shown(as_alice: Person) -> None:
    answer, _ = as_alice.read(as_alice.stored(TEXT))
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment;")


def test_others_cannot_tell_a_file_from_none(as_alice: Person, as_bob: Person) -> None:
    path = as_alice.stored(PNG)
    forbidden, told = as_bob.read(path)
    missing, told_missing = as_bob.read(f"/upload/files/{'0' * 32}.png")
    assert forbidden.status_code == missing.status_code == 404
    assert told == told_missing


def test_a_stranger_is_asked_to_sign_in_whether_the_file_exists_or_not(as_alice: Person) -> None:
    answers = [APIClient().get(path) for path in (as_alice.stored(PNG), f"/upload/files/{'0' * 32}.png")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content


def test_the_session_cookie_reads_too(as_alice: Person, alice: Any) -> None:
    browser = Client()
    browser.force_login(alice)
    assert read_whole(browser.get(as_alice.stored(PNG)))[1] == PNG


def test_a_reader_lets_others_read(
    as_alice: Person, as_bob: Person, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, kept = as_alice.stored(PNG), as_alice.stored(PNG)
    monkeypatch.setattr(readers, "_readers", [])
    readers.register(lambda *, user, path: False)
    readers.register(lambda *, user, path: (user, path) == (bob, shared))
    assert as_bob.read(shared)[1] == PNG
    assert as_bob.read(kept)[0].status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/upload/files/../secret.txt",
        "/upload/files/..%2fsecret.txt",
        "/upload/files/%2e%2e/secret.txt",
        "/upload/../secret.txt",
        "/upload//etc/passwd",
        "/upload/secret.txt",
        "/upload/files/a%00.png",
        "/upload/files/",
        "/upload/",
    ],
)
def test_no_path_leads_out_of_the_folder(as_alice: Person, alice: Any, folder: Path, path: str) -> None:
    (folder / "secret.txt").write_bytes(TEXT)
    Upload.objects.create(owner=alice, path="files/../secret.txt", content_type="text/plain", size=len(TEXT))
    Upload.objects.create(owner=alice, path="secret.txt", content_type="text/plain", size=len(TEXT))
    assert as_alice.read(path)[0].status_code == 404


def test_a_file_that_the_storage_lost_is_missing(as_alice: Person, folder: Path) -> None:
    path = as_alice.stored(PNG)
    for file in files_in(folder):
        file.unlink()
    assert as_alice.read(path)[0].status_code == 404


@pytest.mark.parametrize(
    ("header", "content_range", "wanted"),
    [
        ("bytes=0-9", f"bytes 0-9/{len(TEXT)}", TEXT[:10]),
        ("bytes=10-", f"bytes 10-{len(TEXT) - 1}/{len(TEXT)}", TEXT[10:]),
        ("bytes=-5", f"bytes {len(TEXT) - 5}-{len(TEXT) - 1}/{len(TEXT)}", TEXT[-5:]),
    ],
)
def test_a_player_may_ask_for_a_part(
    as_alice: Person, header: str, content_range: str, wanted: bytes
) -> None:
    path = as_alice.stored(TEXT)
    assert as_alice.read(path)[0]["Accept-Ranges"] == "bytes"
    answer, body = as_alice.read(path, range=header)
    assert (answer.status_code, answer["Content-Range"], body) == (206, content_range, wanted)
    assert answer["Content-Length"] == str(len(wanted))
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_part_behind_the_end_is_416(as_alice: Person) -> None:
    answer, _ = as_alice.read(as_alice.stored(PNG), range=f"bytes={len(PNG)}-")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(PNG)}")


def test_a_part_of_a_version_that_we_never_named_is_the_whole(as_alice: Person) -> None:
    answer, body = as_alice.read(as_alice.stored(PNG), **{"range": "bytes=0-3", "if-range": '"other"'})
    assert (answer.status_code, body) == (200, PNG)


def test_an_answer_that_nobody_reads_closes_its_file(
    as_alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[File] = []
    original = Storage.open

    def remember(self: Storage, name: str, mode: str = "rb") -> File:
        opened.append(original(self, name, mode))
        return opened[-1]

    as_alice.stored(PNG)
    monkeypatch.setattr(Storage, "open", remember)
    upload_response(upload=Upload.objects.get()).close()
    assert [file.closed for file in opened] == [True]


def test_under_asgi_a_file_is_read_piece_by_piece(as_alice: Person) -> None:
    content = PNG + bytes(3 * CHUNK_BYTES)
    as_alice.stored(content)

    async def pieces() -> list[bytes]:
        return [piece async for piece in response]

    response: Any = upload_response(upload=Upload.objects.get())
    got = async_to_sync(pieces)()
    response.close()
    assert b"".join(got) == content
    assert len(got) == 4
