"""Archives as rare programs write them, cut ones, and what stands beside the content."""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import inflate64
import pyppmd
import pytest

from mailfilter.extract.containers.compressed import zstd
from tests.extract.making import zipped
from tests.extract.reading import NUMBER, contents, read, reasons

TEXT = f"nr {NUMBER}".encode() * 40
GOOD = zipped({"a.txt": TEXT})


def packed_by(method: int, packed: bytes) -> bytes:
    """A zip of one member that is packed already."""
    fields = (20, 0, method, 0, 0, zlib.crc32(TEXT), len(packed), len(TEXT), 5, 0)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + b"a.txt" + packed
    directory = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, 0) + b"a.txt"
    return (
        local
        + directory
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)
    )


def deflate64() -> bytes:
    packer = inflate64.Deflater()
    return packer.deflate(TEXT) + packer.flush()


def ppmd() -> bytes:
    """Order 6, 1 MiB of memory, restarted when it is full."""
    packer = pyppmd.Ppmd8Encoder(6, 1 << 20, 0)
    return struct.pack("<H", 5 | 0 << 4) + packer.encode(TEXT) + packer.flush()


RARE = {9: deflate64(), 93: zstd().compress(TEXT), 95: lzma.compress(TEXT), 98: ppmd()}


@pytest.mark.parametrize("method", RARE)
def test_rare_methods_of_zip_are_read(method):
    found = read(packed_by(method, RARE[method]), "a.zip")
    assert NUMBER in contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("method", RARE)
def test_noise_under_a_rare_method_is_broken(method):
    assert reasons(read(packed_by(method, b"\x07\xff" * 40), "a.zip")) == ["broken-archive"]


def test_a_bomb_of_deflate64_ends():
    packer = inflate64.Deflater()
    data = packer.deflate(bytes(40 << 20)) + packer.flush()
    assert "inflated-ratio" in reasons(read(packed_by(9, data), "a.zip"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (GOOD + b"tail", "ambiguous-archive"),
        (GOOD + bytes(100), "ambiguous-archive"),
        (GOOD + b"\1" * 70_000, "broken-archive"),
        (GOOD[:-30], "broken-archive"),
        (GOOD[: GOOD.index(b"PK\1\2")], "broken-archive"),
    ],
    ids=["tail", "zeros", "long tail", "cut in the directory", "no directory"],
)
def test_a_zip_without_a_good_end_is_read_and_said(data, reason):
    found = read(data, "a.zip")
    assert NUMBER in contents(found)
    assert reason in reasons(found)


def test_members_that_the_directory_does_not_list_are_read():
    other = zipped({"b.txt": b"hej"})
    found = read(GOOD[: GOOD.index(b"PK\1\2")] + other, "a.zip")
    assert NUMBER in contents(found)
    assert "ambiguous-archive" in reasons(found)


def test_comments_of_members_are_text():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.comment = NUMBER.encode()
        archive.writestr(entry, "hej")
    assert NUMBER in contents(read(out.getvalue(), "a.zip"))


def test_the_name_inside_a_gzip_is_text():
    out = io.BytesIO()
    with gzip.GzipFile(f"{NUMBER}.txt", "wb", fileobj=out) as stream:
        stream.write(b"hej")
    found = read(out.getvalue(), "a.gz")
    assert NUMBER in contents(found)
    assert reasons(found) == []


def test_lzma_before_xz_is_read():
    found = read(lzma.compress(TEXT, format=lzma.FORMAT_ALONE), "a.lzma")
    assert (NUMBER in contents(found), reasons(found)) == (True, [])


def sparse() -> bytes:
    """A file of 1 MiB with one piece at its end, as GNU tar writes it."""
    head = tarfile.TarInfo("a.txt")
    head.size, head.type = 512, tarfile.GNUTYPE_SPARSE
    block = bytearray(head.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (1 << 20, 512)
    block[483:495] = b"%011o\0" % ((1 << 20) + 512)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + TEXT[:512].ljust(512, b" ") + bytes(1024)


def test_what_is_stored_of_a_sparse_file_is_read():
    found = read(sparse(), "a.tar")
    assert (NUMBER in contents(found), reasons(found)) == (True, [])


@pytest.mark.parametrize("name", ["a.7z.002", "a.zip.003", "a.z01", "a.r17", "a.part2.rar"])
def test_a_piece_of_a_divided_archive_is_said_to_be_one(name):
    assert reasons(read(bytes(range(128, 256)) * 9, name)) == ["archive-piece"]
