"""Bombs that are streams and tapes: gz, bz2, xz, lzma, zst, tar."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib

from mailfilter.extract.containers.compressed import zstd
from tests.containment.bomb import NR, bomb
from tests.containment.bombs_zip import MIB, zeros

_NOTE = NR.encode()


def gzip_of_zeros(mib: int) -> bytes:
    """With the number at its end."""
    packer = zlib.compressobj(9, wbits=-15)
    tail = packer.compress(_NOTE) + packer.flush()
    block = zlib.compressobj(9, wbits=-15)
    block = block.compress(b" " * MIB) + block.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(b" " * mib * MIB + _NOTE) if mib < 16 else 0
    size = (mib * MIB + len(_NOTE)) & 0xFFFFFFFF
    return b"\x1f\x8b\x08" + bytes(7) + block * mib + tail + struct.pack("<2L", crc, size)


bomb("gzip/flat", "a.txt.gz", big=4200, small=1)(gzip_of_zeros)


@bomb("gzip/in-gzip", "a.txt.gz.gz.gz.gz", big=(4, 4200), small=(2, 1))
@bomb("gzip/thirty-times-in-itself", "a.gz", big=(30, 1), small=(2, 1))
def stages(levels: int, mib: int) -> bytes:
    data = gzip_of_zeros(mib)
    for _ in range(levels - 1):
        data = gzip.compress(data, 9, mtime=0)
    return data


@bomb("gzip/many-streams", "a.txt.gz", big=500_000, small=20)
def many_gzip(count: int) -> bytes:
    return gzip.compress(b"x", mtime=0) * count + gzip.compress(_NOTE, mtime=0)


@bomb("gzip/long-name", "a.txt.gz", big=20 * MIB, small=20)
def named(size: int) -> bytes:
    data = gzip.compress(_NOTE, mtime=0)
    return data[:3] + b"\x08" + data[4:10] + b"n" * size + b"\0" + data[10:]


@bomb("gzip/three-packings", "a.txt.xz.bz2.gz", big=700, small=1)
def mixed(mib: int) -> bytes:
    return gzip.compress(bz2.compress(lzma.compress(b" " * mib * MIB + _NOTE, preset=0)), mtime=0)


@bomb("bzip2/flat", "a.txt.bz2", big=700, small=1)
def flat_bzip2(mib: int) -> bytes:
    return bz2.compress(b" " * mib * MIB + _NOTE)


@bomb("bzip2/many-streams", "a.txt.bz2", big=100_000, small=20)
def many_bzip2(count: int) -> bytes:
    return bz2.compress(b"x") * count + bz2.compress(_NOTE)


@bomb("bzip2/tiny-streams-of-large-blocks", "a.txt.bz2", big=900, small=2)
def tiny_bzip2(count: int) -> bytes:
    return bz2.compress(b"ab" * 400_000) * count + bz2.compress(_NOTE)


@bomb("xz/flat", "a.txt.xz", big=700, small=1)
def flat_xz(mib: int) -> bytes:
    return lzma.compress(b" " * mib * MIB + _NOTE, preset=0)


@bomb("xz/many-streams", "a.txt.xz", big=50_000, small=20)
def many_xz(count: int) -> bytes:
    return lzma.compress(b"x") * count + lzma.compress(_NOTE)


@bomb("xz/huge-dictionary", "a.txt.xz", big=1536 * MIB, small=MIB)
def dictionary_xz(size: int) -> bytes:
    data = lzma.compress(_NOTE, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": MIB}])
    bits = next(n for n in range(41) if (2 | n & 1) << (n // 2 + 11) >= size)
    header = bytearray(data[12:24])
    at = header.index(b"\x21\x01") + 2
    header[at] = bits
    header[8:12] = struct.pack("<L", zlib.crc32(header[:8]))
    return data[:12] + bytes(header) + data[24:]


@bomb("lzma/flat", "a.txt.lzma", big=700, small=None)
def alone(mib: int | None) -> bytes:
    """The old format without a mark: it is said to be unread."""
    return lzma.compress(b" " * mib * MIB + _NOTE, lzma.FORMAT_ALONE) if mib else _NOTE


@bomb("zstd/flat", "a.txt.zst", big=4200, small=1)
def flat_zstd(mib: int) -> bytes:
    """Blocks that repeat one byte, four bytes for 128 KiB each."""
    block = struct.pack("<L", 128 * 1024 << 3 | 1 << 1)[:3] + b" "
    last = struct.pack("<L", len(_NOTE) << 3 | 1)[:3] + _NOTE
    return b"\x28\xb5\x2f\xfd\x00\x58" + block * (8 * mib) + last


@bomb("zstd/many-frames", "a.txt.zst", big=300_000, small=20)
def many_zstd(count: int) -> bytes:
    return zstd().compress(b"x") * count + zstd().compress(_NOTE)


@bomb("zstd/huge-window", "a.txt.zst", big=0xF8, small=0x58)
def window(code: int) -> bytes:
    last = struct.pack("<L", len(_NOTE) << 3 | 1)[:3] + _NOTE
    return b"\x28\xb5\x2f\xfd\x00" + bytes([code]) + last


@bomb("zstd/skipped-frames", "a.txt.zst", big=1_000_000, small=0)
def skipped(count: int) -> bytes:
    return zstd().compress(b"x") + b"\x50\x2a\x4d\x18\0\0\0\0" * count + zstd().compress(_NOTE)


# ---- tar -----------------------------------------------------------------------------------


def tape(*members: tuple[tarfile.TarInfo, bytes], form=tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def info(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry


_LAST = (info("nr.txt", len(_NOTE)), _NOTE)


@bomb("tar/many-files", "a.tar", big=40_000, small=20)
def many_tar(count: int) -> bytes:
    return tape(*((info(f"{n}"), b"") for n in range(count)), _LAST)


@bomb("tar/huge-size", "a.tar", big=1 << 60, small=3)
def huge(size: int) -> bytes:
    """The header promises more than there is."""
    return (
        _LAST[0].tobuf() + _NOTE.ljust(512, b"\0") + info("a", size).tobuf() + b"abc".ljust(10240)
    )


@bomb("tar/negative-size", "a.tar", big=-(1 << 40), small=0)
def negative(size: int) -> bytes:
    head = bytearray(info("a").tobuf())
    if size:
        head[124:136] = b"\xff" + (size & (1 << 88) - 1).to_bytes(11, "big")
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
    return tape(_LAST)[:1024] + bytes(head) + bytes(10240)


@bomb("tar/sparse", "a.tar", big=1 << 50, small=512)
def sparse(size: int) -> bytes:
    """A file of a petabyte that holds half a kilobyte at its end."""
    head = bytearray(info("a.txt", 512, tarfile.GNUTYPE_SPARSE).tobuf())
    head[386:398] = b"\x80" + (size - 512).to_bytes(11, "big")
    head[398:410] = b"%011o\0" % 512
    head[483:495] = b"\x80" + size.to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + _NOTE.ljust(512, b" ") + bytes(10240)


@bomb("tar/long-names", "a.tar", big=400, small=2)
def long_tar(count: int) -> bytes:
    return tape(*((info(f"{n}" + "n" * 60_000), b"") for n in range(count)), _LAST)


@bomb("tar/flood-of-pax-fields", "a.tar", big=200_000, small=2)
def pax(count: int) -> bytes:
    entry = info("nr.txt", len(_NOTE))
    entry.pax_headers = {f"k{n}": "v" for n in range(count)}
    return tape((entry, _NOTE), form=tarfile.PAX_FORMAT)


@bomb("tar/chain-of-long-names", "a.tar", big=30_000, small=1)
def chained(count: int) -> bytes:
    """Each long name is followed by another header of a long name."""
    head = info("././@LongLink", 2, tarfile.GNUTYPE_LONGNAME).tobuf()
    return (head + b"a\0".ljust(512, b"\0")) * count + tape(_LAST)


@bomb("tar/in-gzip", "a.tgz", big=4000, small=1)
def in_gzip(mib: int) -> bytes:
    head = info("a.bin", mib * MIB).tobuf(tarfile.GNU_FORMAT)
    last = tape(_LAST)
    raw = zlib.compressobj(9, wbits=-15)
    first = raw.compress(last[:1024] + head) + raw.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(last[:1024] + head + bytes(mib * MIB)) if mib < 16 else 0
    size = (1024 + 512 + mib * MIB) & 0xFFFFFFFF
    return b"\x1f\x8b\x08" + bytes(7) + first + zeros(mib) + struct.pack("<2L", crc, size)
