"""Writing compound files: a storage inside one becomes a file that any reader can take.

From → to: a tree of folders and streams → the bytes of a compound file, version 3. Used for what
lies embedded, and to hand other libraries exactly what was checked.

Invariants: what is written has no circles; bytes are counted in the budget before they are copied.

Sources: MS-CFB 2.
"""

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Union

from mailfilter import limits
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.office.ole import MAGIC, Storage

DEPTH = 2 * limits.DEPTH + 4  # of folders; an attached item takes two
_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_NUMBERS = _SECTOR // 4  # in a sector of the table
_NONE, _END, _FAT, _DIFAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
Tree = dict[str, Union[bytes, "Tree"]]


def packed(storage: Storage, budget: Budget) -> bytes:
    """A storage as a compound file of its own."""
    return compound_file(_tree(storage, budget, 0))


def _tree(storage: Storage, budget: Budget, depth: int) -> Tree:
    if depth > DEPTH:
        raise Unreadable("too-deep")
    tree: Tree = {}
    for name in storage.streams:
        data = storage.read(name)
        budget.take_bytes(len(data))
        tree[name] = data
    for name, below in storage.storages.items():
        budget.take_entry()
        tree[name] = _tree(below, budget, depth + 1)
    return tree


@dataclass(slots=True)
class _Writer:
    """Sectors, small sectors and directory lines in the making."""

    sectors: list[bytes] = field(default_factory=list)
    table: list[int] = field(default_factory=list)
    small: list[bytes] = field(default_factory=list)
    small_table: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def store(self, data: bytes) -> int:
        """Put bytes into sectors of their own; the number of the first."""
        return _chain(data, _SECTOR, self.sectors, self.table)

    def stream(self, data: bytes) -> int:
        """The same for a stream, in small sectors if it is short."""
        if len(data) >= _CUTOFF:
            return self.store(data)
        return _chain(data, _SMALL, self.small, self.small_table)

    def folder(self, tree: Tree) -> int:
        """The lines of a folder, each the right neighbour of the one before; the first line."""
        numbers = []
        for name, content in sorted(tree.items(), key=lambda one: (len(one[0]), one[0].upper())):
            numbers.append(len(self.lines))
            self.lines.append(b"")
            if isinstance(content, bytes):
                line = (name, 2, _NONE, self.stream(content), len(content))
            else:
                line = (name, 1, self.folder(content), 0, 0)
            self.lines[numbers[-1]] = _line(*line)
        for number, following in pairwise(numbers):
            line_ = self.lines[number]
            self.lines[number] = line_[:72] + struct.pack("<I", following) + line_[76:]
        return numbers[0] if numbers else _NONE


def _chain(data: bytes, size: int, pieces: list[bytes], table: list[int]) -> int:
    first, count = len(pieces), -(-len(data) // size)
    if not count:
        return _END
    pieces += [data[n * size : (n + 1) * size].ljust(size, b"\0") for n in range(count)]
    table += [*range(first + 1, first + count), _END]
    return first


def _line(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    wide = name.encode("utf-16-le", "replace")[:62]
    line = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide) + 2, kind, 1)
    return (
        line
        + struct.pack("<3I", _NONE, _NONE, child)
        + b"\0" * 36
        + struct.pack("<IQ", first, size)
    )


def compound_file(tree: Tree) -> bytes:
    """A compound file (version 3) of these folders and streams."""
    out = _Writer(lines=[b""])
    child = out.folder(tree)
    holder = out.store(b"".join(out.small))
    out.lines[0] = _line("Root Entry", 5, child, holder, len(out.small) * _SMALL)
    directory = out.store(b"".join(out.lines + [_line("", 0, _NONE, 0, 0)] * (-len(out.lines) % 4)))
    small = out.store(struct.pack(f"<{len(out.small_table)}I", *out.small_table))
    return _with_table(out, directory, small)


def _with_table(out: _Writer, directory: int, small: int) -> bytes:
    """The header, all sectors, the table of sectors and the table of where that lies."""
    per = _SECTOR // 4
    blocks = extra = 0
    while True:  # the table describes itself too
        needed = -(-(len(out.table) + blocks + extra) // per)
        more = max(0, -(-(needed - 109) // (per - 1)))
        if (needed, more) == (blocks, extra):
            break
        blocks, extra = needed, more
    first = len(out.sectors)
    places = [*range(first, first + blocks)]
    numbers = out.table + [_FAT] * blocks + [0xFFFFFFFC] * extra
    numbers += [_NONE] * (blocks * per - len(numbers))
    difat = b""
    for n in range(extra):
        some = places[109 + n * (per - 1) : 109 + (n + 1) * (per - 1)]
        following = first + blocks + n + 1 if n + 1 < extra else _END
        difat += struct.pack(f"<{per}I", *some, *[_NONE] * (per - 1 - len(some)), following)
    header = MAGIC + b"\0" * 16 + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    small_sectors = -(-len(out.small_table) // per)
    start = first + blocks if extra else _END
    header += struct.pack(
        "<9I", 0, blocks, directory, 0, _CUTOFF, small, small_sectors, start, extra
    )
    header += struct.pack("<109I", *(places + [_NONE] * 109)[:109])
    fat = struct.pack(f"<{len(numbers)}I", *numbers)
    return header + b"".join(out.sectors) + fat + difat
