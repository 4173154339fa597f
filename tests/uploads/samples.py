"""The first bytes of real files of each type, as common programs write them."""

from __future__ import annotations

import zlib


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _png_chunk(b"IHDR", bytes.fromhex("00000001 00000001 08 02 00 00 00"))
    + _png_chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))
    + _png_chunk(b"IEND", b"")
)
JPEG = bytes.fromhex("ffd8ffe0 0010 4a46494600 0101 00 0001 0001 00 00 ffd9")
EXIF_JPEG = bytes.fromhex("ffd8ffe1 0010 457869660000 49492a0008000000 ffd9")
GIF = b"GIF89a" + bytes.fromhex(
    "0100 0100 80 00 00 ffffff 000000 2c 0000 0000 0100 0100 00 02 02 44 01 00 3b"
)
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

MP3_BARE = bytes.fromhex("fffb9064") + bytes(413)
MP3_TAGGED = b"ID3\x04\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00" + MP3_BARE
AAC = bytes.fromhex("fff15080 02 1f fc") + bytes(16)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00data\x00\x00\x00\x00"
_OGG_PAGE = b"OggS\x00\x02" + bytes(20) + b"\x01\x13"
OGG_OPUS = _OGG_PAGE + b"OpusHead\x01\x02" + bytes(9)
OGG_VORBIS = _OGG_PAGE + b"\x01vorbis" + bytes(23)
OGG_THEORA = _OGG_PAGE + b"\x80theora" + bytes(23)


def _isobmff(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x02\x00isommp42" + b"\x00\x00\x00\x08mdat"


M4A, MP4, MOV, HEIC = _isobmff(b"M4A "), _isobmff(b"isom"), _isobmff(b"qt  "), _isobmff(b"heic")


def _matroska(doctype: bytes, *codecs: bytes) -> bytes:
    def element(name: str, data: bytes) -> bytes:
        return bytes.fromhex(name) + bytes([0x80 + len(data)]) + data

    header = bytes.fromhex("4286 81 01 42f7 81 01 42f2 81 04 42f3 81 08") + element("4282", doctype)
    tracks = b"".join(element("86", codec) for codec in codecs)
    return element("1a45dfa3", header) + element("18538067", element("1654ae6b", tracks))


WEBM_VIDEO = _matroska(b"webm", b"A_OPUS", b"V_VP9")
WEBM_AUDIO = _matroska(b"webm", b"A_OPUS")
MKV = _matroska(b"matroska", b"V_MPEG4/ISO/AVC")

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TEXT = "Grüße, 你好, 🙂\n\tplain text\r\n".encode()

ACCEPTED = {
    "png": (PNG, "image/png", "png"),
    "jpeg": (JPEG, "image/jpeg", "jpg"),
    "jpeg of a camera": (EXIF_JPEG, "image/jpeg", "jpg"),
    "gif": (GIF, "image/gif", "gif"),
    "webp": (WEBP, "image/webp", "webp"),
    "mp3 with a tag": (MP3_TAGGED, "audio/mpeg", "mp3"),
    "mp3 without": (MP3_BARE, "audio/mpeg", "mp3"),
    "aac": (AAC, "audio/aac", "aac"),
    "wav": (WAV, "audio/wav", "wav"),
    "ogg opus": (OGG_OPUS, "audio/ogg", "ogg"),
    "ogg vorbis": (OGG_VORBIS, "audio/ogg", "ogg"),
    "m4a": (M4A, "audio/mp4", "m4a"),
    "webm of a microphone": (WEBM_AUDIO, "audio/webm", "weba"),
    "webm": (WEBM_VIDEO, "video/webm", "webm"),
    "mp4": (MP4, "video/mp4", "mp4"),
    "quicktime": (MOV, "video/quicktime", "mov"),
    "pdf": (PDF, "application/pdf", "pdf"),
    "text": (TEXT, "text/plain", "txt"),
    "text with a byte order mark": (b"\xef\xbb\xbfhello", "text/plain", "txt"),
    "text with a smaller-than sign": (b"a <b> c; 1 < 2", "text/plain", "txt"),
}

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html without doctype": b"\n\n  <HTML><body onload=alert(1)>",
    "html behind a byte order mark": b"\xef\xbb\xbf<html>",
    "a comment, then html": b"<!-- x --><html>",
    "svg": SVG,
    "svg without a declaration": SVG.partition(b"\n")[2],
    "xml": b"<?xml version='1.0'?><x/>",
    "zip": b"PK\x03\x04" + bytes(26),
    "windows program": b"MZ\x90\x00" + bytes(60),
    "linux program": b"\x7fELF\x02\x01\x01" + bytes(57),
    "heic": HEIC,
    "matroska": MKV,
    "theora": OGG_THEORA,
    "riff of another kind": b"RIFF\x24\x00\x00\x00AVI LIST",
    "text in UTF-16": "hello".encode("utf-16"),
    "text in Latin-1": "Grüße".encode("latin-1"),
    "text cut within a letter": "ab€".encode()[:-1],
    "text with a NUL": b"hello\x00world",
    "almost a png": b"\x89PNG\r\n\x1a\x00" + PNG[8:],
}
