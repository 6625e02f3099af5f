"""What stands before or behind a file in its own bytes, and text under the name of a picture.

From → to: a pdf or picture with something around it → that, as a file of its own (typed by its
content) or as hidden text; a file whose name says text and whose content says otherwise → the
runs of readable characters in it, for the program that goes by the name shows them.

Invariants: linear. Zeros and blanks around a file are nothing; what is neither a known format nor
readable says nothing: cameras leave such data, and mail with their photographs must pass.

Sources: ISO 32000-1 7.5 (pdf), PNG 5.2, GIF89a, T.81 B (JPEG), the size fields of BMP and RIFF.
Known gaps: a second picture or a film behind a JPEG, as phones write them and nobody sees them;
TIFF, whose pieces may lie anywhere.
"""

import re
import struct
from collections.abc import Callable, Iterator

from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

FIRST = 900  # number of the first file around another
LEAST = 6  # bytes that can say something
SEGMENTS = 10_000  # of a JPEG or PNG, blocks of a GIF that are not data
_BLANK = b"\0\r\n\t \x1a"
_PDF_END = re.compile(rb"startxref\s{1,4}\d{1,20}\s{1,4}%%EOF")
_PHONE = (
    b"\xff\xd8\xff",
    b"\0\0\0\x18ftyp",
    b"\0\0\0\x1cftyp",
    b"\0\0\0\x20ftyp",
    b"\0\0\0\x14ftyp",
)
# UTF-8 and Latin-1 letters count between ASCII; what is packed seldom has eight in a row
_RUN = re.compile(rb"(?:[\t\r\n -~]|[\xc2\xc3][\x80-\xbf]|[\xc4\xc5\xd6\xe4\xe5\xe9\xf6]){8,}")


def has(data: bytes) -> bool:
    """Whether anything stands around the file."""
    return any(True for _ in _pieces(data))


def read(part: Part, _ctx: Ctx) -> Iterator[Found]:
    """The pieces; each is read as what it is."""
    for n, piece in enumerate(_pieces(part.data), FIRST):
        if looks_like_text(piece, "") or _MARK.match(piece):
            yield member(part, n, "", piece)
        else:
            yield text_at(runs(piece), part.place.down(Step(StepKind.HIDDEN)))


def read_runs(part: Part, _ctx: Ctx) -> Iterator[Found]:
    """The readable characters of a file that bears the name of a text."""
    yield text_at(runs(part.data), part.place.down(Step(StepKind.HIDDEN)))


def runs(data: bytes) -> str:
    """Readable characters in bytes that are no text, a line for each run."""
    lines = _RUN.findall(data)
    try:
        return b"\n".join(lines).decode()
    except UnicodeDecodeError:
        return b"\n".join(lines).decode("cp1252", "replace")


def _pieces(data: bytes) -> Iterator[bytes]:
    start, end = extent(data)
    for piece in (data[:start], data[end:]):
        said = piece.strip(_BLANK)
        if len(said) >= LEAST and not (data.startswith(b"\xff\xd8") and said.startswith(_PHONE)):
            yield piece.lstrip(b"\0\r\n")


def extent(data: bytes) -> tuple[int, int]:
    """Where the file begins and ends; all of it where its format does not say."""
    for mark, end in _ENDS:
        if data.startswith(mark):
            return 0, end(data) or len(data)
    start = data.find(b"%PDF-", 0, 1024)
    return (start, _pdf(data)) if start >= 0 else (0, len(data))


def _pdf(data: bytes) -> int:
    last = data.rfind(b"startxref")
    if last >= 0 and (found := _PDF_END.match(data, last)):
        return found.end()
    return max(data.rfind(b"%%EOF") + 5, data.rfind(b"endobj") + 6, len(b"%PDF-"))


def _png(data: bytes) -> int:
    at = 8
    for _ in range(SEGMENTS):
        if at + 12 > len(data):
            break
        size = int.from_bytes(data[at : at + 4])
        kind, at = data[at + 4 : at + 8], at + 12 + size
        if kind == b"IEND":
            return at
    return 0


def _gif(data: bytes) -> int:
    if len(data) < 13:
        return 0
    at = 13 + _table(data[10])
    for _ in range(SEGMENTS):
        match data[at : at + 1]:
            case b";":
                return at + 1
            case b"!":
                at = _blocks(data, at + 2)
            case b"," if at + 10 <= len(data):
                at = _blocks(data, at + 11 + _table(data[at + 9]))
            case _:
                return 0
    return 0


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _jpeg(data: bytes) -> int:
    at = 2
    for _ in range(SEGMENTS):
        if at + 4 > len(data):
            return 0
        marker, size = struct.unpack_from(">HH", data, at)
        at += 2 + size
        if marker == 0xFFDA:  # the scan: in it 0xFF is never followed by 0xD9 but at the end
            return data.find(b"\xff\xd9", at) + 2 if data.find(b"\xff\xd9", at) >= 0 else 0
        if marker < 0xFF00:
            return 0
    return 0


def _sized(offset: int, more: int) -> Callable[[bytes], int]:
    def end(data: bytes) -> int:
        size = int.from_bytes(data[offset : offset + 4], "little") + more
        return size if more + 16 < size < len(data) else 0

    return end


_MARK = re.compile(
    rb"PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b\x08|\xd0\xcf\x11\xe0|\{\\rt|%PDF-|MZ|BZh|\xfd7zXZ"
)
_ENDS: tuple[tuple[bytes, Callable[[bytes], int]], ...] = (
    (b"\x89PNG\r\n", _png),
    (b"GIF8", _gif),
    (b"\xff\xd8\xff", _jpeg),
    (b"BM", _sized(2, 0)),
    (b"RIFF", _sized(4, 8)),
)
