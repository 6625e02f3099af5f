"""OLE compound files: the container of old Office files, of msg, and of encrypted new ones.

From → to: bytes → which streams it has, and their content; enough to say what a file is, whether
it has a password, and to take out the one file that an embedded object wraps.

Invariants: a stream that comes back is no longer than the file itself, whatever its tables say;
raises nothing but `Unreadable`.

Sources: MS-CFB; MS-DOC 2.5.1 (fEncrypted); MS-OLEDS 2.3.6 (Ole10Native).
Known gaps: sector tables that lie in DIFAT sectors (files over 6.8 MB) are followed, but a file
with more than `ENTRIES` directory entries is broken to us.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mailfilter.extract.budget import Unreadable
from mailfilter.extract.context import Ctx, Found, member
from mailfilter.model import Part

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRIES = 4096
_FREE, _END = 0xFFFFFFFA, 0xFFFFFFFE  # sector numbers from the first on are marks


@dataclass(frozen=True, slots=True)
class Compound:
    """Stream name → (first sector, size); names without their folder."""

    data: bytes
    size: int  # of a sector
    table: tuple[int, ...]
    streams: dict[str, tuple[int, int]]
    small: tuple[int, bytes]  # size of a small sector, the stream that holds them
    small_table: tuple[int, ...]
    cutoff: int
    roots: tuple[int, ...]  # first sectors of the directory and of what small streams lie in

    def sound(self) -> bool:
        """Whether every chain of sectors ends; other readers follow a circle for ever."""
        chains = [(self.table, start) for start in self.roots]
        for start, size in self.streams.values():
            table = self.small_table if size < self.cutoff else self.table
            chains += [(table, start)] if size else []
        return all(_ends(table, start) for table, start in chains)

    def read(self, name: str) -> bytes:
        """The content of a stream, empty if there is none."""
        start, size = self.streams.get(name, (_FREE, 0))
        size = min(size, len(self.data))
        if size < self.cutoff:
            step, holder = self.small
            pieces = [holder[n * step : (n + 1) * step] for n in _chain(self.small_table, start)]
            return b"".join(pieces)[:size]
        return _join(self.data, self.size, self.table, start)[:size]


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
    directory = _join(data, size, table, first)
    entries = list(_entries(directory))
    holder = next((entry for entry in entries if entry[1] == 5), ("", 5, _FREE, 0))
    small_table = _numbers(_join(data, size, table, small_first))
    return Compound(
        data,
        size,
        table,
        {name: (start, length) for name, kind, start, length in entries if kind == 2},
        (1 << small_shift, _join(data, size, table, holder[2])),
        small_table,
        min(cutoff, 1 << 16),
        tuple(start for start in (first, small_first, holder[2]) if start < _FREE),
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


def _chain(table: tuple[int, ...], start: int) -> Iterator[int]:
    """Sector numbers from `start`; a chain never visits more sectors than there are."""
    for _ in range(len(table)):
        if start >= len(table):
            return
        yield start
        start = table[start]


def _ends(table: tuple[int, ...], start: int) -> bool:
    """Whether the chain from `start` comes to its end mark."""
    for _ in range(len(table) + 1):
        if start >= len(table):
            return start == _END
        start = table[start]
    return False


def _join(data: bytes, size: int, table: tuple[int, ...], start: int) -> bytes:
    return b"".join(_sector(data, size, n) for n in _chain(table, start))


def _entries(directory: bytes) -> Iterator[tuple[str, int, int, int]]:
    """(name, type, first sector, size) of each directory entry."""
    for at in range(0, min(len(directory), ENTRIES * 128) - 127, 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, size = struct.unpack_from("<IQ", directory, at + 116)
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        if kind:
            yield name, kind, start, size & 0xFFFFFFFF


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """What the streams say the file is."""
    compound = open_compound(part.data)
    names = compound.streams
    if "EncryptedPackage" in names or "EncryptedSummary" in names:
        raise Unreadable("encrypted")
    if "Workbook" in names or "Book" in names:
        yield from _workbook(compound, part, ctx)
    elif "WordDocument" in names:
        flags = compound.read("WordDocument")[10:12]
        raise Unreadable("encrypted" if flags and flags[-1] & 1 else "old-office")
    elif "PowerPoint Document" in names or "VisioDocument" in names or "Quill" in names:
        raise Unreadable("old-office")
    elif any(name.startswith("__substg1.0_") for name in names):
        raise Unreadable("outlook-item")
    else:
        yield from _embedded(compound, part)


def _workbook(compound: Compound, part: Part, ctx: Ctx) -> Iterator[Found]:
    """Old Excel; what could hurt its reader is looked for before."""
    from mailfilter.extract import spreadsheet

    stream = compound.read("Workbook") or compound.read("Book")
    if not compound.sound():
        raise Unreadable("broken-document")
    spreadsheet.check_records(stream, ctx.budget)
    yield from spreadsheet.read(part, ctx)


def _embedded(compound: Compound, part: Part) -> Iterator[Found]:
    """An object that wraps a file: the file; anything else is not read."""
    for n, name in enumerate(("Package", "CONTENTS", "Package2"), 1):
        if data := compound.read(name):
            yield member(part, n, "", data)
            return
    native = compound.read("\x01Ole10Native")
    if not native:
        raise Unreadable("embedded-object")
    name, data = _native(native)
    yield member(part, 1, name, data)


def _native(stream: bytes) -> tuple[str, bytes]:
    """Label, path, temporary path, then the file with its size before it."""
    label, _, rest = stream[6:].partition(b"\0")
    _, _, rest = rest.partition(b"\0")  # path
    try:
        (length,) = struct.unpack_from("<I", rest, 4)
        (size,) = struct.unpack_from("<I", rest, 8 + length)
    except struct.error:
        raise Unreadable("embedded-object") from None
    return label.decode("cp1252", "replace"), rest[12 + length : 12 + length + size]
