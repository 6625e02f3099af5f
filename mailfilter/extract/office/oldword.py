"""Word 97-2003 (doc): the text of all stories, by the piece table.

From → to: the streams WordDocument and 0Table/1Table → the main text, footnotes, headers and
footers, comments, endnotes and text boxes, which lie one after the other in one row of characters.
What is shown is one text; field codes, hidden and deleted text are taken out of it and read
besides, at `Step(HIDDEN)`. Pictures come out as `Part`s.

Invariants: pieces may overlap, so their characters are counted before they are decoded; a piece
that points outside the stream makes the document broken, and what can be read is read.

Sources: MS-DOC 2.4.1 (retrieving text), 2.5 (Fib), 2.8.6 (PlcBteChpx), 2.9.38 (Clx), 2.9.73
(FcCompressed), 2.6.1 (character properties). Word 6 and 95 keep their text in one stretch.
Known gaps: numbers that automatic numbering makes; characters of symbol fonts (sprmCSymbol);
fast-saved files of Word 6 and 95 are not read.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.office.officeart import pictures, wide_texts
from mailfilter.extract.office.ole import Storage
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

PIECES = 200_000
PAGES = 20_000  # of character properties; each says how up to a hundred stretches look
FIELDS = 1_000_000
_WORD_97 = 0x00C0  # nFib; Word 95 has a lower one
_ENCRYPTED, _COMPLEX, _SECOND_TABLE = 0x0100, 0x0004, 0x0200
_COUNTS, _CHPX, _CLX = 0x4C, 0xFA, 0x1A2  # offsets in the Fib
_TABLES, _FIRST_TABLE = (9, 21, 32, 36, 45, 50, 51, 60, 71), 0x9A
# building blocks, bookmarks, properties, who commented, forms, drawings, who changed, variables,
# who saved: names and values that stand in no story
_STORIES = (  # main, footnotes, headers, macros, comments, endnotes, boxes, boxes in headers
    None,
    StepKind.NOTES,
    StepKind.HEADER,
    None,
    StepKind.COMMENT,
    StepKind.NOTES,
    None,
    StepKind.HEADER,
)
_DELETED, _HIDDEN = 0x0800, 0x083C  # sprmCFRMarkDel, sprmCFVanish
_OPERANDS = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}  # length by the upper bits of a sprm
_SIGNS = str.maketrans(
    {
        "\x07": "\t",
        "\r": "\n",
        "\x0b": "\n",
        "\x0c": "\n",
        "\x0e": "\n",
        "\x1e": "-",
        **dict.fromkeys(map(chr, (1, 2, 3, 4, 5, 6, 8, 0x13, 0x14, 0x15, 0x1F))),
    }
)
_FIELD = re.compile("[\x13\x14\x15]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters from `first` on, which lie at `at` in the stream."""

    first: int
    last: int
    at: int
    width: int  # bytes of a character


