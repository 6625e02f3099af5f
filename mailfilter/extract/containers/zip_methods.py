"""How members of a zip are packed: deflate, deflate64, bzip2, lzma, zstd, xz, PPMd.

From → to: method and packed bytes → content, and whether the stream ended where its bytes end.

Invariants: every byte that comes out is counted while it comes; raises nothing but `Unreadable`.
Deflate64 comes out of its library without a bound, so it is fed `SIP` bytes at a time: one symbol
of 18 bits makes 64 KiB at the most, which is 8 MiB for a sip.

Errors: zlib.error, OSError, lzma.LZMAError, ValueError, EOFError, ZstdError.
Sources: APPNOTE 6.3.10 section 4.4.5.
Known gaps: shrink, reduce, implode, JPEG and WavPack ("archive-method").
"""

import bz2
import lzma
import struct
import zlib

from inflate64 import Inflater

from mailfilter.extract.archive.library import Archive, load
from mailfilter.extract.containers.compressed import WINDOW, zstd
from mailfilter.extract.kit.budget import Budget, Unreadable, inflate

SIP = 256  # bytes
_PPMD = 98


def unpack(method: int, packed: memoryview, size: int, budget: Budget) -> tuple[bytes, bool]:
    """(content, whether the stream ended and nothing lies behind it)."""
    try:
        if method == 9:
            return _deflate64(packed, budget)
        if method == _PPMD and load() is not None:
            return _by_library(packed, size, budget)
        return _bounded(method, packed, budget)
    except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError, zstd().ZstdError):
        raise Unreadable("broken-archive") from None


def _bounded(method: int, packed: memoryview, budget: Budget) -> tuple[bytes, bool]:
    match method:
        case 8:
            found = inflate(packed, lambda: zlib.decompressobj(-15), budget)
        case 12:
            found = inflate(packed, bz2.BZ2Decompressor, budget)
        case 14:
            found = inflate(packed[9:], lambda: _lzma(packed), budget)
        case 93 | 20:
            module = zstd()
            options = {module.DecompressionParameter.window_log_max: WINDOW}
            found = inflate(packed, lambda: module.ZstdDecompressor(options=options), budget)
        case 95:
            found = inflate(packed, lambda: lzma.LZMADecompressor(memlimit=256 << 20), budget)
        case _:
            raise Unreadable("archive-method")
    return found.data, not found.left and (found.ended or method == 14)


def _lzma(packed: memoryview) -> lzma.LZMADecompressor:
    """Zip's lzma: version, size of the properties (5), properties, raw stream without a header."""
    head = bytes(packed[:9])
    if len(head) < 9 or head[2] != 5 or head[4] >= 225:
        raise ValueError("not lzma")
    properties, dictionary = head[4], int.from_bytes(head[5:9], "little")
    spec = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": min(max(dictionary, 4096), 64 << 20),
        "lc": properties % 9,
        "lp": properties // 9 % 5,
        "pb": properties // 45,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[spec])


def _deflate64(packed: memoryview, budget: Budget) -> tuple[bytes, bool]:
    stream, growth, pieces, at = Inflater(), budget.grow(len(packed)), [], 0
    while not stream.eof and at < len(packed):
        piece = stream.inflate(bytes(packed[at : at + SIP]))
        at += SIP
        growth.add(len(piece))
        pieces.append(piece)
    return b"".join(pieces), bool(stream.eof) and at >= len(packed)


def _by_library(packed: memoryview, size: int, budget: Budget) -> tuple[bytes, bool]:
    """PPMd by libarchive, which is given a zip of this one member."""
    data = bytes(packed)
    fields = (20, 0, _PPMD, 0, 0, 0, len(data), size & 0xFFFFFFFF, 1, 0)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + b"x" + data
    directory = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, 0) + b"x"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)
    with Archive(local + directory + end, budget, "zip", options="zip:ignorecrc32") as opened:
        for entry in opened.entries():
            if entry.fault:
                raise Unreadable(entry.fault)
            return entry.data, True
    raise Unreadable("broken-archive")
