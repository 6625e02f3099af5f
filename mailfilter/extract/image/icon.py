"""Bitmaps as they lie in memory, and what is made of several of them: icons and cursors.

From → to: a bitmap without the header of a file (Office, Windows metafiles and icons have such) →
the file that programs open; an icon → each of its pictures as a `Part`, and what an editor would
show of the rest.

Invariants: a picture that points outside its icon is left out and said; nothing is decoded here.

Sources: MS-WMF 2.2.2.9 (DIB), "Icons" (MSDN 1995): the height counts colours and mask, one above
the other.
"""

import struct
from collections.abc import Iterator

from mailfilter import sealed
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

MARKS = (b"\0\0\1\0", b"\0\0\2\0")  # an icon, a cursor
MOST = 64  # pictures of one icon; programs write at most a dozen
_OLD, _INFO_HEADERS = 12, (40, 52, 56, 64, 108, 124)  # sizes of the header of a bitmap in memory
_PNG = b"\x89PNG\r\n\x1a\n"


def with_header(bitmap: bytes) -> bytes:
    """A bitmap as it lies in memory, which is how Office stores it, with the header of a file."""
    size = int.from_bytes(bitmap[:4], "little")
    if len(bitmap) < _OLD or size not in (_OLD, *_INFO_HEADERS) or len(bitmap) < size:
        return bitmap
    if size == _OLD:
        (bits,) = struct.unpack_from("<H", bitmap, 10)
        table = 3 << bits if bits <= 8 else 0
    else:
        bits, packing, used = struct.unpack_from("<HI12xI", bitmap, 14)
        masks = 12 if packing == 3 and size == 40 else 0
        table = masks + 4 * min(used or (1 << bits if bits <= 8 else 0), 1 << 16)
    start = 14 + size + table
    return struct.pack("<2sI4xI", b"BM", 14 + len(bitmap), start) + bitmap


def sniff(data: bytes) -> bool:
    """An icon; a Targa may begin like a cursor, of which it would hold none."""
    return data.startswith(MARKS) and data[4:6] != b"\0\0"


def read(part: Part, _ctx: Ctx) -> Iterator[Found]:
    """Each picture; raises `Unreadable` if there is none, or one that is not there."""
    yield text_at(sealed.readable(part.data), part.place.down(Step(StepKind.HIDDEN)))
    (count,) = struct.unpack_from("<H", part.data.ljust(6, b"\0"), 4)
    if count > MOST:
        raise Unreadable("too-many-pages")
    if not count or 6 + 16 * count > len(part.data):
        raise Unreadable("broken-document")
    for n in range(count):
        size, offset = struct.unpack_from("<2I", part.data, 6 + 16 * n + 8)
        picture = _picture(part.data[offset : offset + size])
        if len(picture) < size:
            raise Unreadable("broken-document")
        yield member(part, n + 1, "", picture, inline=part.inline)


def _picture(data: bytes) -> bytes:
    """One picture as a file; of a bitmap without its mask."""
    if data.startswith(_PNG) or len(data) < 40 or data[:4] != b"\x28\0\0\0":
        return data
    (height,) = struct.unpack_from("<i", data, 8)
    return with_header(data[:8] + struct.pack("<i", height // 2) + data[12:])
