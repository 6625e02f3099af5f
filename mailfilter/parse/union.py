"""The second net: whatever could be decoded in the raw bytes, decoded.

From → to: ``scan(data)`` → the stretches around numbers that appear when the message is decoded in
every way that a tolerant program might try: as it stands, as quoted-printable, as base64 at each of
the four alignments, by line and by padded group, and unpacked if it is gzip or zlib; as uuencode,
yEnc and BinHex.

It knows no structure, so no trick of structure hides from it; what it finds is reported as "hidden
in structure". It runs when the strict reading called the message ambiguous.

Invariants: linear; looks at `BUDGET` bytes at most, keeps `WINDOWS` stretches at most; never
raises. Known gaps: other compressed content, and charsets that do not keep ASCII digits (UTF-16 is
read).
"""

import re
from binascii import Error, a2b_qp, a2b_uu
from collections.abc import Iterator

import pybase64

from mailfilter.parse import oldcodes
from mailfilter.parse.words import base64_leniently, text_of

BUDGET = 1_000_000  # bytes of the raw message; structure tricks stand near its beginning
WINDOWS = 200
AROUND = 60  # bytes kept on both sides of a number, for the detectors' context

_NUMBER = re.compile(rb"(?:[0-9](?:[ .+/\t-]|\xc2\xa0|=?\r?\n[ \t]?)?){9,13}[0-9]")
_BREAK = re.compile(rb"=[ \t\0]*+(?:\r\n|\r|\n)")
_BLANK = re.compile(rb"[\r\n]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
PIECES = 2000  # lines or padded groups in one segment that are decoded one by one
_LEAST = 12  # base64 characters for ten digits, less what alignment costs


def scan(data: bytes) -> list[str]:
    """The numbers that decoding of any kind brings out, with what stands around them."""
    data = data[:BUDGET]
    kept: dict[bytes, None] = {}
    for reading in _readings(data):
        for found in _NUMBER.finditer(reading):
            kept.setdefault(reading[max(0, found.start() - AROUND) : found.end() + AROUND])
            if len(kept) >= WINDOWS:
                break
    return [text_of(window) for window in kept]


def _readings(data: bytes) -> Iterator[bytes]:
    yield data
    if b"\0" in data:
        yield data.replace(b"\0", b"")
    if b"=" in data:
        unbroken = _BREAK.sub(b"", data)
        yield a2b_qp(unbroken)
        yield a2b_qp(unbroken.replace(b"\0", b"").replace(b"= ", b"=20"))
    if oldcodes.is_there(data):
        yield from oldcodes.files(data)
    if b"=?" in data:
        yield text_of(_BLANK.sub(b" ", data)).encode("utf-8", "replace")
    for segment in _segments(data):
        yield from _base64(segment)
        yield b"".join(_uu(segment))


def _segments(data: bytes) -> Iterator[list[bytes]]:
    """Runs of lines that are neither header fields nor delimiters."""
    segment: list[bytes] = []
    for line in _BLANK.split(data):
        if line.startswith(b"--") or b": " in line[:60]:
            if segment:
                yield segment
            segment = []
        else:
            segment.append(line)
    if segment:
        yield segment


def _base64(lines: list[bytes]) -> Iterator[bytes]:
    clean = [_NOT_BASE64.sub(b"", line) for line in lines]
    whole = b"".join(clean)
    if len(whole) < _LEAST:
        return
    if 1 < len(clean) <= PIECES:
        yield b"".join(map(base64_leniently, clean))
    if 1 <= whole.count(b"=") <= PIECES:
        yield b"".join(map(base64_leniently, whole.split(b"=")))
    bare = whole.replace(b"=", b"")
    for start in range(4):
        aligned = bare[start:]
        try:
            decoded = pybase64.b64decode(aligned[: len(aligned) // 4 * 4])
        except (Error, ValueError):
            continue
        yield decoded
        if start == 0 and (unpacked := oldcodes.inflated(decoded)):
            yield unpacked
        if b"\0" in decoded:
            yield decoded.replace(b"\0", b"")


def _uu(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines[:PIECES]:
        if 8 < len(line) < 90:
            try:
                yield a2b_uu(line)
            except Error:
                continue
