"""What a zip holds that its directory does not list, found by the headers before each member.

From → to: bytes → `Member`s by their local headers. Programs that repair, or that read a zip as a
stream, show these; the others go by the directory. Used where there is no directory (a damaged or
cut file) and where the directory does not tell all.

Invariants: linear: from each header the walk goes to the end of its member, or to the next mark
where the member does not say how long it is. Nothing is unpacked here.

Sources: APPNOTE 6.3.10 sections 4.3.7 and 4.3.9.
"""

import struct
from collections.abc import Iterator

from mailfilter.extract.containers.container import Archive, Member
from mailfilter.extract.kit.budget import Budget

_LOCAL = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3L2H")
_STREAMED = 8
_MARKS = (_LOCAL, b"PK\x01\x02", b"PK\x05\x06")


def salvaged(data: bytes, budget: Budget) -> Archive:
    """An archive without a directory; empty if there is no member either."""
    return Archive(data, tuple(members(data, budget)), b"", ambiguous=False, broken=True)


def unlisted(archive: Archive, budget: Budget) -> Iterator[Member]:
    """Members whose own header says otherwise than the directory, or that it does not list."""
    known = {(entry.offset, entry.method, entry.raw) for entry in archive.members}
    for entry in members(archive.data, budget):
        if (entry.offset, entry.method, entry.raw) not in known:
            yield entry


def members(data: bytes, budget: Budget) -> Iterator[Member]:
    """All that the local headers tell, in their order."""
    at = data.find(_LOCAL)
    while 0 <= at <= len(data) - _HEADER.size:
        budget.take_entry()
        fields = _HEADER.unpack_from(data, at)
        flags, method, crc, packed, size, names, extras = fields[2], fields[3], *fields[6:11]
        start = at + _HEADER.size + names + extras
        if (flags & _STREAMED and not packed) or start + packed > len(data):
            packed = _next_mark(data, start) - start
        raw = data[at + _HEADER.size : at + _HEADER.size + names]
        if start <= len(data):
            extra = data[at + _HEADER.size + names : start]
            yield Member(raw, flags, method, crc, packed, size, at, extra)
        at = data.find(_LOCAL, max(start + packed, at + 4))


def _next_mark(data: bytes, start: int) -> int:
    places = [at for mark in _MARKS if (at := data.find(mark, start)) >= 0]
    return min(places, default=len(data))
