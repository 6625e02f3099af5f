"""The records of an enhanced metafile (EMF), and of the EMF+ that hides in its comments.

From → to: bytes → `Drawing` (metafile.py): strings where transformations put them, bitmaps.

Invariants: each record is looked at once; a record that points outside itself says nothing; one
whose size makes no sense ends the reading.

Sources: MS-EMF 2.3 (records), 2.2.5 (EmrText); MS-EMFPLUS 2.3.4 (drawing), 2.2.1.4 (images).
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from mailfilter import sealed
from mailfilter.extract.image.metafile import ONE, Drawing, Matrix
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.rtf.rtftokens import CHARSETS

_PLUS, _PUBLIC = b"EMF+", b"GDIC"
_GLYPH_INDEX, _PAIRS, _NO_RECTANGLE, _SMALL_CHARS = 0x10, 0x2000, 0x100, 0x200
_UPDATES, _RIGHT, _CENTRE = 1, 2, 6
_LAST_KNOWN = 122
_EOF, _COMMENT = 14, 70
_SAVED = 1000  # states that wait
_BITS = {  # where a record says where its bitmap is
    **dict.fromkeys((76, 77, 78, 114, 116), 84),
    79: 96,
    **dict.fromkeys((80, 81), 48),
    **dict.fromkeys((93, 94), 16),
    95: 12,
}
_CURVES = (2, 5, 56, 85, 88, 92)
_POLYGONS, _MANY_POLYGONS = (3, 86), (8, 91)
_CLOSED = 61
_PIXELS = {0x21808: 24, 0x22009: 32, 0x26200A: 32, 0xE200B: 32, 0x21005: 16, 0x21006: 16}
_IMAGE, _CONTINUED = 5, 0x8000


Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _State:
    """What SaveDC saves, as far as text is concerned."""

    world: Matrix = ONE
    window: Pair = (0.0, 0.0)
    room: Pair = (1.0, 1.0)
    port: Pair = (0.0, 0.0)
    size: Pair = (1.0, 1.0)
    align: int = 0
    font: tuple[int, str] = (0, "cp1252")  # height, charset
    at: Pair = (0.0, 0.0)  # the current position

    def page(self) -> Matrix:
        """From what a record says to the page."""
        wide, high = (
            size / room if room and size else 1.0
            for size, room in zip(self.size, self.room, strict=True)
        )
        left, top = self.port[0] - self.window[0] * wide, self.port[1] - self.window[1] * high
        return self.world.then(Matrix(wide, 0.0, 0.0, high, left, top))


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    drawing: Drawing = field(default_factory=Drawing)
    state: _State = _State()
    saved: list[_State] = field(default_factory=list)
    fonts: dict[int, tuple[int, str]] = field(default_factory=dict)
    plus: Matrix = ONE
    object: bytearray = field(default_factory=bytearray)  # of EMF+, in several records


def drawing(data: bytes, budget: Budget) -> Drawing:
    """What the file draws."""
    reading = _Reading()
    for start, kind, record in _records(data, budget):
        if kind == _EOF:
            reading.drawing.end = start + len(record)
            break
        try:
            _record(reading, kind, record)
        except struct.error:  # shorter than its kind
            continue
    return reading.drawing


def _records(data: bytes, budget: Budget) -> Iterator[tuple[int, int, bytes]]:
    """(place, kind, all bytes) of each record."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<2I", data, at)
        if size < 8 or at + size > len(data):
            return
        budget.take_work(1 + size // 4096)
        yield at, kind, data[at : at + size]
        at += size


def _record(reading: _Reading, kind: int, record: bytes) -> None:
    if handler := _HANDLERS.get(kind):
        handler(reading, record)
    elif kind in _BITS:
        _bitmap(reading, record, _BITS[kind])
        if kind == 78:
            _bitmap(reading, record, 112)
    elif kind in _CURVES or kind == _CLOSED:
        reading.drawing.shapes += 1
    elif kind in _POLYGONS:
        reading.drawing.shapes += struct.unpack_from("<I", record, 24)[0] > 4
    elif kind in _MANY_POLYGONS:
        reading.drawing.shapes += min(struct.unpack_from("<I", record, 24)[0], len(record))
    elif not 0 < kind <= _LAST_KNOWN:
        reading.drawing.beside.append(sealed.readable(record))


def _header(reading: _Reading, record: bytes) -> None:
    """The description: program and title."""
    count, offset = struct.unpack_from("<2I", record, 60)
    if count and offset >= 88:
        reading.drawing.beside.append(_wide(record[offset : offset + 2 * count]))


def _wide(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "replace").replace("\0", "\n").strip("\n")


# ---- state ----


def _pair(name: str) -> Callable[[_Reading, bytes], None]:
    def handler(reading: _Reading, record: bytes) -> None:
        pair: Any = struct.unpack_from("<2i", record, 8)
        reading.state = replace(reading.state, **{name: pair})

    return handler


def _matrix(record: bytes, at: int) -> Matrix:
    return Matrix(*struct.unpack_from("<6f", record, at))


def _set_world(reading: _Reading, record: bytes) -> None:
    reading.state = replace(reading.state, world=_matrix(record, 8))


def _modify_world(reading: _Reading, record: bytes) -> None:
    (mode,) = struct.unpack_from("<I", record, 32)
    new, old = _matrix(record, 8), reading.state.world
    made = {1: ONE, 2: new.then(old), 3: old.then(new), 4: new}.get(mode, old)
    reading.state = replace(reading.state, world=made)


def _save(reading: _Reading, _record: bytes) -> None:
    if len(reading.saved) < _SAVED:
        reading.saved.append(reading.state)


def _restore(reading: _Reading, record: bytes) -> None:
    (back,) = struct.unpack_from("<i", record, 8)
    at = back if back < 0 else back - 1 - len(reading.saved)
    if -len(reading.saved) <= at < 0:
        reading.state = reading.saved[at]
        del reading.saved[at:]


def _align(reading: _Reading, record: bytes) -> None:
    reading.state = replace(reading.state, align=struct.unpack_from("<I", record, 8)[0])


def _font(reading: _Reading, record: bytes) -> None:
    number, height = struct.unpack_from("<Ii", record, 8)
    charset = record[35] if len(record) > 35 else 0
    reading.fonts[number] = abs(height), CHARSETS.get(charset, "cp1252")


def _select(reading: _Reading, record: bytes) -> None:
    (number,) = struct.unpack_from("<I", record, 8)
    if number in reading.fonts:
        reading.state = replace(reading.state, font=reading.fonts[number])


# ---- text ----


def _text(record: bytes, at: int, *, wide: bool) -> tuple[int, int, int, bytes, float | None]:
    """(x, y, options, bytes, width) of a text object at `at`."""
    x, y, count, offset, options = struct.unpack_from("<2i3I", record, at)
    (spacing,) = struct.unpack_from("<I", record, at + 36)
    said = record[offset : offset + count * (1 + wide)] if offset >= at else b""
    pair = 1 + (options & _PAIRS > 0)
    steps = record[spacing : spacing + 4 * count * pair] if spacing > at else b""
    width = None
    if count and len(steps) == 4 * count * pair:
        width = float(sum(struct.unpack(f"<{count * pair}i", steps)[::pair]))
    return x, y, options, said, width


def _strings(*, wide: bool, several: bool) -> Callable[[_Reading, bytes], None]:
    def handler(reading: _Reading, record: bytes) -> None:
        count = min(struct.unpack_from("<I", record, 36)[0], len(record) // 40) if several else 1
        for n in range(count):
            x, y, options, said, width = _text(record, (40 + 40 * n) if several else 36, wide=wide)
            _put(reading, (x, y), options, said, width, wide=wide)

    return handler


def _small(reading: _Reading, record: bytes) -> None:
    """A text object without spacing."""
    x, y, count, options = struct.unpack_from("<2i2I", record, 8)
    at = 36 if options & _NO_RECTANGLE else 52
    wide = not options & _SMALL_CHARS
    said = record[at : at + count * (1 + wide)]
    _put(reading, (x, y), options, said, None, wide=wide)


def _put(
    reading: _Reading,
    place: tuple[int, int],
    options: int,
    said: bytes,
    width: float | None,
    *,
    wide: bool,
) -> None:
    if not said:
        return
    if options & _GLYPH_INDEX:
        reading.drawing.glyphs(struct.unpack(f"<{len(said) // 2}H", said[: len(said) & ~1]))
        return
    state, page = reading.state, reading.state.page()
    text = _wide(said) if wide else said.decode(state.font[1], "replace")
    x, y = page.of(*(state.at if state.align & _UPDATES else place))
    height = (state.font[0] or 12) * page.high
    if width is not None:
        width *= page.wide
        side = state.align & _CENTRE
        x -= width if side == _RIGHT else width / 2 if side == _CENTRE else 0
        if state.align & _UPDATES and page.wide:
            moved = state.at[0] + width / page.wide, state.at[1]
            reading.state = replace(state, at=moved)
    reading.drawing.put(x, y, width, height, text)


# ---- bitmaps ----


def _bitmap(reading: _Reading, record: bytes, at: int) -> None:
    info, info_size, bits, bits_size = struct.unpack_from("<4I", record, at)
    if info_size and bits_size and info > at < bits:
        head, pixels = record[info : info + info_size], record[bits : bits + bits_size]
        reading.drawing.bitmap(head, pixels)


# ---- comments ----


def _comment(reading: _Reading, record: bytes) -> None:
    (size,) = struct.unpack_from("<I", record, 8)
    said = record[12 : 12 + size]
    if said.startswith(_PLUS):
        _plus(reading, said[4:])
    elif said.startswith(_PUBLIC) and said[4:8] == b"\1\0\0\x80":  # a WMF of the same
        reading.drawing.file(said[24:])
    else:
        reading.drawing.beside.append(sealed.readable(said))


def _plus(reading: _Reading, data: bytes) -> None:
    at = 0
    while at + 12 <= len(data):
        kind, flags, size, length = struct.unpack_from("<2H2I", data, at)
        if size < 12:
            return
        content = data[at + 12 : at + min(12 + length, size)]
        if handler := _PLUS_HANDLERS.get(kind):
            with suppress(struct.error):
                handler(reading, flags, content)
        at += size


def _plus_object(reading: _Reading, flags: int, content: bytes) -> None:
    """An object of EMF+; large ones come in several records, each with the size of all."""
    if flags >> 8 & 0x7F != _IMAGE:
        return
    if flags & _CONTINUED:
        (whole,) = struct.unpack_from("<I", content)
        reading.object += content[4:]
        if len(reading.object) < whole:
            return
        content = bytes(reading.object)
        reading.object.clear()
    elif reading.object:  # the last piece has no mark
        content = bytes(reading.object) + content
        reading.object.clear()
    _plus_image(reading, content)


def _plus_image(reading: _Reading, content: bytes) -> None:
    (kind,) = struct.unpack_from("<I", content, 4)
    if kind == 2:  # a metafile
        reading.drawing.file(content[16:])
        return
    width, height, row, pixels, packed = struct.unpack_from("<3i2I", content, 8)
    if packed:
        reading.drawing.file(content[28:])
        return
    bits = _PIXELS.get(pixels, 0)
    if bits and 0 < height < 1 << 15 and row == (width * bits + 31) // 32 * 4:
        info = struct.pack("<I2i2H24x", 40, width, -height, 1, bits)
        reading.drawing.bitmap(info, content[28 : 28 + row * height])
    else:
        reading.drawing.unread = True


def _plus_world(reading: _Reading, _flags: int, content: bytes) -> None:
    reading.plus = _matrix(content, 0)


def _plus_reset(reading: _Reading, _flags: int, _content: bytes) -> None:
    reading.plus = ONE


def _plus_multiply(reading: _Reading, flags: int, content: bytes) -> None:
    new = _matrix(content, 0)
    reading.plus = reading.plus.then(new) if flags & 0x2000 else new.then(reading.plus)


def _plus_move(reading: _Reading, flags: int, content: bytes) -> None:
    new = Matrix(1.0, 0.0, 0.0, 1.0, *struct.unpack_from("<2f", content))
    reading.plus = reading.plus.then(new) if flags & 0x2000 else new.then(reading.plus)


def _plus_string(reading: _Reading, _flags: int, content: bytes) -> None:
    count, x, y, width, height = struct.unpack_from("<I4f", content, 8)
    text = _wide(content[28 : 28 + 2 * count])
    lowest = min(abs(height), 40.0) or 12.0
    wide = width / 2 if 0 < width < len(text) * lowest else None
    _plus_put(reading, (x, y), wide, lowest, text)


def _plus_driver(reading: _Reading, _flags: int, content: bytes) -> None:
    """A string with a place for each letter."""
    options, _matrix_follows, count = struct.unpack_from("<3I", content, 4)
    count = min(count, len(content) // 10)
    letters = struct.unpack_from(f"<{count}H", content, 16)
    places = struct.unpack_from(f"<{2 * count}f", content, 16 + 2 * count)
    if not options & 1:
        reading.drawing.glyphs(letters)
        return
    text = _wide(struct.pack(f"<{count}H", *letters))
    if count:
        x, y = places[:2]
        width = (places[-2] - x) * count / max(count - 1, 1) if count > 1 else None
        _plus_put(reading, (x, y), width, 12.0, text)


def _plus_put(
    reading: _Reading, place: tuple[float, float], width: float | None, height: float, text: str
) -> None:
    x, y = reading.plus.of(*place)
    wide = None if width is None else width * reading.plus.wide
    reading.drawing.put(x, y, wide, height * reading.plus.high, text)


_HANDLERS: dict[int, Callable[[_Reading, bytes], None]] = {
    1: _header,
    9: _pair("room"),
    10: _pair("window"),
    11: _pair("size"),
    12: _pair("port"),
    22: _align,
    27: _pair("at"),
    33: _save,
    34: _restore,
    35: _set_world,
    36: _modify_world,
    37: _select,
    _COMMENT: _comment,
    82: _font,
    83: _strings(wide=False, several=False),
    84: _strings(wide=True, several=False),
    96: _strings(wide=False, several=True),
    97: _strings(wide=True, several=True),
    108: _small,
}
_PLUS_HANDLERS: dict[int, Callable[[_Reading, int, bytes], None]] = {
    0x4008: _plus_object,
    0x401C: _plus_string,
    0x402A: _plus_world,
    0x402B: _plus_reset,
    0x402C: _plus_multiply,
    0x402D: _plus_move,
    0x4036: _plus_driver,
}
