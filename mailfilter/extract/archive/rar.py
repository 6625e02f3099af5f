"""The blocks of a rar, of which libarchive tells only the files: the end, comments, streams.

From → to: the bytes of a rar (4 or 5) → where its end block ends, and what its service blocks
hold. A stored comment is text; a packed one and NTFS streams are "archive-method", since people see
them in WinRAR and we do not.

Invariants: linear; a size that points outside ends the walk; raises nothing but `Unreadable`.
Sources: the technical note of RAR 4 (technote.txt), the description of RAR 5.0.
Known gaps: blocks of an archive with encrypted headers cannot be told apart, its end is the end of
the file then.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from detectors import Role
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

_OLD, _NEW = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_FILE, _SERVICE, _LOCKED, _END = "file", "service", "locked", "end"
_OLD_KINDS = {0x74: _FILE, 0x7A: _SERVICE, 0x7B: _END, 0x75: _SERVICE}
_NEW_KINDS = {2: _FILE, 3: _SERVICE, 4: _LOCKED, 5: _END}
_UNSEEN = ("RR", "QO", "ACL", "UOW", "AV")  # what holds no text of a person


@dataclass(frozen=True, slots=True)
class Block:
    """One block: what it is, its name, where its data lies, whether that is merely stored."""

    kind: str
    name: str
    start: int
    end: int
    stored: bool


def end(data: bytes) -> int:
    """Where the archive ends; the length of `data` if that is locked, -1 if the end is missing.

    Only the oldest programs wrote RAR 4 without an end block.
    """
    last = len(data)
    for block in blocks(data):
        if block.kind == _LOCKED:
            return len(data)
        if block.kind == _END:
            return block.end
        last = block.end
    return min(last, len(data)) if data.startswith(_OLD) else -1


def read_services(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Comments as text; what is packed or a stream as unread."""
    for block in blocks(part.data, ctx.budget):
        if block.kind == _SERVICE and block.name not in _UNSEEN:
            if block.name == "CMT" and block.stored:
                comment = decode(part.data[block.start : block.end])[0]
                yield text_at(comment, part.place.down(role=Role.PROPERTY))
            else:
                yield not_examined(part.place, "archive-method")


def blocks(data: bytes, budget: Budget | None = None) -> Iterator[Block]:
    """All blocks up to the end block."""
    at, step = (len(_NEW), _new_block) if data.startswith(_NEW) else (len(_OLD), _old_block)
    while at < len(data):
        if budget is not None:
            budget.take_entry()
        try:
            block = step(data, at)
        except (struct.error, IndexError, ValueError):
            return
        yield block
        if block.kind in (_END, _LOCKED) or block.end <= at:
            return
        at = block.end


def _old_block(data: bytes, at: int) -> Block:
    """RAR 4: crc, type, flags, size; packed size if the flags say that data follows."""
    _, kind, flags, size = struct.unpack_from("<HBHH", data, at)
    if size < 7:
        raise ValueError("size")
    name, stored, packed = "", False, 0
    if flags & 0x8000 or kind in (0x74, 0x7A):
        (packed,) = struct.unpack_from("<I", data, at + 7)
    if kind in (0x74, 0x7A):
        method, length = struct.unpack_from("<BH", data, at + 25)
        packed += struct.unpack_from("<I", data, at + 32)[0] << 32 if flags & 0x100 else 0
        stored = method == 0x30
        shift = 8 if flags & 0x100 else 0
        name = data[at + 32 + shift : at + 32 + shift + length].decode("latin-1")
    if kind == 0x75:
        name, stored = "CMT", False
    locked = kind == 0x73 and flags & 0x80
    start = at + size
    return Block(
        _LOCKED if locked else _OLD_KINDS.get(kind, ""), name, start, start + packed, stored
    )


def _new_block(data: bytes, at: int) -> Block:
    """RAR 5: crc, then variable integers: size, type, flags, size of extra, size of data."""
    size, begin = _number(data, at + 4)
    kind, here = _number(data, begin)
    flags, here = _number(data, here)
    if flags & 1:
        _, here = _number(data, here)
    packed = 0
    if flags & 2:
        packed, here = _number(data, here)
    name, stored = _name(data, here) if kind in (2, 3) else ("", False)
    start = begin + size
    return Block(_NEW_KINDS.get(kind, ""), name, start, start + packed, stored)


def _name(data: bytes, at: int) -> tuple[str, bool]:
    """Name of a file or service, and whether its data is stored as it is."""
    flags, at = _number(data, at)
    for _ in range(2):  # unpacked size, attributes
        _, at = _number(data, at)
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)  # time, crc
    packing, at = _number(data, at)
    _, at = _number(data, at)  # system
    length, at = _number(data, at)
    return data[at : at + length].decode("utf-8", "replace"), packing >> 7 & 7 == 0


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A variable integer and what stands behind it."""
    value = 0
    for n in range(10):
        value |= (data[at + n] & 0x7F) << 7 * n
        if not data[at + n] & 0x80:
            return value, at + n + 1
    raise ValueError("number")
