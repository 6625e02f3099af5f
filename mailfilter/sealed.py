"""Bytes that pass because nobody but their recipient can read them: is that so?

From → to: bytes → whether they look encrypted, what of them a text editor would show, and where a
file of a known format begins in them. Cipher text is flat: each of the 256 octets is as frequent
as any other, which no text, table or program is; packed files nearly are, so they are known by
their marks. Marks shorter than six bytes would be met in noise of a few megabytes and have no use.

Invariants: linear; long data are judged by a thin sample, and readable runs and marks are looked
for in all of them. Known gap: packed data without a mark cannot be told from cipher text.
"""

import re
from collections import Counter
from collections.abc import Iterator

from mailfilter.byte_search import Needles

_SAMPLE = 16_384
_FEWEST = 64  # bytes that can be judged
_FEWEST_FLAT = 512
_UNEVEN = 500.0  # chi-square of 255 degrees of freedom: noise stays below 400
_PLAIN = bytes(range(32, 127)) + b"\t\r\n"
_SHOWN = {*_PLAIN, *"ÅÄÖåäöéü".encode(), *"ÅÄÖåäöéü".encode("latin-1")}
# Runs are found in a rewritten copy: a search for a fixed beginning is ten times faster.
_KINDS = bytes(
    ord("a") if byte in _SHOWN else ord("-") if byte else ord("z") for byte in range(256)
)
_RUN = re.compile(rb"aaaaaaaaa*")
_WIDE = re.compile(rb"azazazaz(?:az)*a?")  # of either order of bytes
_LONG = 16  # noise has hardly ever so many readable bytes in a row
_DIGITS = re.compile(rb"\d{6}")
PICTURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0\0\x10JFIF",
    b"\xff\xd8\xff\xdb\0\x43",
    b"GIF89a",
    b"GIF87a",
)
_FILES = Needles(
    *PICTURES,
    *(b"PK\x03\x04" + bytes([version, 0]) for version in (10, 20, 45)),
    b"%PDF-1.",
    b"%PDF-2.",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf1",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\0",
    b"\x1f\x8b\x08\0\0\0\0\0",
    b"\x1f\x8b\x08\x08",  # with the file's name, checked below
    b"BZh91AY&SY",
    b"MSCF\0\0\0\0",
    b"SQLite format 3\0",
)
_NAMED_GZIP = re.compile(rb"\x1f\x8b\x08\x08.{4}[\0\2\4][\0\3\x0b\xff][\w. -]{1,99}\0", re.DOTALL)


def looks_encrypted(data: bytes) -> bool:
    """Whether bytes may be cipher text: no file begins in them, and no octet is preferred."""
    if holds_file(data):
        return False
    if len(data) < _FEWEST:
        return True
    sample = data[:: max(len(data) // _SAMPLE, 1)]
    if len(sample) < _FEWEST_FLAT:
        return len(sample.translate(None, _PLAIN)) * 10 > len(sample) * 3
    each = len(sample) / 256
    counts = Counter(sample)
    uneven = sum((counts[octet] - each) ** 2 for octet in range(256)) / each
    return uneven < _UNEVEN


def holds_file(data: bytes) -> bool:
    """Whether a file of a known format begins somewhere in the bytes."""
    return next(files(data), None) is not None


def files(data: bytes) -> Iterator[int]:
    """Where files of known formats seem to begin."""
    for _, start, end in _FILES.tokens(data):
        if end - start > 4 or _NAMED_GZIP.match(data, start):
            yield start


def readable(data: bytes) -> str:
    """What a text editor would show: long runs of letters, and short ones that hold a number."""
    kinds = data.translate(_KINDS)
    narrow = (data[found.start() : found.end()] for found in _RUN.finditer(kinds))
    lines = [run for run in narrow if len(run) >= _LONG or _DIGITS.search(run)]
    lines += [data[found.start() : found.end() : 2] for found in _WIDE.finditer(kinds)]
    return "\n".join(_text(line) for line in lines)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
