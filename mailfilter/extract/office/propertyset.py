"""Property sets of compound files: title, author, the program, and what a user or Purview added.

From → to: the streams SummaryInformation and DocumentSummaryInformation → one text of lines at
`Step(PROPERTY)`; the program's name as "made by", MSIP labels as labels.

Invariants: each property is read by itself, so that a broken one costs only itself; no count is
believed beyond the bytes that are there.

Sources: MS-OLEPS 2.15-2.21; MS-OSHARED 2.3.3 for the meaning of the numbers.
Known gaps: pictures of the first page and binary properties are not read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from detectors import Role
from mailfilter import labels
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.office.ole import Storage
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

_STREAMS = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
_SETS = 4  # in a stream; two are the most that the format knows
_MOST = 5000  # values of one set, names included
_UTF_16 = "utf-16-le"
_DICTIONARY, _CODE_PAGE, _PROGRAM, _COMPANY = 0, 1, 0x12, 0x0F
_TEXT, _WIDE, _BSTR, _VARIANT, _VECTOR = 0x1E, 0x1F, 0x08, 0x0C, 0x1000
_NUMBERS = {0x02: "<h", 0x03: "<i", 0x05: "<d", 0x12: "<H", 0x13: "<I", 0x14: "<q", 0x15: "<Q"}


def read(root: Storage, part: Part, ctx: Ctx) -> Iterator[Found]:
    """One text of all properties; facts besides."""
    lines: list[str] = []
    for name in _STREAMS:
        stream = root.read(name)
        for start in _sets(stream):
            lines += _lines(stream[start:], ctx, summary=name == _STREAMS[0])
    yield text_at("\n".join(lines), part.place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY))


def _sets(stream: bytes) -> list[int]:
    """Where the sets of a stream begin."""
    if len(stream) < 28:
        return []
    (count,) = struct.unpack_from("<I", stream, 24)
    places = range(44, min(len(stream) - 3, 44 + 20 * min(count, _SETS)), 20)
    return [struct.unpack_from("<I", stream, at)[0] for at in places]


def _lines(data: bytes, ctx: Ctx, *, summary: bool) -> list[str]:
    """The properties of one set, a line each: its name, if it has one, and its value."""
    places = _directory(data)
    one = _Set(data, _code_page(data, places.get(_CODE_PAGE, 0)), ctx.budget)
    names = one.names(places[_DICTIONARY]) if _DICTIONARY in places else {}
    lines, pairs = [], []
    for number, at in places.items():
        values = one.value(at) if number not in (_DICTIONARY, _CODE_PAGE) else []
        name, text = names.get(number, ""), " ".join(values)
        if number == (_PROGRAM if summary else _COMPANY) and not names:
            ctx.maker(text)
        pairs.append((name, text))
        lines.append(f"{name}\t{text}" if name else text)
    for label in labels.msip(pairs):
        ctx.label(label)
    return [line for line in lines if line]


def _directory(data: bytes) -> dict[int, int]:
    """Property number → offset."""
    if len(data) < 8:
        return {}
    count = min(struct.unpack_from("<I", data, 4)[0], _MOST, (len(data) - 8) // 8)
    pairs = struct.unpack_from(f"<{2 * count}I", data, 8)
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _code_page(data: bytes, at: int) -> str:
    """The charset of 8-bit texts."""
    if not at or at + 6 > len(data):
        return "cp1252"
    (page,) = struct.unpack_from("<H", data, at + 4)
    return {1200: _UTF_16, 65001: "utf-8", 10000: "mac-roman"}.get(page, f"cp{page}")


@dataclass(slots=True)
class _Set:
    """The bytes of a set; what is copied from it is paid for, since properties may share bytes."""

    data: bytes
    page: str
    budget: Budget
    left: int = _MOST

    def names(self, at: int) -> dict[int, str]:
        """The dictionary: names that users gave."""
        names: dict[int, str] = {}
        if at + 4 > len(self.data):
            return names
        (count,) = struct.unpack_from("<I", self.data, at)
        at += 4
        for _ in range(min(count, _MOST)):
            if at + 8 > len(self.data):
                break
            number, length = struct.unpack_from("<2I", self.data, at)
            wide = self.page == _UTF_16
            size = length * 2 if wide else length
            names[number] = self._string(at + 8, size, self.page)
            at += 8 + (-(-size // 4) * 4 if wide else size)
        return names

    def value(self, at: int) -> list[str]:
        """The texts of a property; numbers as texts."""
        if at + 8 > len(self.data):
            return []
        kind, count = struct.unpack_from("<2I", self.data, at)
        kind &= 0xFFFF
        if not kind & _VECTOR:
            text, _ = self._scalar(at + 4, kind)
            return [text] if text else []
        texts, at = [], at + 8
        for _ in range(count):
            each = kind & ~_VECTOR
            if each == _VARIANT and at + 4 <= len(self.data):
                each, at = struct.unpack_from("<H", self.data, at)[0], at + 4
            if at >= len(self.data):
                break
            text, at = self._scalar(at, each)
            texts.append(text)
        return [text for text in texts if text]

    def _scalar(self, at: int, kind: int) -> tuple[str, int]:
        """(text, end) of one value; a kind that holds no text is four bytes long to us."""
        self.left -= 1
        if self.left < 0:
            raise Unreadable("too-many-parts")
        if kind in (_TEXT, _WIDE, _BSTR) and at + 4 <= len(self.data):
            (length,) = struct.unpack_from("<I", self.data, at)
            size = length * 2 if kind == _WIDE else length
            text = self._string(at + 4, size, _UTF_16 if kind == _WIDE else self.page)
            return text, at + 4 + -(-size // 4) * 4
        form = _NUMBERS.get(kind)
        if form is None or at + struct.calcsize(form) > len(self.data):
            return "", at + 4
        (number,) = struct.unpack_from(form, self.data, at)
        whole = isinstance(number, float) and number.is_integer() and abs(number) < 1e15
        return str(int(number) if whole else number), at + max(4, struct.calcsize(form))

    def _string(self, at: int, size: int, page: str) -> str:
        """Up to its end mark."""
        raw = self.data[at : at + size]
        self.budget.take_bytes(len(raw))
        text = raw.decode(_UTF_16, "replace") if page == _UTF_16 else decode(raw, page)[0]
        return text.partition("\0")[0].strip()
