"""The records of a Windows metafile (WMF), and the enhanced one that may hide in its comments.

From → to: bytes → `Drawing` (metafile.py).

Invariants: each record is looked at once; one that points outside itself says nothing.

Sources: MS-WMF 2.3 (records), 2.3.6 (escapes).
Known gaps: bitmaps of the kind before Windows 3 are said to be unread; windows that move.
"""

import heapq
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from mailfilter import sealed
from mailfilter.extract.image.metafile import PLACEABLE, Drawing
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.rtf.rtftokens import CHARSETS

_UPDATES, _RIGHT, _CENTRE = 1, 2, 6
_GLYPH_INDEX, _RECTANGLE = 0x10, 6
_MAKES = (0x02FA, 0x02FB, 0x02FC, 0x00F7, 0x01F9, 0x0142, 0x06FF)
_FONT = 0x02FB
_BITMAPS = {0x0F43: 22, 0x0B41: 20, 0x0940: 16, 0x0D33: 18, 0x0142: 4}  # where it begins
_OLD_BITMAPS = (0x0922, 0x0B23)
_COMMENT, _ENHANCED = 0x0F, b"WMFC\1\0\0\0"
_ENHANCED_HEAD = 34
_OBJECTS = 4096


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    drawing: Drawing = field(default_factory=Drawing)
    objects: list[tuple[int, str] | None] = field(default_factory=list)  # fonts; None: something
    free: list[int] = field(default_factory=list)
    font: tuple[int, str] = (0, "cp1252")
    align: int = 0
    at: tuple[int, int] = (0, 0)
    enhanced: bytearray = field(default_factory=bytearray)


def drawing(data: bytes, budget: Budget) -> Drawing:
    """What the file draws."""
    reading, at = _Reading(), 22 if data.startswith(PLACEABLE) else 0
    at += 18
    while at + 6 <= len(data):
        size, function = struct.unpack_from("<IH", data, at)
        budget.take_work(1 + size // 4096)
        if function == 0:
            reading.drawing.end = at + 6
            break
        if size < 3 or at + 2 * size > len(data):
            break
        with suppress(struct.error):
            _record(reading, function, data[at + 6 : at + 2 * size])
        at += 2 * size
    reading.drawing.file(bytes(reading.enhanced))
    return reading.drawing


def _record(reading: _Reading, function: int, content: bytes) -> None:
    if function in _MAKES:
        _make(reading, _described(content) if function == _FONT else None)
    if function in _BITMAPS:
        reading.drawing.bitmap(content[_BITMAPS[function] :])
    elif function in _OLD_BITMAPS:
        reading.drawing.unread |= len(content) > 28
    else:
        _other(reading, function, content)


def _other(reading: _Reading, function: int, content: bytes) -> None:
    match function:
        case 0x0521:
            _text_out(reading, content)
        case 0x0A32:
            _text_with_room(reading, content)
        case 0x012D:
            _select(reading, content)
        case 0x01F0:
            (number,) = struct.unpack_from("<H", content)
            if number < len(reading.objects) and len(reading.free) < _OBJECTS:
                heapq.heappush(reading.free, number)
        case 0x012E:
            (reading.align,) = struct.unpack_from("<H", content)
        case 0x0214:
            y, x = struct.unpack_from("<2h", content)
            reading.at = x, y
        case 0x0626:
            _escape(reading, content)
        case 0x0324:
            reading.drawing.shapes += struct.unpack_from("<H", content)[0] > 4
        case 0x0538:
            reading.drawing.shapes += min(struct.unpack_from("<H", content)[0], len(content))


def _make(reading: _Reading, made: tuple[int, str] | None) -> None:
    """A new object takes the lowest number that is free."""
    if reading.free:
        reading.objects[heapq.heappop(reading.free)] = made
    elif len(reading.objects) < _OBJECTS:
        reading.objects.append(made)


def _described(content: bytes) -> tuple[int, str]:
    (height,) = struct.unpack_from("<h", content)
    charset = content[13] if len(content) > 13 else 0
    return abs(height), CHARSETS.get(charset, "cp1252")


def _select(reading: _Reading, content: bytes) -> None:
    (number,) = struct.unpack_from("<H", content)
    chosen = reading.objects[number] if number < len(reading.objects) else None
    reading.font = chosen or reading.font


def _text_out(reading: _Reading, content: bytes) -> None:
    (length,) = struct.unpack_from("<H", content)
    y, x = struct.unpack_from("<2h", content, 2 + length + (length & 1))
    _put(reading, (x, y), content[2 : 2 + length], None)


def _text_with_room(reading: _Reading, content: bytes) -> None:
    y, x, length, options = struct.unpack_from("<2h2H", content)
    at = 16 if options & _RECTANGLE else 8
    said = content[at : at + length]
    if options & _GLYPH_INDEX:
        reading.drawing.glyphs(struct.unpack(f"<{len(said) // 2}H", said[: len(said) & ~1]))
        return
    steps = content[at + length + (length & 1) :]
    width = None
    if length and len(steps) >= 2 * length:
        width = float(sum(struct.unpack_from(f"<{length}h", steps)))
    _put(reading, (x, y), said, width)


def _put(reading: _Reading, place: tuple[int, int], said: bytes, width: float | None) -> None:
    if not said:
        return
    height, charset = reading.font
    x, y = reading.at if reading.align & _UPDATES else place
    if width is not None:
        side = reading.align & _CENTRE
        x -= int(width if side == _RIGHT else width / 2 if side == _CENTRE else 0)
        if reading.align & _UPDATES:
            reading.at = x + int(width), y
    reading.drawing.put(x, y, width, height or 12, said.decode(charset, "replace"))


def _escape(reading: _Reading, content: bytes) -> None:
    function, size = struct.unpack_from("<2H", content)
    said = content[4 : 4 + size]
    if function != _COMMENT:
        return
    if said.startswith(_ENHANCED):
        reading.enhanced += said[_ENHANCED_HEAD:]
    else:
        reading.drawing.beside.append(sealed.readable(said))
