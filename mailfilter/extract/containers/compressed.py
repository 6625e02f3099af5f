"""Streams and tapes: gz, bz2, xz, zst, and tar inside or outside of them.

From → to: a compressed stream → the file that it holds, as a `Part`, and the name and comment that
gzip keeps; a tar → its members, of sparse ones what is stored. Data behind the end of a stream is a
further stream, as gzip and bzip2 allow; anything else behind it, or behind a tar, is a reason to
say "ambiguous".

Invariants: bounded steps (budget.py); a tar is read in place, its links are not followed.

Errors: zlib.error, OSError, EOFError, lzma.LZMAError, ZstdError; tarfile.TarError, ValueError.
Sources: RFC 1952, RFC 8878, POSIX pax.
Known gaps: the map of a sparse file stands before its content (pax 1.0), holes are left out.
"""

import bz2
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from detectors import Role
from mailfilter.extract.kit.budget import Decompressor, Unreadable, inflate
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

STREAMS = 1000  # concatenated in one file
WINDOW = 27  # bits of zstd's window, 128 MiB: what its own program takes without being told
_EXTRA, _NAME, _COMMENT = 4, 8, 16  # flags of gzip's header
_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".gzip", ".zst")
_TAPES = (".tgz", ".tbz", ".tbz2", ".txz", ".tzst")
INSIDE = ((b"ustar", 257),)  # of POSIX and GNU tar
ZSTD = b"\x28\xb5\x2f\xfd"


def sniff_tar(data: bytes) -> bool:
    """The mark of POSIX and GNU tar."""
    return any(data.startswith(mark, at) for mark, at in INSIDE)


def read_gzip(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One or several gzip streams."""
    yield text_at("\n".join(_gzip_header(part.data)), part.place.down(role=Role.NAME).nameless())
    yield from _streams(part, ctx, lambda: zlib.decompressobj(31), b"\x1f\x8b")


def _gzip_header(data: bytes) -> Iterator[str]:
    """Name and comment, if the first stream has them."""
    flags, at = data[3:4].ljust(1, b"\0")[0], 10
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            end = data.find(b"\0", at, at + 65536)
            yield decode(data[at : max(end, at)])[0]
            at = max(end, at) + 1


def read_bzip2(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One or several bzip2 streams."""
    yield from _streams(part, ctx, bz2.BZ2Decompressor, b"BZh")


def read_xz(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One or several xz streams; a stream may not want more memory than a worker has."""
    limit = 256 << 20
    yield from _streams(part, ctx, lambda: lzma.LZMADecompressor(memlimit=limit), b"\xfd7zXZ")


def sniff_lzma(data: bytes) -> bool:
    """The header of the old format: properties as every program sets them, a size that may be."""
    size = data[5:13]
    return data.startswith(b"\x5d\0\0") and (size == b"\xff" * 8 or size[5:] == b"\0\0\0")


def read_lzma(part: Part, ctx: Ctx) -> Iterator[Found]:
    """The format before xz; it has one stream."""
    yield from _streams(
        part, ctx, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=256 << 20), b"\x5d\0\0"
    )


def zstd() -> Any:
    """The module for zstd: of Python itself from 3.14, before that what py7zr brings."""
    try:
        return import_module("compression.zstd")
    except ImportError:
        return import_module("backports.zstd")


def read_zstd(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One or several zstd frames."""
    module = zstd()
    options = {module.DecompressionParameter.window_log_max: WINDOW}
    try:
        yield from _streams(part, ctx, lambda: module.ZstdDecompressor(options=options), ZSTD)
    except module.ZstdError:
        raise Unreadable("broken-archive") from None


def _streams(
    part: Part, ctx: Ctx, make: Callable[[], Decompressor], magic: bytes
) -> Iterator[Found]:
    rest, pieces = memoryview(part.data), []
    for _ in range(STREAMS):
        try:
            found = inflate(rest, make, ctx.budget)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            raise Unreadable("broken-archive") from None
        pieces.append(found.data)
        if not found.ended:
            yield not_examined(part.place, "broken-archive")
        rest = rest[len(rest) - found.left :]
        if bytes(rest[: len(magic)]) != magic:
            break
    if bytes(rest).strip(b"\0"):
        yield not_examined(part.place, "ambiguous-archive")
    yield member(part, 1, _inner_name(part.name), b"".join(pieces))


def _inner_name(name: str) -> str:
    lower = name.lower()
    for ending in _ENDINGS:
        if lower.endswith(ending):
            return name[: -len(ending)]
    for ending in _TAPES:
        if lower.endswith(ending):
            return name[: -len(ending)] + ".tar"
    return name


def read_tar(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Members in order; names of folders and links are text."""
    try:
        with tarfile.open(
            fileobj=io.BytesIO(part.data), mode="r:", encoding="utf-8", errors="replace"
        ) as tape:
            for n, entry in enumerate(tape, 1):
                ctx.budget.take_entry()
                yield from _entry(part, ctx, tape, n, entry)
            if part.data[tape.offset :].strip(b"\0"):  # behind the end, or a header that is none
                yield not_examined(part.place, "ambiguous-archive")
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError, RecursionError):
        # a chain of headers, each for the next, is read by recursion
        raise Unreadable("broken-archive") from None


def _entry(
    part: Part, ctx: Ctx, tape: tarfile.TarFile, n: int, entry: tarfile.TarInfo
) -> Iterator[Found]:
    inner = member(part, n, entry.name, b"")
    opened = tape.extractfile(entry) if entry.isreg() else None
    if opened is None:
        yield text_at(f"{entry.name}\n{entry.linkname}", inner.place.nameless())
        return
    stored = _stored(entry)
    ctx.budget.take_bytes(min(stored, len(part.data)))
    if stored == entry.size:
        data = opened.read(len(part.data))
    else:
        data = part.data[entry.offset_data : entry.offset_data + stored]
    if len(data) != stored:
        yield not_examined(inner.place, "broken-archive")
    yield member(part, n, entry.name, data)


def _stored(entry: tarfile.TarInfo) -> int:
    """How much of a file lies in the tape: of a sparse one its pieces only."""
    pieces: list[tuple[int, int]] | None = getattr(entry, "sparse", None)
    return entry.size if pieces is None else sum(size for _, size in pieces)
