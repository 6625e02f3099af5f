"""Bombs that are zips: flat, overlapping, reproducing themselves, nested, lying."""

import bz2
import lzma
import struct
import zlib
from functools import cache

from tests.containment.bomb import NR, bomb
from tests.extract.making import zipped

MIB = 1 << 20
FULL = 0xFFFFFFFF


def zeros(mib: int, byte: bytes = b"\0") -> bytes:
    """Raw deflate of so many MiB of one byte: a block that is repeated."""
    if mib <= 16:
        return zlib.compress(byte * (mib * MIB), 9, -15)
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(byte * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (mib - 1) + zlib.compress(byte * MIB, 9, -15)


def local(name: bytes, packed: bytes, size: int, crc: int, method=8, extra=b"") -> bytes:
    fields = (20, 0, method, 0, 0, crc, len(packed), size & FULL, len(name), len(extra))
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name + extra


def central(name: bytes, packed: int, size: int, crc: int, at: int, method=8, extra=b"") -> bytes:
    fields = (20, 20, 0, method, 0, 0, crc, packed & FULL, size & FULL)
    tail = (len(name), len(extra), 0, 0, 0, 0, at)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields, *tail) + name + extra


def end(count: int, size: int, at: int, comment: bytes = b"") -> bytes:
    count = min(count, 0xFFFF)
    fields = (0, 0, count, count, size & FULL, at & FULL, len(comment))
    return struct.pack("<4s4H2LH", b"PK\5\6", *fields) + comment


def made(*members: tuple[bytes, bytes, int, int, int]) -> bytes:
    """A zip of (name, packed, size, crc, method)."""
    body, directory = b"", b""
    for name, packed, size, crc, method in members:
        directory += central(name, len(packed), size, crc, len(body), method)
        body += local(name, packed, size, crc, method) + packed
    return body + directory + end(len(members), len(directory), len(body))


def stored(name: bytes, data: bytes) -> tuple[bytes, bytes, int, int, int]:
    return name, data, len(data), zlib.crc32(data), 0


NOTE = stored(b"nr.txt", NR.encode())


@bomb("zip/flat", "a.zip", big=3000, small=1)
@bomb("zip/flat-of-four-gigabytes", "a.zip", big=4100, small=2)
def flat(mib: int) -> bytes:
    crc = zlib.crc32(bytes(mib * MIB)) if mib <= 16 else 0
    return made((b"a.bin", zeros(mib), mib * MIB, crc, 8), NOTE)


