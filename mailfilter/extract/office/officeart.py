"""Pictures in old Office files: OfficeArt records that hold a bitmap or a metafile.

From → to: a stream → its pictures as `Part`s, for the reader of images to judge; `wide_texts` finds
alternative texts and names in records of many fields.

Invariants: linear; a record whose length points outside is none; metafiles, which are packed,
are unpacked within the budget.

Sources: MS-ODRAW 2.2.23-2.2.31 (OfficeArtBlip).
"""

import re
import struct
import zlib
from collections.abc import Iterator

from mailfilter.extract.image.icon import with_header
from mailfilter.extract.kit.budget import Unreadable, inflate
from mailfilter.extract.kit.context import Ctx, member
from mailfilter.model import Part

_RECORD = re.compile(
    rb"(?s)(?=([\x00\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0].[\x1a-\x1f\x29\x2a]\xf0...[\x00-\x07]))"
)
_ENDINGS = {
    0x1A: "emf",
    0x1B: "wmf",
    0x1C: "pict",
    0x1D: "jpg",
    0x1E: "png",
    0x1F: "bmp",
    0x29: "tif",
    0x2A: "jpg",
}
_BITMAP = 0x1F
_PACKED = (0x1A, 0x1B, 0x1C)
_TWO_NAMES = {0x3D5, 0x217, 0x543, 0x46B, 0x6E3, 0x6E1, 0x6E5, 0x7A9}  # instances with two hashes
_WIDE_TEXT = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\0){4,}")
_LEAST = 64  # bytes; no picture is shorter
_MISSES = 100_000  # places that look like a record and are none


def wide_texts(data: bytes) -> str:
    """Whatever reads as UTF-16 of a Latin alphabet, a line each."""
    return "\n".join(found[0].decode("utf-16-le") for found in _WIDE_TEXT.finditer(data))


def pictures(stream: bytes, part: Part, ctx: Ctx, first: int) -> Iterator[Part]:
    """The pictures of a stream; they are numbered on from `first`."""
    at, number, misses = 0, first, 0
    while found := _RECORD.search(stream, at):
        at, misses = found.start() + 1, misses + 1
        if misses > _MISSES:
            raise Unreadable("too-many-parts")
        instance, kind, size = struct.unpack("<HHI", found[1])
        start, end = found.start() + 8, found.start() + 8 + size
        if size < _LEAST or end > len(stream):
            continue
        start += 32 if instance >> 4 in _TWO_NAMES else 16
        data = _content(stream[start:end], kind & 0xFF, ctx)
        if data is not None:
            number += 1
            yield member(part, number, f"bild.{_ENDINGS[kind & 0xFF]}", data, inline=True)
            at = end


def _content(raw: bytes, kind: int, ctx: Ctx) -> bytes | None:
    """The picture itself; None if this is no picture after all."""
    if kind not in _PACKED:
        ctx.budget.take_bytes(len(raw))
        return with_header(raw[1:]) if kind == _BITMAP else raw[1:]
    if len(raw) < 34:
        return None
    if raw[32] == 0xFE:  # not packed
        return raw[34:]
    try:
        return inflate(raw[34:], zlib.decompressobj, ctx.budget).data
    except zlib.error:
        return None
