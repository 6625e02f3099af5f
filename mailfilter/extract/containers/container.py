"""The zip container, read as strictly as its many readers differ: for archives, OOXML and ODF.

From → to: bytes → `Archive`: its members by the central directory, and whether another program
might read other members. ``zipfile`` is not used: it believes the central directory alone and
inflates without a bound.

What makes an archive ambiguous (it is read all the same): two members of one name; overlapping
members; a local header that says another name, method or size than the central one; local members
that the directory does not list; data before the first member or behind the end; several end
records; a stream that is longer or shorter than announced. Without a directory the archive is
broken, and its members are those of the local headers (zip_salvage.py).

Invariants: never raises but `Unreadable`; every byte that comes out of `read` was counted.

Sources: APPNOTE 6.3.10; Zip differentials (USENIX Security 2025); CVE-2024-0450.
Known gaps: see zip_methods.py.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mailfilter.byte_search import Needles
from mailfilter.extract.containers.zip_methods import unpack
from mailfilter.extract.kit.budget import Budget, Unreadable

_END, _LOCAL = b"PK\x05\x06", b"PK\x03\x04"
_CENTRAL_MARK = b"PK\x01\x02"
_END_MARK = Needles(_END)
_END_RECORD = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_MOST = 0xFFFFFFFF
_COMMENT = 65535 + 22  # how far from the end of the file the end record may lie
_SLACK = 4  # bytes of a line end or of noughts behind the end: careless downloads
_DESCRIPTOR = 24  # bytes of the longest data descriptor


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory. `raw` is the name as it stands."""

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    extra: bytes = b""
    comment: bytes = b""

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & 0x2041) or self.method == 99

    @property
    def name(self) -> str:
        """The name as text: UTF-8 where it is, else the DOS charset of old archivers."""
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.raw.decode("cp437")

    @property
    def folder(self) -> bool:
        return self.raw.endswith((b"/", b"\\"))


@dataclass(frozen=True, slots=True)
class Archive:
    """Members in the directory's order; `comment` of the archive; the rest as said above."""

    data: bytes
    members: tuple[Member, ...]
    comment: bytes
    ambiguous: bool
    broken: bool = False

    @property
    def fault(self) -> str:
        """The reason why it may hold more or other than what is read; empty for most."""
        if self.broken:
            return "broken-archive"
        return "ambiguous-archive" if self.ambiguous else ""

    def find(self, name: str) -> Member | None:
        """The member of this name, case and slashes as written."""
        raw = name.encode()
        return next((member for member in self.members if member.raw == raw), None)

    def read(self, member: Member, budget: Budget) -> tuple[bytes, bool]:
        """(content, whether it is exactly what the directory announced)."""
        if member.encrypted:
            raise Unreadable("encrypted")
        start = self.start(member)
        packed = memoryview(self.data)[start : start + member.packed]
        data, whole = self.unpack(member, member.method, packed, budget)
        return data, whole and zlib.crc32(data) == member.crc

    def unpack(
        self, member: Member, method: int, packed: memoryview, budget: Budget
    ) -> tuple[bytes, bool]:
        """(content, whether it is as long as announced) of a stream without a lock."""
        if method == 0:
            budget.take_bytes(len(packed))
            data, whole = bytes(packed), True
        else:
            data, whole = unpack(method, packed, member.size, budget)
        return data, whole and len(data) == member.size

    def start(self, member: Member) -> int:
        """Where the member's data begins, by its local header."""
        header = self.data[member.offset : member.offset + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL):
            raise Unreadable("broken-archive")
        fields = _LOCAL_HEADER.unpack(header)
        return member.offset + _LOCAL_HEADER.size + int(fields[9]) + int(fields[10])


def looks_like_zip(data: bytes) -> bool:
    """A local header or an end record at the start, or an end record at the very end."""
    return data.startswith((_LOCAL, _END)) or ends_like_zip(data)


def ends_like_zip(data: bytes) -> bool:
    """An end record at the very end. A text has no byte 6, which is found at once."""
    if data.find(_END[-1:], -_COMMENT) < 0 or not _END_MARK.within(data[-_COMMENT:]):
        return False
    return any(end == len(data) for _, end in _end_records(data))


def _ends(data: bytes) -> Iterator[int]:
    """Positions of end records whose comment reaches exactly to the end of the file.

    If there is none: those with something else behind them.
    """
    records = list(_end_records(data))
    exact = [at for at, end in records if end == len(data)]
    yield from exact or (at for at, end in records if end < len(data))


