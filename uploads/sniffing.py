"""What a file is, by its content: neither the client's name nor its header has a say.

A table of our own because the libraries were weighed and do not fit: `filetype` has had no release since
2022, `puremagic` ranks guesses where we need one answer (RIFF alone had a dozen) and wants Python 3.12.
The types are those a browser shows or plays; what can carry scripts (HTML, SVG, XML) is not among them.
"""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 4096  # what `sniff` wants to see; a WebM names its codecs within it

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/webm": "weba",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "application/pdf": "pdf",
    "text/plain": "txt",
}

_WEBM = rb"\x1aE\xdf\xa3(?=.{0,60}B\x82.{1,8}webm)"  # EBML whose DocType element says webm

# Read from the first byte on; the first that matches is the answer.
_SIGNATURES = tuple(
    (re.compile(pattern, re.DOTALL), content_type)
    for pattern, content_type in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"OggS.{24}(?:OpusHead|\x01vorbis|\x7fFLAC|Speex   )", "audio/ogg"),
        (rb".{4}ftypM4[AB] ", "audio/mp4"),
        (rb".{4}ftypqt  ", "video/quicktime"),
        (rb".{4}ftyp(?:iso[m2-9]|mp4[12]|avc1|M4V |MSNV|dash|3gp[4-7])", "video/mp4"),
        (_WEBM + rb"(?!.*V_(?:VP|AV))(?=.*A_(?:OPUS|VORBIS))", "audio/webm"),
        (_WEBM, "video/webm"),
        (rb"ID3[\x02-\x04]", "audio/mpeg"),
        (rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x00-\xef]", "audio/mpeg"),  # a frame of layer III
        (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),  # ADTS
        (rb"%PDF-", "application/pdf"),
    )
)

_MARKUP = re.compile(r"\ufeff?\s*<[A-Za-z!?/]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")  # ESC stays: terminal logs are text


def sniff(head: bytes) -> str | None:
    """The content type of a binary file by its first `HEAD_BYTES`; None when it is none that we know."""
    return next((kind for pattern, kind in _SIGNATURES if pattern.match(head)), None)


class TextCheck:
    """Whether a stream, fed piece by piece, is plain UTF-8 text: no markup, no control characters.

    A file that begins as HTML, SVG or XML does is markup, and refused: nothing we store may be a page.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._start = ""
        self._fits = True

    def feed(self, piece: bytes, *, final: bool = False) -> bool:
        """Whether it is text so far; with ``final=True``, whether it is text."""
        if self._fits:
            try:
                text = self._decoder.decode(piece, final)
            except UnicodeDecodeError:
                self._fits = False
                return False
            self._start += text[: HEAD_BYTES - len(self._start)]
            self._fits = not _CONTROL.search(text) and not _MARKUP.match(self._start)
        return self._fits