def read(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """All stories, then the pictures."""
    stream = root.read("WordDocument")
    try:
        version, _, _, _, flags = struct.unpack_from("<5H", stream, 2)
        if flags & _ENCRYPTED:
            raise Unreadable("encrypted")
        if version < _WORD_97:
            yield from _word_95(stream, flags, part.place)
            return
        table = root.read("1Table" if flags & _SECOND_TABLE else "0Table")
        yield from _stories(stream, table, part.place, ctx)
        yield text_at(_beside(stream, table), part.place.down(Step(StepKind.HIDDEN)))
    except struct.error:
        raise Unreadable("broken-document") from None
    for n, source in enumerate((root.read("Data"), stream), 1):
        yield from pictures(source, part, ctx, n * 1000)


def _word_95(stream: bytes, flags: int, place: Place) -> Iterator[Found]:
    """The text of all stories in one stretch of 8-bit characters."""
    start, end = struct.unpack_from("<2I", stream, 24)
    if flags & _COMPLEX:
        raise Unreadable("old-office")
    if not start < end <= len(stream):
        raise Unreadable("broken-document")
    shown, hidden = views(stream[start:end].decode("cp1252", "replace"))
    yield text_at(shown, place)
    yield text_at(hidden, place.down(Step(StepKind.HIDDEN)))


def _stories(stream: bytes, table: bytes, place: Place, ctx: Ctx) -> Iterator[Found]:
    """The row of characters, cut into its stories."""
    counts = struct.unpack_from("<8I", stream, _COUNTS)
    pieces = _pieces(table, *struct.unpack_from("<2I", stream, _CLX))
    if sum(piece.last - piece.first for piece in pieces) > ctx.budget.text:
        raise Unreadable("too-much-text")
    marks = _marks(stream, table, pieces)
    text, whole = _text(stream, pieces)
    at = 0
    for count, kind in zip((*counts, len(text)), (*_STORIES, None), strict=True):
        here = place.down(Step(kind)) if kind else place
        end = min(at + count, len(text))
        gone = [(max(a, at) - at, min(b, end) - at) for a, b in marks if a < end and b > at]
        shown, hidden = views(text[at:end], gone)
        yield text_at(shown, here)
        yield text_at(hidden, here.down(Step(StepKind.HIDDEN)))
        at = end
    if not whole or not pieces:
        yield not_examined(place, "broken-document")


def _beside(stream: bytes, table: bytes) -> str:
    """Names, variables and alternative texts, each once."""
    lines: dict[str, None] = {}
    for number in _TABLES:
        if _FIRST_TABLE + number * 8 + 8 <= len(stream):
            at, size = struct.unpack_from("<2I", stream, _FIRST_TABLE + number * 8)
            lines |= dict.fromkeys(wide_texts(table[at : at + size]).split("\n"))
    return "\n".join(lines)


def _pieces(table: bytes, at: int, size: int) -> list[_Piece]:
    """The piece table, behind any property modifiers of the Clx."""
    end = min(at + size, len(table))
    while at + 5 <= end and table[at] == 1:
        at += 3 + struct.unpack_from("<H", table, at + 1)[0]
    if at + 5 > end or table[at] != 2:
        raise Unreadable("broken-document")
    count = min((min(struct.unpack_from("<I", table, at + 1)[0], end - at - 5) - 4) // 12, PIECES)
    if count < 1:
        raise Unreadable("broken-document")
    firsts = struct.unpack_from(f"<{count + 1}I", table, at + 5)
    pieces = []
    for n in range(count):
        (fc,) = struct.unpack_from("<I", table, at + 5 + 4 * (count + 1) + 8 * n + 2)
        narrow, fc = fc & 0x4000_0000, fc & 0x3FFF_FFFF
        if firsts[n] < firsts[n + 1]:
            place, width = (fc // 2, 1) if narrow else (fc, 2)
            pieces.append(_Piece(firsts[n], firsts[n + 1], place, width))
    return pieces


def _text(stream: bytes, pieces: list[_Piece]) -> tuple[str, bool]:
    """The row of characters, and whether all of it was there; what is missing is blank."""
    texts, whole = [], True
    for piece in pieces:
        count = piece.last - piece.first
        raw = stream[piece.at : piece.at + count * piece.width]
        text = raw.decode("cp1252" if piece.width == 1 else "utf-16-le", "replace")
        if piece.width == 2 and len(text) != count:  # pairs of surrogates are two characters here
            text = "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])))
        whole = whole and len(text) == count
        texts.append(text.ljust(count)[:count])
    return "".join(texts), whole


def _marks(stream: bytes, table: bytes, pieces: list[_Piece]) -> list[tuple[int, int]]:
    """Stretches of characters that are hidden or deleted, sorted and apart."""
    runs = sorted(_runs(stream, table))
    starts = [start for start, _ in runs]
    found: list[tuple[int, int]] = []
    for piece in pieces:
        end = piece.at + (piece.last - piece.first) * piece.width
        for n in range(max(bisect_right(starts, piece.at) - 1, 0), len(runs)):
            start, stop = runs[n]
            if start >= end or len(found) > PIECES:
                break
            first, last = max(start, piece.at) - piece.at, min(stop, end) - piece.at
            if first < last:
                span = first // piece.width, -(-last // piece.width)
                found.append((piece.first + span[0], piece.first + span[1]))
    return _merged(found)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _runs(stream: bytes, table: bytes) -> Iterator[tuple[int, int]]:
    """Stretches of the stream whose character properties say hidden or deleted."""
    at, size = struct.unpack_from("<2I", stream, _CHPX)
    count = min((min(size, len(table) - at) - 4) // 8, PAGES)
    if count < 1 or at > len(table):
        return
    pages = struct.unpack_from(f"<{count}I", table, at + 4 * (count + 1))
    for page in dict.fromkeys(number & 0x3F_FFFF for number in pages):
        block = stream[page * 512 : (page + 1) * 512]
        if len(block) < 512 or (runs := block[511]) * 5 + 4 > 511:
            continue
        places = struct.unpack_from(f"<{runs + 1}I", block)
        for n in range(runs):
            offset = block[4 * (runs + 1) + n] * 2
            if offset and _is_hidden(block[offset + 1 : offset + 1 + block[offset]]):
                yield places[n], places[n + 1]


def _is_hidden(properties: bytes) -> bool:
    """Whether a list of properties hides its text or marks it deleted."""
    at, hidden = 0, False
    while at + 3 <= len(properties):
        (sprm,) = struct.unpack_from("<H", properties, at)
        if sprm in (_DELETED, _HIDDEN):
            hidden = hidden or properties[at + 2] in (1, 0x81)
        size = _OPERANDS.get(sprm >> 13)
        at += 2 + (1 + properties[at + 2] if size is None else size)
    return hidden


def views(text: str, gone: list[tuple[int, int]] | None = None) -> tuple[str, str]:
    """(what is shown, what is not) of a story; `gone` are stretches that are not shown."""
    hidden: list[str] = []
    if gone:
        kept, at = [], 0
        for start, end in gone:
            kept.append(text[at:start])
            hidden.append(text[start:end])
            at = end
        hidden.append(_lines_around(text, gone))
        text = "".join([*kept, text[at:]])
    shown = _without_codes(text, hidden)
    return _plain(shown), "\n".join(_plain(each) for each in hidden)


def _lines_around(text: str, spans: list[tuple[int, int]]) -> str:
    """The paragraphs that hold the stretches, each once: how it reads with them."""
    lines, done = [], 0
    for start, end in spans:
        if start >= done:
            first = max(text.rfind("\r", done, start) + 1, done)
            done = text.find("\r", end)
            done = len(text) if done < 0 else done
            lines.append(text[first:done])
        elif end > done:
            more = text.find("\r", end)
            lines.append(text[done : more if more >= 0 else len(text)])
            done = more if more >= 0 else len(text)
    return "\n".join(lines)


def _without_codes(text: str, hidden: list[str]) -> str:
    """Fields keep their result; their codes are hidden."""
    if text.count("\x13") + text.count("\x14") + text.count("\x15") > FIELDS:
        raise Unreadable("too-much-text")
    shown: list[str] = []
    code = [0]  # for each open field: 1 while in its code; the first stands for no field
    at, inside = 0, 0
    for mark in _FIELD.finditer(text):
        (hidden if inside else shown).append(text[at : mark.start()])
        at = mark.end()
        if mark[0] == "\x13":
            code.append(1)
            inside += 1
        elif len(code) > 1:
            inside -= code[-1]
            code[-1] = 0
            if mark[0] == "\x15":
                code.pop()
    (hidden if inside else shown).append(text[at:])
    return "".join(shown)


def _plain(text: str) -> str:
    """Marks become tabs and newlines, or nothing; a row of a table ends with two cell marks."""
    return text.replace("\x07\x07", "\n").translate(_SIGNS)
