"""Windows metafiles, record by record, as small as programs accept them.

From → to: strings with their places, bitmaps, other records → an EMF or WMF file.

Sources: MS-EMF 2.3, MS-EMFPLUS 2.3.4, MS-WMF 2.3.
"""

import struct
from collections.abc import Iterable

Placed = tuple[int, int, str]  # x, y, string
HEIGHT = 20  # of a letter
_BOX = struct.pack("<4i", 0, 0, 999, 999)


def emf(*records: bytes, description: str = "") -> bytes:
    """A file of these records between its header and its end."""
    said = description.encode("utf-16-le")
    said += bytes(-len(said) % 4)
    body = b"".join(records) + record(14, struct.pack("<3I", 0, 0, 20))
    head = _BOX + _BOX + b" EMF" + struct.pack("<I", 0x10000)
    size = 88 + len(said) + len(body)
    counts = struct.pack("<2I2H2I", size, len(records) + 2, 1, 0, len(said) // 2, 88 * bool(said))
    rest = struct.pack("<I4i", 0, 1000, 1000, 300, 300)
    return record(1, head + counts + rest + said) + body


def record(kind: int, content: bytes) -> bytes:
    """One record of EMF."""
    return struct.pack("<2I", kind, 8 + len(content)) + content


def font(number: int = 1, height: int = HEIGHT, charset: int = 0) -> bytes:
    """Makes a font and selects it."""
    face = struct.pack("<5i8B", -height, 0, 0, 0, 400, 0, 0, 0, charset, 0, 0, 0, 0) + bytes(64)
    return record(82, struct.pack("<I", number) + face) + record(37, struct.pack("<I", number))


def text(x: int, y: int, said: str, *, step: int = 11, options: int = 0) -> bytes:
    """ExtTextOutW; `step` from letter to letter, 0 if it is not told."""
    return _text(84, x, y, said.encode("utf-16-le"), len(said), step, options)


def narrow(x: int, y: int, said: bytes, *, step: int = 11) -> bytes:
    """ExtTextOutA, in the charset of the font."""
    return _text(83, x, y, said, len(said), step, 0)


def _text(kind: int, x: int, y: int, said: bytes, count: int, step: int, options: int) -> bytes:
    padded = said + bytes(-len(said) % 4)
    steps = struct.pack(f"<{count}I", *[step] * count) if step else b""
    spacing = 76 + len(padded) if step else 0
    head = _BOX + struct.pack("<I2f", 1, 1.0, 1.0)
    place = struct.pack("<2i3I", x, y, count, 76, options) + _BOX + struct.pack("<I", spacing)
    return record(kind, head + place + padded + steps)


def strings(placed: Iterable[Placed]) -> bytes:
    """Some strings."""
    return b"".join(text(x, y, said) for x, y, said in placed)


def stretched(dib: bytes, colours: int = 40) -> bytes:
    """StretchDIBits of a bitmap as it lies in memory, whose header and colours take so much."""
    info, bits = dib[:colours], dib[colours:]
    head = _BOX + struct.pack("<6i", 0, 0, 0, 0, 99, 99)
    where = struct.pack("<4I", 80, len(info), 80 + len(info), len(bits))
    return record(81, head + where + struct.pack("<2I2i", 0, 0xCC0020, 99, 99) + info + bits)


def plus(kind: int, flags: int, content: bytes) -> bytes:
    """A record of EMF+ in a comment."""
    content += bytes(-len(content) % 4)
    inner = struct.pack("<2H2I", kind, flags, 12 + len(content), len(content)) + content
    return comment(b"EMF+" + inner)


def comment(said: bytes) -> bytes:
    """A comment of EMF."""
    return record(70, struct.pack("<I", len(said)) + said + bytes(-len(said) % 4))


def plus_text(x: float, y: float, said: str) -> bytes:
    """DrawString of EMF+."""
    head = struct.pack("<3I4f", 0, 0, len(said), x, y, 300.0, 20.0)
    return plus(0x401C, 0, head + said.encode("utf-16-le"))


def wmf(*records: bytes, placeable: bool = True) -> bytes:
    """A WMF of these records."""
    body = b"".join(records) + struct.pack("<IH", 3, 0)
    largest = max(map(len, records), default=6) // 2
    head = struct.pack("<3HIHIH", 1, 9, 0x300, 9 + len(body) // 2, 8, largest, 0)
    place = b"\xd7\xcd\xc6\x9a" + struct.pack("<H4hHI", 0, 0, 0, 999, 999, 1440, 0)
    check = 0
    for (word,) in struct.iter_unpack("<H", place):
        check ^= word
    return (place + struct.pack("<H", check) if placeable else b"") + head + body


def old(function: int, content: bytes) -> bytes:
    """One record of WMF."""
    content += bytes(len(content) & 1)
    return struct.pack("<IH", 3 + len(content) // 2, function) + content


def old_font(height: int = HEIGHT, charset: int = 0) -> bytes:
    """Makes a font, the first object, and selects it."""
    face = struct.pack("<5h8B", -height, 0, 0, 0, 400, 0, 0, 0, charset, 0, 0, 0, 0) + b"Arial\0"
    return old(0x02FB, face) + old(0x012D, b"\0\0")


def old_text(x: int, y: int, said: bytes) -> bytes:
    """TextOut."""
    padded = said + bytes(len(said) & 1)
    return old(0x0521, struct.pack("<H", len(said)) + padded + struct.pack("<2h", y, x))


def old_spaced(x: int, y: int, said: bytes, step: int = 11) -> bytes:
    """ExtTextOut."""
    padded = said + bytes(len(said) & 1)
    steps = struct.pack(f"<{len(said)}h", *[step] * len(said))
    return old(0x0A32, struct.pack("<2h2H", y, x, len(said), 0) + padded + steps)


def old_bitmap(dib: bytes) -> bytes:
    """StretchDIB."""
    return old(0x0F43, struct.pack("<IH8h", 0xCC0020, 0, 9, 9, 0, 0, 9, 9, 0, 0) + dib)
