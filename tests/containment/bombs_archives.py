"""Bombs that are other archives: 7z, rar, cab, lha, iso, cpio, ar, with headers that lie."""

import io
import struct
import zlib

import py7zr

from tests.containment.bomb import NR, bomb
from tests.containment.bombs_zip import MIB
from tests.extract import making_archives as making

_NOTE = NR.encode()
_NR = {"nr.txt": _NOTE}


def seven(members: dict, filters=None) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=filters) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()


@bomb("7z/flat", "a.7z", big=600, small=1)
def flat(mib: int) -> bytes:
    fast = [{"id": py7zr.FILTER_LZMA2, "preset": 0}]
    return seven({"a.bin": bytes(mib * MIB)} | _NR, fast)


@bomb("7z/solid-of-many-files", "a.7z", big=6000, small=5)
def solid(count: int) -> bytes:
    return seven({f"{n}.txt": b"x" for n in range(count)} | _NR)


def _start(header: bytes, packed: bytes = b"") -> bytes:
    start = struct.pack("<QQL", len(packed), len(header), zlib.crc32(header))
    return (
        b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + packed + header
    )


def _number(value: int) -> bytes:
    return b"\xff" + struct.pack("<Q", value)


@bomb("7z/claims-many-files", "a.7z", big=1 << 40, small=None)
@bomb("7z/claims-a-million-files", "a.7z", big=900_000, small=None)
def many_claimed(count: int | None) -> bytes:
    """A header that says how many files follow, and no files."""
    if count is None:
        return seven(_NR)
    return _start(b"\1\5" + _number(count) + b"\0\0")


@bomb("7z/claims-many-folders", "a.7z", big=1 << 40, small=None)
@bomb("7z/claims-a-hundred-million-streams", "a.7z", big=100_000_000, small=None)
def folders_claimed(count: int | None) -> bytes:
    if count is None:
        return seven(_NR)
    return _start(b"\1\4\7\x0b" + _number(count) + b"\0" + bytes(64))


@bomb("7z/header-in-a-header", "a.7z", big=300, small=0)
def packed_headers(levels: int) -> bytes:
    """An encoded header that unpacks to an encoded header that points to itself."""
    if not levels:
        return seven(_NR)
    header = (
        b"\x17\6" + _number(0) + b"\1\x09" + _number(64) + b"\0\7\x0b\1\0\1\1\0\x0c" + _number(64)
    )
    return _start(header + b"\0\0", header.ljust(64, b"\0"))


@bomb("7z/huge-dictionary", "a.7z", big=1 << 30, small=1 << 20)
def dictionary(size: int) -> bytes:
    """Eight bytes of dictionary size in the header, changed in place."""
    data = bytearray(seven(_NR, [{"id": py7zr.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]))
    at = data.rfind(b"\x21\x21\x01") + 3
    if at > 3 and size != 1 << 20:
        data[at] = 40
    if size != 1 << 20:
        header = bytes(data[32 + struct.unpack_from("<Q", data, 12)[0] :])
        start = data[12:28] + struct.pack("<L", zlib.crc32(header))
        data[8:32] = struct.pack("<L", zlib.crc32(start)) + start
    return bytes(data)


@bomb("rar/many-files", "a.rar", big=30_000, small=5)
def rar(count: int) -> bytes:
    return making.rar({f"{n}.txt": b"x" for n in range(count)} | _NR)


@bomb("rar/old-and-many-files", "a.rar", big=30_000, small=5)
def rar_old(count: int) -> bytes:
    return making.rar_old({f"{n}.txt": b"x" for n in range(count)} | _NR)


@bomb("rar/claims-a-huge-size", "a.rar", big=True, small=False)
def rar_claims(lying: bool) -> bytes:
    """The unpacked size of the last file is changed, and the checksum of its header."""
    data = making.rar_old(_NR)
    if not lying:
        return data
    at = data.rfind(b"nr.txt") - 32
    head = bytearray(data[at : at + 38])
    struct.pack_into("<2L", head, 7, 0xFFFFFFF0, 0xFFFFFFF0)
    head[:2] = struct.pack("<H", zlib.crc32(head[2:]) & 0xFFFF)
    return data[:at] + bytes(head) + data[at + 38 :]


@bomb("rar/huge-header", "a.rar", big=2_000_000, small=1)
def rar_header(size: int) -> bytes:
    return making.rar({"n" * size: b"x"} | _NR)


@bomb("cab/many-files", "a.cab", big=30_000, small=5)
def cab(count: int) -> bytes:
    return making.cab({f"{n}.txt": b"" for n in range(count)} | _NR)


@bomb("cab/claims-a-huge-folder", "a.cab", big=0xFFFF, small=0)
def cab_claims(blocks: int) -> bytes:
    data = bytearray(making.cab(_NR))
    if blocks:
        struct.pack_into("<L", data, 44, 0x7FFFFFFF)  # unpacked size of the first file
        struct.pack_into("<H", data, 40, blocks)
    return bytes(data)


@bomb("lha/many-files", "a.lzh", big=30_000, small=5)
def lha(count: int) -> bytes:
    return making.lha({f"{n}": b"" for n in range(count)} | _NR)


@bomb("lha/claims-a-huge-size", "a.lzh", big=0xFFFFFFF0, small=0)
def lha_claims(size: int) -> bytes:
    data = bytearray(making.lha(_NR))
    if size:
        struct.pack_into("<L", data, 7, size)
        data[1] = sum(data[2 : 2 + data[0]]) & 255
    return bytes(data)


@bomb("iso/directory-of-itself", "a.iso", big=True, small=False)
def iso(looping: bool) -> bytes:
    data = bytearray(making.written("iso9660", {"mapp/nr.txt": _NOTE}))
    if looping:
        root = struct.unpack_from("<L", data, 16 * 2048 + 158)[0]
        for at in range(root * 2048, min(len(data), (root + 8) * 2048) - 34):
            if data[at + 32 : at + 37] in (b"\4MAPP", b"\4mapp"):
                struct.pack_into("<L", data, at - 31 + 30 + 2, root)
        at = data.find(b"MAPP", root * 2048)
        if at > 33:
            struct.pack_into("<L", data, at - 33 + 2, root)
    return bytes(data)


@bomb("iso/huge-root", "a.iso", big=0xFFFFFFF0, small=0)
def iso_root(size: int) -> bytes:
    data = bytearray(making.written("iso9660", _NR))
    if size:
        struct.pack_into("<L", data, 16 * 2048 + 156 + 10, size)
        struct.pack_into(">L", data, 16 * 2048 + 156 + 14, size)
    return bytes(data)


@bomb("cpio/claims-a-huge-size", "a.cpio", big=0xFFFFFFFF, small=0)
def cpio(size: int) -> bytes:
    data = making.written("cpio_newc", _NR)
    return data[:54] + b"%08X" % size + data[62:] if size else data


@bomb("cpio/many-files", "a.cpio", big=30_000, small=5)
def cpio_many(count: int) -> bytes:
    return making.written("cpio_newc", {f"{n}": b"" for n in range(count)} | _NR)


@bomb("ar/claims-a-huge-size", "a.deb", big=b"9999999999", small=b"")
def ar(size: bytes) -> bytes:
    data = making.written("ar_bsd", _NR)
    return data[:56] + size + data[66:] if size else data
