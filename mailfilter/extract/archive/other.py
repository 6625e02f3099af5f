"""Archives other than zip: 7z, rar, cab, lha, iso, cpio, rpm, deb; and lz4, lzip, compress streams.

From → to: an archive → its members as `Part`s, the names of folders, links and locked members as
`Text`, `NotExamined` for members that are locked, broken or packed in a way that is not read. All
is read by libarchive (archive_library.py); where that is missing a 7z is read by py7zr
(sevenzip.py) and everything else is "archive-format", as before.

Ambiguous, and read all the same: two members of one name; data behind the end; an iso whose two
trees of names (Joliet for Windows, Rock Ridge or plain for others) hold different files.

Known gaps: deflate64 in a 7z, and filters without a packer (said to be broken): py7zr would read
them, but its packers corrupt memory on damaged input; in an encrypted rar only the names are read;
no UDF; quick-open records of rar are not compared with the headers that they repeat.
"""

import hashlib
import re
import struct
from collections import Counter
from collections.abc import Iterator

from mailfilter.extract.archive import cab, rar
from mailfilter.extract.archive.library import Archive, Entry, Opened, load
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.known import first_bytes
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

_SEVEN_ZIP, _CAB = b"7z\xbc\xaf\x27\x1c", b"MSCF\0\0\0\0"
_RAR_OLD, _RAR = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_RPM, _DEB = b"\xed\xab\xee\xdb", b"!<arch>\n"
_CPIO = re.compile(rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}")  # a text may begin with 070707
_STREAMS = {b"\x04\x22\x4d\x18": "lz4", b"LZIP\x01": "lzip", b"\x1f\x9d": "compress"}
_PACKED = tuple(_STREAMS)
_ENDINGS = (".lz4", ".lz", ".z")
_MARKS = (_SEVEN_ZIP, _RAR_OLD, _RAR, _CAB, _RPM, _DEB, b"0707")
_EMPTY = 32  # bytes: a larger archive has entries
_ISO = 32769  # where the mark of an iso stands
INSIDE = ((b"-l", 2), (b"CD", _ISO))  # of lha and iso; the other marks stand first
FIRST = first_bytes(*_MARKS, *_PACKED)


def sniff(data: bytes) -> bool:
    """Any of the marks; lha and iso have theirs further in."""
    return bool(kind(data)) or _stream(data) != ""


def kind(data: bytes) -> str:
    """What libarchive calls the format; empty if it is none of ours."""
    if not data.startswith(_MARKS) and not any(data.startswith(mark, at) for mark, at in INSIDE):
        return ""
    marks = (
        (data.startswith(_SEVEN_ZIP), "7zip"),
        (data.startswith(_RAR_OLD), "rar"),
        (data.startswith(_RAR), "rar5"),
        (data.startswith(_CAB), "cab"),
        (data.startswith(_RPM), "rpm"),
        (data.startswith(_DEB), "ar"),
        (_CPIO.match(data) is not None, "cpio"),
        (data[2:5] in (b"-lh", b"-lz") and data[6:7] == b"-", "lha"),
        (data[_ISO : _ISO + 5] == b"CD001", "iso9660"),
    )
    return next((name for found, name in marks if found), "")


def _stream(data: bytes) -> str:
    if not data.startswith(_PACKED):
        return ""
    return next(name for mark, name in _STREAMS.items() if data.startswith(mark))


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Members, names, and what is wrong with the archive."""
    found = kind(part.data)
    if found == "7zip" and load() is None:
        from mailfilter.extract.archive import sevenzip

        yield from sevenzip.read(part, ctx)
    elif found:
        yield from _archive(part, ctx, found)
    elif packing := _stream(part.data):
        yield from _packed(part, ctx, packing)
    else:  # by its name only
        raise Unreadable("archive-format")


def _packed(part: Part, ctx: Ctx, packing: str) -> Iterator[Found]:
    """The one file in a stream."""
    with Archive(part.data, ctx.budget, "raw", packing) as opened:
        if not opened.packed:
            raise Unreadable("broken-archive")
        for entry in opened.entries():
            if entry.fault:
                yield not_examined(part.place, entry.fault)
            yield member(part, 1, _inner_name(part.name), entry.data)
        if _behind(opened):
            yield not_examined(part.place, "ambiguous-archive")


def _inner_name(name: str) -> str:
    ending = next((each for each in _ENDINGS if name.lower().endswith(each)), "")
    return name[: len(name) - len(ending)]


def _archive(part: Part, ctx: Ctx, found: str) -> Iterator[Found]:
    ambiguous = False
    if found.startswith("rar"):
        yield from rar.read_services(part, ctx)
    elif found == "cab":
        cab.check(part.data, ctx.budget)
    names: set[str] = set()
    formats, filters = ("cpio", "rpm gzip xz bzip2 zstd lzma") if found == "rpm" else (found, "")
    shown: Counter[bytes] = Counter()
    with Archive(part.data, ctx.budget, formats, filters) as opened:
        for n, entry in enumerate(opened.entries(), 1):
            yield from members(part, n, entry)
            name = entry.name.replace("\\", "/").lower().rstrip("/")
            ambiguous |= name in names and not entry.folder
            names.add(name)
            if entry.data:
                shown[_hash(entry)] += 1
        if not names and len(part.data) > _EMPTY:
            yield not_examined(part.place, "broken-archive")
        ambiguous |= _two_faced(found, opened, shown)
    if ambiguous:
        yield not_examined(part.place, "ambiguous-archive")


def members(part: Part, n: int, entry: Entry) -> Iterator[Found]:
    """One entry: a part to read, or the text of a name, and its fault."""
    inner = member(part, n, entry.name, b"")
    if entry.link or entry.folder or not entry.data:
        yield text_at(f"{entry.name}\n{entry.link}", inner.place.nameless())
    if entry.data:
        yield member(part, n, entry.name, entry.data)
    if entry.fault:
        yield not_examined(inner.place, entry.fault)


def _hash(entry: Entry) -> bytes:
    return hashlib.blake2b(entry.data, digest_size=16).digest()


def _two_faced(found: str, opened: Opened, shown: Counter[bytes]) -> bool:
    """Whether another reader could see something else."""
    data = opened.data
    if found == "7zip":
        start, size = struct.unpack_from("<2Q", data.ljust(32, b"\0"), 12)
        return bool(data[32 + start + size :].strip(b"\0"))
    if found == "cab":
        (size,) = struct.unpack_from("<I", data.ljust(12, b"\0"), 8)
        return bool(data[size:].strip(b"\0"))
    if found == "iso9660":
        (sectors,) = struct.unpack_from("<I", data.ljust(_ISO + 84, b"\0"), _ISO + 79)
        behind = bool(data[sectors * 2048 :].strip(b"\0"))
        return behind or any(_tree(opened, without) != shown for without in ("joliet", "rockridge"))
    if found.startswith("rar"):
        end = rar.end(data)
        return end < 0 or bool(data[end:].strip(b"\0"))
    return found != "rpm" and _behind(opened)


def _behind(opened: Opened) -> bool:
    return bool(opened.data[opened.position :].strip(b"\0"))


def _tree(opened: Opened, without: str) -> Counter[bytes]:
    """The contents that a reader sees who does not know one kind of names."""
    options = f"iso9660:!{without}"
    with Archive(opened.data, opened.budget, "iso9660", options=options) as other:
        return Counter(_hash(entry) for entry in other.entries() if entry.data)
