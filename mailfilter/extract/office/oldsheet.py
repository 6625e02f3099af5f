"""What calamine leaves out of old Excel files (xls): comments, text boxes, headers, links, charts.

From → to: the records of a workbook → one text for each sheet and kind: comments, headers and
footers, text boxes; addresses of links, fixed lists and what pivot tables keep as hidden text;
pictures as `Part`s.

Invariants: linear over the records; a text that says to be longer than its record and what
continues it ends there.

Sources: MS-XLS 2.4 (BoundSheet8, Note, TxO, Continue, Header, Footer, HLink, SeriesText, Dv,
MsoDrawingGroup, SXString), 2.5.240 (ShortXLUnicodeString), 2.5.294 (XLUnicodeString).
Known gaps: text of a record that continues in the middle of a character of another width.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.xml_attributes import header_text
from mailfilter.extract.office.officeart import pictures, wide_texts
from mailfilter.extract.office.oldcells import FORMULA, Formats, formula_texts
from mailfilter.model import Part
from mailfilter.place import Place, Step, StepKind

_BEGIN, _CONTINUE, _SHEET = 0x809, 0x3C, 0x85
_NOTE, _TEXT, _OBJECT, _DRAWINGS = 0x1C, 0x1B6, 0x5D, 0xEB
_HEADERS = (0x14, 0x15)
_COMMENT_OBJECT = 0x19
_HIDDEN_TEXT = {  # links, lists, user, other files, names, cached texts, filters, formats, arrays
    *(0x1B8, 0x1BE, 0x5C, 0x1AE, 0x18, 0x207, 0x9E, 0x1B1, 0x221),
}
_CHART_TEXT, _DRAWING = 0x100D, 0xEC
_CACHED_TEXT, _CACHED_NUMBER = 0xCD, 0xC9  # SXString, SXNum
_BIFF8 = 0x0600
_NARROW_TEXT = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
Record = tuple[int, list[bytes]]  # kind; its data and what continues it


@dataclass(slots=True)
class _Sheet:
    """Texts of one sheet by their kind; None is what is shown."""

    texts: dict[StepKind | None, list[str]] = field(default_factory=dict)
    is_comment: bool = False  # the object whose text comes next

    def add(self, kind: StepKind | None, text: str) -> None:
        self.texts.setdefault(kind, []).append(text)


def read(stream: bytes, part: Part, ctx: Ctx) -> Iterator[Found]:
    """Sheet by sheet; what stands before the first sheet is the workbook's."""
    sheets, names, version, depth = [_Sheet()], [], _BIFF8, 0
    formats = Formats()
    for kind, pieces in _records(stream):
        if kind == _BEGIN:
            version = struct.unpack_from("<H", pieces[0])[0] if len(pieces[0]) >= 2 else version
            substream = pieces[0][2:3]
            if substream not in (b"\x05", b"\x20") or depth > 1:  # 0x20: a chart, in its sheet
                sheets.append(_Sheet())
        elif kind == _SHEET:
            names.append(_short(pieces[0][6:], wide=version == _BIFF8))
        elif kind == _DRAWINGS:
            yield from pictures(b"".join(pieces), part, ctx, 0)
        elif kind == FORMULA:
            for text in formula_texts(pieces[0]):
                sheets[-1].add(StepKind.HIDDEN, text)
        elif shown := formats.take(kind, pieces[0]):
            for text in shown:
                sheets[-1].add(None, text)
        else:
            _take(sheets[-1], kind, pieces, version)
    for n, sheet in enumerate(sheets):
        name = names[n - 1] if 0 < n <= len(names) else ""
        place = part.place.down(Step(StepKind.SHEET, n, name)) if n else part.place
        yield from _texts(sheet, place)


def cache(stream: bytes, part: Part, ctx: Ctx) -> Iterator[Found]:
    """The values that a pivot table keeps of its source, which may be gone from the sheets."""
    ctx.budget.take_bytes(len(stream))
    values = []
    for kind, pieces in _records(stream):
        if kind == _CACHED_TEXT:
            values.append(_long(pieces[0]))
        elif kind == _CACHED_NUMBER and len(pieces[0]) >= 8:
            (number,) = struct.unpack_from("<d", pieces[0])
            values.append(str(int(number)) if number.is_integer() else str(number))
    yield text_at("\n".join(values), part.place.down(Step(StepKind.HIDDEN)))


def _records(stream: bytes) -> Iterator[Record]:
    """Records, each with those that continue it."""
    at, kind = 0, 0
    pieces: list[bytes] = []
    while at + 4 <= len(stream):
        following, size = struct.unpack_from("<2H", stream, at)
        data = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if following == _CONTINUE or (following == _DRAWINGS == kind):
            pieces.append(data)
            continue
        if pieces:
            yield kind, pieces
        kind, pieces = following, [data]
    if pieces:
        yield kind, pieces


def _take(sheet: _Sheet, kind: int, pieces: list[bytes], version: int) -> None:
    """What one record says."""
    data = pieces[0]
    wide = version == _BIFF8
    if kind == _OBJECT and len(data) >= 6:
        sheet.is_comment = data[4] == _COMMENT_OBJECT
    elif kind == _TEXT:
        text = "".join(_run(piece) for piece in pieces[1:2]) if len(data) >= 12 else ""
        length = struct.unpack_from("<H", data, 10)[0] if len(data) >= 12 else 0
        for piece in pieces[2:]:
            if len(text) < length:
                text += _run(piece)
        sheet.add(StepKind.COMMENT if sheet.is_comment else None, text[:length])
    elif kind == _NOTE:
        author = _long(data[8:]) if wide else data[6:].decode("cp1252", "replace")
        sheet.add(StepKind.COMMENT, author)
    elif kind in _HEADERS:
        text = _long(data) if wide else _short(data, wide=False)
        sheet.add(StepKind.HEADER, header_text(text))
    elif kind == _CHART_TEXT:
        sheet.add(None, _short(data[2:], wide=wide))
    elif kind == _DRAWING:
        sheet.add(StepKind.HIDDEN, wide_texts(b"".join(pieces)))
    elif kind in _HIDDEN_TEXT:
        sheet.add(StepKind.HIDDEN, _loose(b"".join(pieces)))


def _run(piece: bytes) -> str:
    """Characters behind a byte that says how wide they are."""
    return piece[1:].decode("utf-16-le" if piece[:1] == b"\1" else "latin-1", "replace")


def _short(data: bytes, *, wide: bool) -> str:
    """A text with one byte of length."""
    if not data:
        return ""
    if not wide:
        return data[1 : 1 + data[0]].decode("cp1252", "replace")
    return _run(data[1:])[: data[0]]


def _long(data: bytes) -> str:
    """A text with two bytes of length."""
    return _run(data[2:])[: struct.unpack_from("<H", data)[0]] if len(data) >= 3 else ""


def _loose(data: bytes) -> str:
    """Whatever reads as text in a record of many fields, in both widths."""
    narrow = [found[0].decode("latin-1") for found in _NARROW_TEXT.finditer(data)]
    return "\n".join([wide_texts(data), *narrow])


def _texts(sheet: _Sheet, place: Place) -> Iterator[Found]:
    for kind, texts in sheet.texts.items():
        content = "\n".join(text.replace("\r", "\n") for text in texts)
        yield text_at(content, place.down(Step(kind)) if kind else place)
