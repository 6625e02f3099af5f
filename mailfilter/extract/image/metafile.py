"""Windows metafiles (EMF, WMF): the text that they draw, and the bitmaps in them.

From → to: the records of a file (`emf.py`, `wmf.py`) → a `Drawing` → its strings as they stand
side by side, one text; single characters in the order of the file besides; what the file says of
itself; bitmaps and files in it as `Part`s.

Charts, clip art, signatures and pasted tables in Word, Excel, PowerPoint, LibreOffice and RTF are
such files. A drawing whose shapes may be letters (outlines, paths) is said to be an image that is
not read, and so is one with strings of glyph numbers: those of the usual fonts are read besides.

Invariants: linear in records, which are paid for as work; no size that a record tells is believed;
a file that does not come to its end record is broken.

Sources: MS-EMF, MS-EMFPLUS and MS-WMF.
Known gaps: clipping, colours and what is painted over: all text counts as shown; turned text is put
together in the order of the file only; shapes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import hypot, isfinite
from typing import NamedTuple

from mailfilter.extract.image.icon import with_header
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.known import first_bytes
from mailfilter.extract.kit.surplus import surplus
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Step, StepKind

EMF, PLACEABLE = b"\1\0\0\0", b"\xd7\xcd\xc6\x9a"
BARE = tuple(bytes([kind, 0, 9, 0, 0, version]) for kind in (1, 2) for version in (1, 3))
FIRST = first_bytes(EMF, PLACEABLE, *BARE)
LETTERS = 6  # shapes with curves or many corners: so many may be a word or a number
TINY = 12  # pixels: a pattern of fewer has no letters
GLYPHS = 29  # between the number of a letter and its place in Arial, Times, Calibri and their kin
_ROW = 0.6  # of the height of a letter: what lies higher or lower stands in another row
_TOUCH, _WORD = 0.22, 1.6  # of it: less room is none, more parts cells
_WIDE = 0.5  # of it: a letter whose width is not told
_FURTHEST = 1e9


class Run(NamedTuple):
    """A string, where it begins and ends, and how high its letters are."""

    x: float
    y: float
    end: float
    height: float
    text: str


@dataclass(slots=True)
class Drawing:
    """What the records of a metafile draw."""

    runs: list[Run] = field(default_factory=list)
    bitmaps: dict[bytes, None] = field(default_factory=dict)  # whole files, each once
    beside: list[str] = field(default_factory=list)
    shapes: int = 0
    unread: bool = False
    end: int = 0  # behind the last record, 0 if it did not come

    def put(self, x: float, y: float, width: float | None, height: float, text: str) -> None:
        """A string; without `width` it is guessed."""
        text = text.rstrip("\0")
        height = abs(_bounded(height)) or 1.0
        width = len(text) * height * _WIDE if width is None else max(_bounded(width), 0.0)
        x, y = _bounded(x), _bounded(y)
        self.runs.append(Run(x, y, x + width, height, text))

    def glyphs(self, numbers: tuple[int, ...]) -> None:
        """Numbers of glyphs: what they are in the usual fonts, and that nobody knows."""
        self.unread = True
        said = "".join(chr(n + GLYPHS) if 3 <= n < 127 - GLYPHS else " " for n in numbers)
        self.beside.append(said)

    def bitmap(self, info: bytes, bits: bytes = b"") -> None:
        """A bitmap: its header with colours, and its pixels, which may be a JPEG or PNG."""
        if len(info) < 12 or len(info) + len(bits) < 30:
            return
        width, height = _extent(info)
        if width < TINY and height < TINY:
            return
        if int.from_bytes(info[:4], "little") >= 40 and info[16] in (4, 5):
            self.file(bits)
        elif bits:
            start = 14 + len(info)
            head = b"BM" + (start + len(bits)).to_bytes(4, "little") + b"\0\0\0\0"
            self.file(head + start.to_bytes(4, "little") + info + bits)
        else:
            self.file(with_header(info))

    def file(self, data: bytes) -> None:
        """A file of a format that has a reader."""
        if data:
            self.bitmaps[data] = None


def _bounded(number: float) -> float:
    return max(min(number, _FURTHEST), -_FURTHEST) if isfinite(number) else 0.0


def _extent(info: bytes) -> tuple[int, int]:
    if int.from_bytes(info[:4], "little") == 12:
        return int.from_bytes(info[4:6], "little"), int.from_bytes(info[6:8], "little")
    sides = (int.from_bytes(info[at : at + 4], "little", signed=True) for at in (4, 8))
    width, height = map(abs, sides)
    return width, height


def sniff(data: bytes) -> bool:
    """Either kind, the older with or without a place on paper."""
    if data.startswith(EMF):
        return data[40:44] == b" EMF"
    return data.startswith((PLACEABLE, *BARE))


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Text, bitmaps, and what is left unread; raises `Unreadable` for a file without an end."""
    from mailfilter.extract.image import emf, wmf

    reader = emf.drawing if part.data.startswith(EMF) else wmf.drawing
    drawn = reader(part.data, ctx.budget)
    hidden = part.place.down(Step(StepKind.HIDDEN))
    yield text_at(laid_out(drawn.runs), part.place)
    yield text_at(spelled(drawn.runs), hidden)
    yield text_at("\n".join(drawn.beside), hidden)
    for n, data in enumerate(drawn.bitmaps, 1):
        ctx.budget.take_bytes(len(data))
        yield member(part, n, "", data, inline=part.inline)
    if drawn.unread or drawn.shapes >= LETTERS:
        yield not_examined(part.place, "image")
    if not drawn.end:
        raise Unreadable("broken-document")
    rest = part.data[drawn.end :].strip(b"\0")
    if looks_like_text(rest):
        yield member(part, len(drawn.bitmaps) + 1, "", rest)
    elif rest:
        yield from surplus(part, rest, ctx)


