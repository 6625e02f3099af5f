"""OLE compound files: the container of old Office files, of msg, and of encrypted new ones.

From → to: bytes → a tree of `Storage`s with their streams; oldoffice.py looks which program's they
are.

Invariants: a stream that comes back is no longer than the file itself, whatever its tables say; a
circle in a chain of sectors or in the tree ends; entries that no tree reaches count as the root's,
because some readers take the directory as a list; raises nothing but `Unreadable`.

Sources: MS-CFB 2.
Known gaps: sector tables that lie in DIFAT sectors (files over 6.8 MB) are followed, but of a
directory only the first `ENTRIES` entries are looked at.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailfilter.extract.kit.budget import Unreadable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRIES = 16_384
_FREE, _END = 0xFFFFFFFA, 0xFFFFFFFE  # sector numbers from the first on are marks
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(slots=True)
class Storage:
    """A folder: stream name → (first sector, size), and the folders in it."""

    file: "Compound"
    streams: dict[str, tuple[int, int]] = field(default_factory=dict)
    storages: dict[str, "Storage"] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)  # in capitals, as the format compares them

    def read(self, name: str) -> bytes:
        """The content of a stream, empty if there is none."""
        start, size = self.streams.get(name, (_FREE, 0))
        return self.file.content(start, size)


@dataclass(frozen=True, slots=True)
class Compound:
    """The sectors of a file and its directory as a tree."""

    data: bytes
    size: int  # of a sector
    table: tuple[int, ...]
    small: tuple[int, bytes]  # size of a small sector, the stream that holds them
    small_table: tuple[int, ...]
    cutoff: int
    roots: tuple[int, ...]  # first sectors of the directory and of what small streams lie in
    entries: tuple["_Entry", ...] = ()

    def sound(self) -> bool:
        """Whether every chain of sectors ends; other readers follow a circle for ever."""
        starts: dict[bool, list[int]] = {False: list(self.roots), True: []}
        for entry in self.entries:
            if entry.kind == _STREAM and entry.size:
                starts[entry.size < self.cutoff].append(entry.start)
        return _all_end(self.table, starts[False]) and _all_end(self.small_table, starts[True])

    def content(self, start: int, size: int) -> bytes:
        """The bytes of a stream."""
        size = min(size, len(self.data))
        if size < self.cutoff:
            step, holder = self.small
            most = -(-size // step)
            numbers = _chain(self.small_table, start, most)
            return b"".join([holder[n * step : (n + 1) * step] for n in numbers])[:size]
        return _join(self.data, self.size, self.table, start, -(-size // self.size))[:size]

    def root(self) -> Storage:
        """The tree; entries that it does not reach are added to its root."""
        root, seen = Storage(self), {0}
        if self.entries:
            todo = [(self.entries[0].child, root)]
            while todo:
                at, storage = todo.pop()
                if at >= len(self.entries) or at in seen:
                    continue
                seen.add(at)
                entry = self.entries[at]
                todo += [(entry.left, storage), (entry.right, storage)]
                todo += _add(entry, storage)
        for at, entry in enumerate(self.entries):
            if at not in seen and entry.name.upper() not in root.names:
                _add(entry, root)
        return root


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the directory; left, right and child are numbers of other lines."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


def _add(entry: _Entry, storage: Storage) -> list[tuple[int, Storage]]:
    """Put an entry where it belongs; what lies below it is to be done."""
    if entry.kind in (_STREAM, _STORAGE) and entry.name.upper() in storage.names:
        raise Unreadable("broken-document")  # programs would take the one or the other
    storage.names.add(entry.name.upper())
    if entry.kind == _STREAM:
        storage.streams[entry.name] = (entry.start, entry.size)
    elif entry.kind == _STORAGE:
        below = storage.storages[entry.name] = Storage(storage.file)
        return [(entry.child, below)]
    return []


def sniff(data: bytes) -> bool:
    """The mark of a compound file."""
    return data.startswith(MAGIC)


def open_compound(data: bytes) -> Compound:
    """The directory of a compound file."""
    try:
        return _open(data)
    except (struct.error, ValueError, IndexError, OverflowError):
        raise Unreadable("broken-document") from None


def _open(data: bytes) -> Compound:
    shift, small_shift = struct.unpack_from("<2H", data, 30)
    if not 7 <= shift <= 16 or not 2 <= small_shift <= shift:
        raise ValueError("sector size")
    size = 1 << shift
    first, _, cutoff, small_first, _, difat, _ = struct.unpack_from("<7I", data, 48)
    table = _table(data, size, difat)
    directory = _join(data, size, table, first, ENTRIES * 128 // size + 1)
    entries = tuple(_entries(directory))
    holder = next((entry.start for entry in entries if entry.kind == _ROOT), _FREE)
    small_table = _numbers(_join(data, size, table, small_first, len(table)))
    return Compound(
        data,
        size,
        table,
        (1 << small_shift, _join(data, size, table, holder, len(table))),
        small_table,
        min(cutoff, 1 << 16),
        tuple(start for start in (first, small_first, holder) if start < _FREE),
        entries,
    )


def _table(data: bytes, size: int, difat: int) -> tuple[int, ...]:
    """The table of sectors, from the places in the header and in the chain that continues it."""
    places = list(struct.unpack_from("<109I", data, 76))
    most = len(data) // size + 1
    seen: set[int] = set()
    while difat < _FREE:
        if difat in seen or len(seen) > most:
            raise ValueError("circle")
        seen.add(difat)
        sector = _numbers(_sector(data, size, difat))
        if not sector:
            break
        places += sector[:-1]
        difat = sector[-1]
    raw = [_sector(data, size, place) for place in dict.fromkeys(places) if place < _FREE]
    return _numbers(b"".join(raw[:most]))


def _sector(data: bytes, size: int, n: int) -> bytes:
    return data[(n + 1) * size : (n + 2) * size]


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _chain(table: tuple[int, ...], start: int, most: int) -> Iterator[int]:
    """Sector numbers from `start`; a chain never visits more sectors than there are."""
    for _ in range(min(len(table), most)):
        if start >= len(table):
            return
        yield start
        start = table[start]


def _all_end(table: tuple[int, ...], starts: list[int]) -> bool:
    """Whether the chains come to their end mark; no sector is followed twice."""
    walk = [0] * len(table)  # the number of the walk that came by
    for number, start in enumerate(starts, 1):
        at = start
        while at < len(table) and not walk[at]:
            walk[at], at = number, table[at]
        if at != _END and (at >= len(table) or walk[at] == number):
            return False
    return True


def _join(data: bytes, size: int, table: tuple[int, ...], start: int, most: int) -> bytes:
    return b"".join(_sector(data, size, n) for n in _chain(table, start, most))


def _entries(directory: bytes) -> Iterator[_Entry]:
    """Each line of the directory, unused ones too, since lines are named by number."""
    for at in range(0, min(len(directory), ENTRIES * 128) - 127, 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        left, right, child = struct.unpack_from("<3I", directory, at + 68)
        start, size = struct.unpack_from("<IQ", directory, at + 116)
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        yield _Entry(name, kind, left, right, child, start, size & 0xFFFFFFFF)