@bomb("zip/text-under-the-ratio", "a.zip", big=40, small=1)
def under_the_ratio(files: int) -> bytes:
    text = b"a b c " * (9 * MIB // 6)
    members = {f"{n}.txt": text for n in range(files)} if files > 1 else {}
    return zipped(members | {"nr.txt": NR})


@bomb("zip/digits-under-the-ratio", "a.zip", big=6, small=1)
def digits_under_the_ratio(files: int) -> bytes:
    text = b"1-1-1-" * (9 * MIB // 6)
    members = {f"{n}.txt": text for n in range(files)} if files > 1 else {}
    return zipped(members | {"nr.txt": NR})


@bomb("zip/one-entry-many-names", "a.zip", big=50_000, small=1)
@bomb("zip/one-entry-fifty-names", "a.zip", big=50, small=1)
def overlapping(names: int) -> bytes:
    """All lines of the directory point to one member."""
    data = (NR + "\n" + " " * (MIB if names > 1 else 9)).encode()
    packed = zlib.compress(data, 9, -15)
    body = local(b"0", packed, len(data), zlib.crc32(data)) + packed
    lines = [central(b"%d" % n, len(packed), len(data), zlib.crc32(data), 0) for n in range(names)]
    directory = b"".join(lines)
    return body + directory + end(names, len(directory), len(body))


@bomb("zip/quoted-overlap", "a.zip", big=800, small=1)
def quoted(files: int) -> bytes:
    """Each member quotes the local header of the next in a stored block and goes on with it."""
    data = (NR + "\n" + " " * (MIB if files > 1 else 9)).encode()
    packed = zlib.compress(data, 9, -15)
    name = b"%05d" % files
    body = local(name, packed, len(data), zlib.crc32(data)) + packed
    lines, content, stream = [(name, packed, data)], data, packed
    for n in range(files - 1, 0, -1):
        quote = body[: 30 + len(name)]
        name = b"%05d" % n
        stream = struct.pack("<BHH", 0, len(quote), len(quote) ^ 0xFFFF) + quote + stream
        content = quote + content
        lines.append((name, stream, content))
        body = local(name, stream, len(content), zlib.crc32(content))
        body += stream
    directory = b""
    for found, stream, content in lines:
        at = len(body) - len(stream) - 30 - len(found)
        directory += central(found, len(stream), len(content), zlib.crc32(content), at)
    return body + directory + end(files, len(directory), len(body))


# ---- a zip that holds itself ---------------------------------------------------------------

_NAME = b"Personnummer 19121212-1212.zip"  # with it a local header has 60 bytes


def _literal(size: int) -> bytes:
    return struct.pack("<BHH", 0, size, size ^ 0xFFFF)


def _bits(*pieces: tuple[int, int]) -> bytes:
    """Numbers of so many bits, the lowest first."""
    value = at = 0
    for number, width in pieces:
        value |= number << at
        at += width
    return value.to_bytes(-(-at // 8), "little")


def _code(number: int, width: int) -> tuple[int, int]:
    """A Huffman code, whose highest bit goes first."""
    return int(f"{number:0{width}b}"[::-1], 2), width


_FIXED, _STOP = ((0, 1), (1, 2)), _code(0, 7)
# repeat 20 bytes in two halves; repeat 65 bytes, and an empty block to fill up: 40 bits each
_REPEAT_20 = _bits(*_FIXED, *(_code(8, 7), _code(8, 5), (3, 3)) * 2, _STOP)
_REPEAT_65 = _bits(*_FIXED, _code(20, 7), (6, 3), _code(12, 5), (0, 5), _STOP, *_FIXED, _STOP)


def _quine(crc: int) -> bytes:
    """The archive with this checksum in it: its program prints header, program and directory.

    What is printed lags behind what is written at first, catches up by the repetitions, and is
    one instruction ahead when the directory is printed.
    """
    one, four = _literal(5), _literal(20)
    packed, size = 60 + 65 + 145 + 4 + 98 - 60, 0
    for _ in range(2):
        header = local(_NAME, bytes(packed), size, crc)
        directory = central(_NAME, packed, size, crc, 0)
        directory += end(1, len(directory), 60 + packed)
        print_header = _literal(65)
        again = _bits((1, 1), (1, 2), _code(0xC0, 8), (102 - 99, 4), _code(13, 5), (5, 5), _STOP)
        print_directory = _literal(len(again) + len(directory))
        nothing = _literal(0)
        program = (
            *(print_header, header, print_header, _REPEAT_65, one, _REPEAT_65, one, one),
            *(four, _REPEAT_65, one, one, four, _REPEAT_20),
            *(four, _REPEAT_20, four, _REPEAT_20, four, _REPEAT_20),
            *(four, _REPEAT_20, nothing, nothing, print_directory, _REPEAT_20),
            *(nothing, nothing, print_directory, again, directory, again),
        )
        stream = b"".join(program)
        packed, size = len(stream), 60 + len(stream) + len(directory)
    return header + stream + directory


@cache
def reproducing() -> bytes:
    """With the right checksum: it is linear in its own bits, so 32 equations give it."""
    base = zlib.crc32(_quine(0))
    rows = [0] * 32  # row: bits of the unknown, and the constant above them
    for bit in range(32):
        column = zlib.crc32(_quine(1 << bit)) ^ base ^ 1 << bit
        for n in range(32):
            rows[n] |= (column >> n & 1) << bit
    rows = [row | (base >> n & 1) << 32 for n, row in enumerate(rows)]
    for bit in range(32):
        pivot = next(n for n in range(bit, 32) if rows[n] >> bit & 1)
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        rows = [
            row ^ rows[bit] if n != bit and row >> bit & 1 else row for n, row in enumerate(rows)
        ]
    return _quine(sum((row >> 32) << n for n, row in enumerate(rows)))


@bomb("zip/quine", "a.zip", big=True, small=False)
def quine(itself: bool) -> bytes:
    data = reproducing()
    return data if itself else zipped({_NAME.decode(): "Hej"})


# ---- nested --------------------------------------------------------------------------------


@bomb("zip/nested-sixteenfold", "42.zip", big=(5, 16), small=(1, 1))
@bomb("zip/nested-in-itself", "a.zip", big=(400, 1), small=(3, 1))
def nested(levels: int, width: int) -> bytes:
    data = flat(1 if levels * width < 10 else 100)
    for _ in range(levels):
        members = {f"{n}.zip": data for n in range(width)}
        data = zipped(members | {"nr.txt": NR})
    return data


@bomb("zip/many-empty-files", "a.zip", big=60_000, small=20)
def many_files(count: int) -> bytes:
    return zipped({f"{n}.txt": "" for n in range(count)} | {"nr.txt": NR})


@bomb("zip/many-small-files", "a.zip", big=20_000, small=20)
def many_small(count: int) -> bytes:
    return zipped({f"{n}.txt": "x" for n in range(count)} | {"nr.txt": NR})


@bomb("zip/long-names", "a.zip", big=600, small=2)
def long_names(count: int) -> bytes:
    members = [stored(b"%05d" % n + b"1-" * 30_000, b"x") for n in range(count)]
    return made(*members, NOTE)


@bomb("zip/claims-four-gigabytes", "a.zip", big=FULL - 1, small=len(NR))
def claims(size: int) -> bytes:
    return made((b"nr.txt", NR.encode(), size, zlib.crc32(NR.encode()), 0))


@bomb("zip/wide-claims", "a.zip", big=1 << 60, small=len(NR))
def claims_wide(size: int) -> bytes:
    """Sizes in the zip64 field of the directory."""
    data, crc = NR.encode(), zlib.crc32(NR.encode())
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    body = local(b"nr.txt", data, FULL, crc, 0, extra)
    body = body[:18] + struct.pack("<L", FULL) + body[22:] + data
    directory = central(b"nr.txt", FULL, FULL, crc, 0, 0, extra)
    return body + directory + end(1, len(directory), len(body))


@bomb("zip/many-extra-fields", "a.zip", big=16_000, small=2)
def extras(count: int) -> bytes:
    extra = struct.pack("<HH", 0x9999, 0) * count
    data, crc = NR.encode(), zlib.crc32(NR.encode())
    lines = range(300 if count > 2 else 1)
    body = b"".join(local(b"%05d" % n, data, len(data), crc, 0) + data for n in lines)
    size = 35 + len(data)
    directory = b"".join(
        central(b"%05d" % n, len(data), len(data), crc, n * size, 0, extra) for n in lines
    )
    return body + directory + end(len(lines), len(directory), len(body))


@bomb("zip/many-end-records", "a.zip", big=2900, small=0)
def ends(count: int) -> bytes:
    """Each of them as a comment of the one before."""
    data = made(NOTE)
    records = b"".join(end(1, 0, 0, bytes(22 * n))[:22] for n in reversed(range(count)))
    return data[:-2] + struct.pack("<H", len(records)) + records


@bomb("zip/bzip2", "a.zip", big=100, small=1)
def by_bzip2(mib: int) -> bytes:
    packed = bz2.compress(bytes(mib * MIB))
    return made((b"a.bin", packed, mib * MIB, zlib.crc32(bytes(mib * MIB)), 12), NOTE)


@bomb("zip/lzma", "a.zip", big=600, small=1)
@bomb("zip/lzma-with-a-huge-dictionary", "a.zip", big=(1, FULL), small=(1, 1 << 20))
def by_lzma(mib: int, dictionary: int = 1 << 20) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA1, "preset": 0, "dict_size": 1 << 20}]
    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters)
    stream = packer.compress(bytes(mib * MIB)) + packer.flush()
    packed = struct.pack("<BBHBL", 9, 20, 5, 0x5D, dictionary) + stream
    return made((b"a.bin", packed, mib * MIB, zlib.crc32(bytes(mib * MIB)), 14), NOTE)


@bomb("zip/empty-blocks", "a.zip", big=3 * MIB, small=10)
def empty_blocks(count: int) -> bytes:
    """A stream that goes on and says nothing."""
    packed = b"\0\0\0\xff\xff" * count + zlib.compress(b"x", 9, -15)
    return made((b"a.txt", packed, 1, zlib.crc32(b"x"), 8), NOTE)