def laid_out(runs: list[Run]) -> str:
    """The strings as rows of a page: what touches is one word, what stands far apart are cells."""
    rows: list[list[Run]] = []
    for run in sorted((run for run in runs if run.text.strip()), key=lambda run: run.y):
        if rows and run.y - rows[-1][0].y <= _ROW * min(run.height, rows[-1][0].height):
            rows[-1].append(run)
        else:
            rows.append([run])
    return "\n".join(_row(sorted(row, key=lambda run: run.x)) for row in rows)


def _row(row: list[Run]) -> str:
    pieces, end = [row[0].text], row[0].end
    for run in row[1:]:
        room = (run.x - end) / run.height
        pieces.append("" if room < _TOUCH else " " if room < _WORD else "\t")
        pieces.append(run.text)
        end = max(end, run.end)
    return "".join(pieces)


def spelled(runs: list[Run]) -> str:
    """Single characters in the order of the file, as turned text is drawn."""
    words: list[str] = []
    before = False
    for run in runs:
        single = len(run.text) == 1
        if single and before:
            words[-1] += run.text
        else:
            words.append(run.text if single else "")
        before = single
    return "\n".join(word for word in words if len(word) > 1)


class Matrix(NamedTuple):
    """A transformation of the plane, as Windows writes it; rows are added up from the left."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def of(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies."""
        return x * self.a + y * self.c + self.x, x * self.b + y * self.d + self.y

    def then(self, other: "Matrix") -> "Matrix":
        """First this, then the other."""
        return Matrix(
            self.a * other.a + self.b * other.c,
            self.a * other.b + self.b * other.d,
            self.c * other.a + self.d * other.c,
            self.c * other.b + self.d * other.d,
            *other.of(self.x, self.y),
        )

    @property
    def wide(self) -> float:
        """What it makes of a length along a row."""
        return hypot(self.a, self.b)

    @property
    def high(self) -> float:
        """What it makes of the height of a letter."""
        return hypot(self.c, self.d)


ONE = Matrix()
