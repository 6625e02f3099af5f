"""Bombs that are locked: many archives times many passwords, keys that are slow to make."""

import io
import struct
import zlib

import py7zr

from tests.containment.bomb import MAIL, NR, bomb, many
from tests.extract import documents
from tests.extract.making import word
from tests.extract.making_archives import PASSWORD, office, seven_zip, zip_aes, zip_old

_NR = NR.encode()


def passwords(count: int) -> str:
    return "\n".join(f"lösenord: Hemligt{n}x" for n in range(count)) + f"\nlösenord: {PASSWORD}"


@bomb("locked/many-archives-times-many-passwords", MAIL, big=(300, 39), small=(1, 1))
def archives(count: int, words: int) -> bytes:
    last = [("z.zip", zip_aes({"nr.txt": _NR}))]
    other = zip_aes({"a.txt": b"x" * 1000}, "obekant")
    return many([(f"{n}.zip", other) for n in range(count - 1)] + last, passwords(words))


@bomb("locked/many-members-times-many-passwords", MAIL, big=(3000, 39), small=(1, 1))
def members(count: int, words: int) -> bytes:
    data = zip_aes(
        {f"{n}.txt": b"x" for n in range(count)} | {"nr.txt": _NR},
        "obekant" if count > 1 else PASSWORD,
    )
    return many([("a.zip", data)], passwords(words))


@bomb("locked/large-archives", MAIL, big=(12, 39), small=(1, 1))
def large(count: int, words: int) -> bytes:
    data = zip_aes(
        {"a.bin": bytes(50 << 20), "nr.txt": _NR} if count > 1 else {"nr.txt": _NR},
        "obekant" if count > 1 else PASSWORD,
    )
    return many([(f"{n}.zip", data) for n in range(count)], passwords(words))


@bomb("locked/old-cipher", MAIL, big=(200, 39), small=(1, 1))
def old_cipher(count: int, words: int) -> bytes:
    data = zip_old({"a.txt": b"x" * 100_000 if count > 1 else _NR})
    return many(
        [(f"{n}.zip", data) for n in range(count)],
        passwords(words) if count == 1 else passwords(words).replace(PASSWORD, "fel"),
    )


@bomb("locked/many-7z", MAIL, big=(60, 39), small=(1, 1))
def sevens(count: int, words: int) -> bytes:
    data = seven_zip({"nr.txt": _NR}, PASSWORD if count == 1 else "obekant")
    return many([(f"{n}.7z", data) for n in range(count)], passwords(words))


@bomb("locked/7z-with-a-slow-key", MAIL, big=30, small=19)
def slow_seven(cycles: int) -> bytes:
    """The number of rounds in the header is changed: 2 ** 30 instead of 2 ** 19."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=PASSWORD) as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(_NR, "nr.txt")
    data = bytearray(out.getvalue())
    at = 32 + struct.unpack_from("<Q", data, 12)[0]
    header = data[at:]
    place = header.index(b"\x06\xf1\x07\x01") + 5
    header[place] = header[place] & 0xC0 | cycles
    start = data[12:28] + struct.pack("<L", zlib.crc32(header))
    data[8:32] = struct.pack("<L", zlib.crc32(start)) + start
    return many([("a.7z", bytes(data[:at] + header))], passwords(5))


@bomb("locked/office-with-a-slow-key", MAIL, big=b"10000000", small=b"100000")
@bomb("locked/office-with-no-end", MAIL, big=b"4000000000", small=b"100000")
def slow_office(spins: bytes) -> bytes:
    """The number of rounds is written longer, a word of the XML declaration shorter."""
    data = office(word(NR))
    grown = len(spins) - len(b"100000")
    if grown:
        assert data.count(b'standalone="yes"') == 1
        data = data.replace(b'standalone="yes"', b" " * (16 - 2 * grown))
        data = data.replace(b'spinCount="100000"', b'spinCount="' + spins + b'"')
    return many([("a.docx", data)], passwords(5))


@bomb("locked/many-office-files", MAIL, big=(40, 39), small=(1, 1))
def offices(count: int, words: int) -> bytes:
    told = passwords(words) if count == 1 else passwords(words).replace(PASSWORD, "fel")
    return many([(f"{n}.docx", office(word(NR))) for n in range(count)], told)


@bomb("locked/many-pdf", MAIL, big=(300, 39), small=(1, 1))
def pdfs(count: int, words: int) -> bytes:
    data = documents.locked_pdf(PASSWORD if count == 1 else "obekant")
    return many([(f"{n}.pdf", data) for n in range(count)], passwords(words))


@bomb("locked/large-pdf", MAIL, big=30 << 20, small=0)
def large_pdf(size: int) -> bytes:
    data = documents.locked_pdf("obekant" if size else PASSWORD)
    return many([("a.pdf", data + b"%" + b"x" * size)], passwords(39))
