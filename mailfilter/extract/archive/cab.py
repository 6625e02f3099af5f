"""The tables of a cabinet, checked before libarchive believes them.

From → to: the bytes of a cab → nothing, or `Unreadable` ("broken-archive"). Libarchive up to 3.7
ends its process on some cabinets whose blocks say other sizes than they have; a cabinet that goes
on in another file is as unreadable as a broken one.

Invariants: linear; each folder, block and file that the tables announce lies inside the file and
is taken from the budget.
Source: MS-CAB.
"""

import struct

from mailfilter.extract.kit.budget import Budget, Unreadable

_HEADER, _FOLDER, _FILE, _BLOCK = 36, 8, 16, 8
_PREVIOUS, _NEXT, _RESERVED = 1, 2, 4  # flags
_MOST = 32768  # bytes that a block holds unpacked
_PACKED = _MOST + 6144  # and packed, at the worst


def check(data: bytes, budget: Budget) -> None:
    """Raises `Unreadable` for a cabinet that contradicts itself."""
    try:
        sound = _sound(data, budget)
    except (struct.error, ValueError):
        sound = False
    if not sound:
        raise Unreadable("broken-archive")


def _sound(data: bytes, budget: Budget) -> bool:
    (files_at,) = struct.unpack_from("<I", data, 16)
    folders, files, flags = struct.unpack_from("<3H", data, 26)
    if flags & (_PREVIOUS | _NEXT) or not folders or not files:
        return False
    at, folder_extra, block_extra = _HEADER, 0, 0
    if flags & _RESERVED:
        extra, folder_extra, block_extra = struct.unpack_from("<HBB", data, at)
        at += 4 + extra
    sizes = []
    for _ in range(folders):
        start, blocks, packing = struct.unpack_from("<I2H", data, at)
        sizes.append(_blocks(data, start, blocks, block_extra, packing & 15, budget))
        at += _FOLDER + folder_extra
    return at <= files_at and min(sizes) >= 0 and _files(data, files_at, files, sizes, budget)


def _blocks(data: bytes, at: int, count: int, extra: int, packing: int, budget: Budget) -> int:
    """How much a folder holds unpacked; -1 if its blocks contradict themselves."""
    total = 0
    for _ in range(count):
        budget.take_entry()
        _, packed, size = struct.unpack_from("<I2H", data, at)
        at += _BLOCK + extra + packed
        stored = packing == 0 and packed != size
        if not 0 < size <= _MOST or not 0 < packed <= _PACKED or stored or at > len(data):
            return -1
        total += size
    return total


def _files(data: bytes, at: int, count: int, sizes: list[int], budget: Budget) -> bool:
    """Whether each file lies in a folder of this cabinet, behind the one before it."""
    reached = dict.fromkeys(range(len(sizes)), 0)
    last = 0
    for _ in range(count):
        budget.take_entry()
        size, start, folder = struct.unpack_from("<2IH", data, at)
        if not last <= folder < len(sizes) or start != reached[folder]:
            return False
        last, reached[folder] = folder, start + size
        if reached[folder] > sizes[folder]:
            return False
        at = data.index(b"\0", at + _FILE) + 1
    return True