def _end_records(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, end of its comment) of what looks like an end record, the last first."""
    at = data.rfind(_END, max(0, len(data) - _COMMENT))
    while at >= 0:
        record = data[at : at + _END_RECORD.size]
        if len(record) == _END_RECORD.size:
            comment = _END_RECORD.unpack(record)[7]
            yield at, at + _END_RECORD.size + comment
        at = data.rfind(_END, max(0, len(data) - _COMMENT), at + 3) if at else -1


def open_archive(data: bytes, budget: Budget) -> Archive:
    """The archive; raises `Unreadable` if there is nothing to go by."""
    end = next(_ends(data), -1)
    found = _by_directory(data, end, budget) if end >= 0 else None
    if found is None:
        from mailfilter.extract.containers.zip_salvage import salvaged

        found = salvaged(data, budget)
        if not found.members:
            raise Unreadable("broken-archive")
    return found


def _by_directory(data: bytes, end: int, budget: Budget) -> Archive | None:
    """The archive by its directory; None if that lies outside of the file."""
    size, start, count, directory_end = _directory(data, end)
    shift = directory_end - size - start  # data before the archive moves everything
    if shift < 0 or directory_end > len(data):
        return None
    moved = shift != 0
    if moved and not data.startswith(_CENTRAL_MARK, start + shift):
        shift = 0  # the record itself was moved, not the archive
    members = tuple(_members(data, start + shift, directory_end, shift, budget))
    comment = data[end + _END_RECORD.size :]
    ambiguous = (
        moved
        or _follows(comment[int.from_bytes(data[end + 20 : end + 22], "little") :])
        or count != len(members)
        or data.count(_END, start + shift) > 1
        or _conflicting(data, members, start + shift)
    )
    return Archive(data, members, comment, ambiguous)


def _follows(rest: bytes) -> bool:
    """Whether what stands behind the end could be anything."""
    return len(rest) > _SLACK or bool(rest.strip(b"\0\r\n"))


def _directory(data: bytes, end: int) -> tuple[int, int, int, int]:
    """(size, start, entries, end) of the central directory."""
    fields = _END_RECORD.unpack_from(data, end)
    count, size, start = fields[4], fields[5], fields[6]
    if _MOST not in (size, start) and count != 0xFFFF:
        return size, start, count, end
    record = end - 20 - _ZIP64_END.size
    if record < 0 or not data.startswith(b"PK\x06\x06", record):
        return size, start, count, end
    wide = _ZIP64_END.unpack_from(data, record)
    return wide[8], wide[9], wide[7], record


def _members(data: bytes, at: int, end: int, shift: int, budget: Budget) -> Iterator[Member]:
    while at + _CENTRAL.size <= end and data.startswith(_CENTRAL_MARK, at):
        budget.take_entry()
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
        names, extras, comments, offset = *fields[10:13], fields[16]
        name_at = at + _CENTRAL.size
        extra = data[name_at + names : name_at + names + extras]
        size, packed, offset = _widen(extra, size, packed, offset)
        raw = data[name_at : name_at + names]
        at = name_at + names + extras + comments
        comment = data[at - comments : at] if comments else b""
        yield Member(raw, flags, method, crc, packed, size, offset + shift, extra, comment)


def _widen(extra: bytes, *values: int) -> tuple[int, ...]:
    """Sizes and offset from the zip64 extra field where the short ones are full."""
    if _MOST not in values:
        return values
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            body = extra[at + 4 : at + 4 + size]
            wide = iter(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
            return tuple(next(wide, value) if value == _MOST else value for value in values)
        at += 4 + size
    return values


def _conflicting(data: bytes, members: tuple[Member, ...], directory: int) -> bool:
    """Whether another reader could see other members."""
    names = [member.raw.replace(b"\\", b"/").lower() for member in members]
    if len(set(names)) != len(names):
        return True
    reached = 0
    for member in sorted(members, key=lambda entry: entry.offset):
        if member.offset < reached or _LOCAL in data[reached : member.offset]:
            return True
        if reached == 0 and member.offset > 0:
            return True
        reached = _checked_end(data, member)
        if not 0 <= reached <= directory:
            return True
    return _LOCAL in data[reached:directory]


def _checked_end(data: bytes, member: Member) -> int:
    """Where the member ends; -1 if its local header disagrees with the central one."""
    header = data[member.offset : member.offset + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL):
        return -1
    fields = _LOCAL_HEADER.unpack(header)
    flags, method, crc, packed, size, names, extras = fields[2], fields[3], *fields[6:11]
    start = member.offset + _LOCAL_HEADER.size
    streamed = bool(flags & 8)
    same = (
        data[start : start + names] == member.raw
        and method == member.method
        and (flags ^ member.flags) & 0x2041 == 0
        and _agree(packed, member.packed, streamed)
        and _agree(size, member.size, streamed)
        and _agree(crc, member.crc, streamed)
    )
    return start + names + extras + member.packed if same else -1


def _agree(local: int, central: int, streamed: bool) -> bool:
    return local in (central, _MOST) or (streamed and local == 0)


def directory_bytes(data: bytes) -> bytes:
    """The central directory as it stands, for a quick look at names; empty if there is none."""
    end = data.rfind(_END, max(0, len(data) - _COMMENT))
    if end < 0 or end + _END_RECORD.size > len(data):
        return b""
    return data[max(0, end - _END_RECORD.unpack_from(data, end)[5]) : end]
