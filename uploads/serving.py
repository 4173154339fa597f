"""An upload as an HTTP answer: a file to show or to save, never a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

from asgiref.sync import sync_to_async
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from realtime.errors import NotFound
from uploads.models import Upload
from uploads.ranges import UnsatisfiableRangeError, parse_range

CHUNK_BYTES = 64 * 1024
_SHOWN = ("image/", "audio/", "video/")  # in place; everything else is saved to disk


def upload_response(*, upload: Upload, range_header: str = "") -> HttpResponseBase:
    """The file, or the part of it that ``range_header`` asks for (206; 416 when there is none such).

    Raises:
        NotFound: the storage has lost the file.
    """
    try:
        wanted = parse_range(range_header, upload.size)
    except UnsatisfiableRangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    try:
        file = default_storage.open(upload.path, "rb")
    except FileNotFoundError as error:
        raise NotFound from error
    sent = wanted or range(upload.size)
    response = _FileStream(_Pieces(file, sent), status=206 if wanted else 200, headers=_headers(upload))
    response["Content-Length"] = str(len(sent))
    if wanted:
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{upload.size}"
    return response


def _headers(upload: Upload) -> dict[str, str]:
    """``nosniff`` and the sandbox hold even for a file that is two types at once: it is what it was
    recognised as, without scripts and without an origin."""
    shown = upload.content_type.startswith(_SHOWN)
    charset = "; charset=utf-8" if upload.content_type == "text/plain" else ""
    name = upload.path.rpartition("/")[2]
    return {
        "Content-Type": upload.content_type + charset,
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private",  # rights may end; a shared cache would not know
        "Accept-Ranges": "bytes",
    }


class _Pieces(Iterator[bytes]):
    """Part of an open file. Not a generator: Django closes this with the response, and a generator that was
    never begun (HEAD, a client that left) would leave the file open."""

    def __init__(self, file: File, wanted: range) -> None:
        self._file, self._left = file, len(wanted)
        self.close = file.close
        file.seek(wanted.start)

    def __next__(self) -> bytes:
        piece = self._file.read(min(CHUNK_BYTES, self._left))
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece


class _FileStream(StreamingHttpResponse):
    """Under ASGI Django would read a synchronous stream whole into memory before sending the first byte;
    here each piece is read in a thread when the last one has gone out."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(partial(next, iter(self), b""), thread_sensitive=False)
        while piece := await read():
            yield piece
