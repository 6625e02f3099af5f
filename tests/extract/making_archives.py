"""Archives with the test number in a hiding place, and files with a password.

7z by py7zr and libarchive, iso, cpio, ar and packed streams by libarchive, zips with a password by
pyzipper (AES) and libarchive (the old cipher), new Office files by msoffcrypto, pdf by fpdf2 and
reportlab. No free program writes rar, cab or lha: those are put together here from the published
descriptions, stored and not packed.
"""

import binascii
import hashlib
import io
import struct

import fpdf
import msoffcrypto
import olefile
import py7zr
import pytest
import pyzipper
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from msoffcrypto.format.ooxml import OOXMLFile
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from mailfilter.extract.archive.library import load
from tests.extract.making import compound, old_excel
from tests.extract.making_old import compound_file, word_97
from tests.extract.reading import NUMBER

if load() is None:
    pytest.skip("libarchive is not installed", allow_module_level=True)
import libarchive

PASSWORD = "Sommar2026"
TEXT = f"nr {NUMBER}".encode()
NOTE = {"mapp/anteckning.txt": TEXT}


def written(form: str, members: dict, packing=None, **more) -> bytes:
    """An archive by libarchive's writer."""
    out = io.BytesIO()
    with libarchive.custom_writer(out.write, form, packing, **more) as archive:
        for name, data in members.items():
            archive.add_file_from_memory(name, len(data), data)
    return out.getvalue()


def seven_zip(members: dict, password=None, *, names=False) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password, header_encryption=names) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()


# ---- rar -----------------------------------------------------------------------------------


def _old_block(kind: int, flags: int, body: bytes, data: bytes = b"") -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", binascii.crc32(head) & 0xFFFF) + head + data


def _old_file(name: str, data: bytes, kind=0x74, flags=0x8000) -> bytes:
    raw = name.replace("/", "\\").encode("latin-1")
    crc = binascii.crc32(data)
    body = struct.pack("<2IBIIBBHI", len(data), len(data), 2, crc, 0, 20, 0x30, len(raw), 0x20)
    return _old_block(kind, flags, body + raw, data)


def rar_old(members: dict, *, comment=b"", locked=False) -> bytes:
    """RAR 4: marker, main block, files, end."""
    flags = 0x8004 if locked else 0x8000
    files = b"".join(_old_file(name, data, flags=flags) for name, data in members.items())
    service = _old_file("CMT", comment, kind=0x7A) if comment else b""
    main = _old_block(0x73, 0, b"\0" * 6)
    return b"Rar!\x1a\x07\x00" + main + service + files + _old_block(0x7B, 0x4000, b"")


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _new_block(kind: int, body: bytes, data: bytes | None = None) -> bytes:
    flags = _number(2) + _number(len(data)) if data is not None else _number(0)
    head = _number(kind) + flags + body
    head = _number(len(head)) + head
    return struct.pack("<I", binascii.crc32(head)) + head + (data or b"")


def _new_file(name: str, data: bytes, kind=2) -> bytes:
    raw = name.rstrip("/").encode()
    if name.endswith("/"):
        body = _number(1) + _number(0) + _number(0x10) + _number(0) * 2 + _number(len(raw)) + raw
        return _new_block(kind, body, b"")
    body = _number(4) + _number(len(data)) + _number(0x20) + struct.pack("<I", binascii.crc32(data))
    return _new_block(kind, body + _number(0) + _number(0) + _number(len(raw)) + raw, data)


def rar(members: dict, *, comment=b"") -> bytes:
    """RAR 5: marker, main block, service, files, end."""
    files = b"".join(_new_file(name, data) for name, data in members.items())
    service = _new_file("CMT", comment, kind=3) if comment else b""
    main, end = _new_block(1, _number(0)), _new_block(5, _number(0))
    return b"Rar!\x1a\x07\x01\x00" + main + service + files + end


# ---- cab, lha ------------------------------------------------------------------------------


def cab(members: dict) -> bytes:
    """A cabinet of one folder that is not packed."""
    data = b"".join(members.values())
    files, at = b"", 0
    for name, content in members.items():
        files += struct.pack("<IIHHHH", len(content), at, 0, 0x5A21, 0, 0x80)
        files += name.replace("/", "\\").encode() + b"\0"
        at += len(content)
    start = 36 + 8 + len(files)
    blocks = struct.pack("<IHH", 0, len(data), len(data)) + data
    head = struct.pack(
        "<4s5I2B5H", b"MSCF", 0, start + len(blocks), 0, 44, 0, 3, 1, 1, len(members), 0, 7, 0
    )
    return head + struct.pack("<IHH", start, 1, 0) + files + blocks


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def lha(members: dict) -> bytes:
    """Headers of level 0, method -lh0-."""
    out = b""
    for name, data in members.items():
        raw = name.encode()
        body = b"-lh0-" + struct.pack("<2IIBB", len(data), len(data), 0x5A210000, 0x20, 0)
        body += bytes([len(raw)]) + raw + struct.pack("<H", _crc16(data))
        out += bytes([len(body), sum(body) & 255]) + body + data
    return out + b"\0"


# ---- with a password -----------------------------------------------------------------------


def zip_aes(members: dict, password=PASSWORD, bits=256) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", pyzipper.ZIP_DEFLATED, encryption=None) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def zip_old(members: dict, password=PASSWORD) -> bytes:
    return written("zip", members, options="zip:encryption=zipcrypt", passphrase=password)


def office(data: bytes, password=PASSWORD) -> bytes:
    """A new Office file as Office encrypts it."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, out)
    assert msoffcrypto.OfficeFile(out).is_encrypted()
    return out.getvalue()


def _rc4_key(password: str, salt: bytes, block: int) -> bytes:
    """MS-OFFCRYPTO 2.3.6.2."""
    first = hashlib.md5(password.encode("utf-16-le")).digest()[:5]
    middle = hashlib.md5((first + salt) * 16).digest()[:5]
    return hashlib.md5(middle + struct.pack("<I", block)).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    return Cipher(ARC4(key), mode=None).encryptor().update(data)


_SALT = b"s" * 16


def _rc4_lock(password: str) -> bytes:
    """Version, salt and verifier, as they stand in front."""
    verifier = b"v" * 16
    check = _rc4(_rc4_key(password, _SALT, 0), verifier + hashlib.md5(verifier).digest())
    return struct.pack("<2H", 1, 1) + _SALT + check


def _rc4_all(password: str, data: bytes, size: int) -> bytearray:
    """In blocks of `size`, each with a key of its own."""
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    return bytearray().join(
        _rc4(_rc4_key(password, _SALT, n), block) for n, block in enumerate(blocks)
    )


def word_old(password=PASSWORD) -> bytes:
    """A Word 97 file with the RC4 of that time: all but the first 68 bytes of the text's stream."""
    with olefile.OleFileIO(io.BytesIO(word_97([f"Hej {NUMBER}\r"]))) as plain:
        stream = bytearray(plain.openstream("WordDocument").read())
        table = plain.openstream("1Table").read()
    lock = _rc4_lock(password)
    stream[11] |= 1
    struct.pack_into("<I", stream, 14, len(lock))
    struct.pack_into("<I", stream, 0x1A2, len(lock))
    head = bytes(stream[:68])
    locked = head + _rc4_all(password, bytes(stream), 512)[68:]
    table = lock + _rc4_all(password, lock + table, 512)[len(lock) :]
    return compound_file({"WordDocument": bytes(locked), "1Table": bytes(table)})


def excel_old(password=PASSWORD) -> bytes:
    """A BIFF8 workbook with the RC4 of Office 97: contents of records are encrypted, heads not."""
    lock = struct.pack("<H", 1) + _rc4_lock(password)
    plain = old_excel(locked=True)
    start = plain.find(struct.pack("<2H", 0x809, 16))
    plain = plain[start:].replace(
        b"\x2f\x00\x36\x00\x01\x00" + b"\0" * 52, b"\x2f\x00\x36\x00" + lock
    )
    end = plain.rindex(b"\x0a\x00\x00\x00") + 4
    book = plain[:end] + struct.pack("<2H", 0x99, 4092 - end).ljust(4096 - end, b"\0")
    keep, at = [], 0
    while at < len(book):
        kind, size = struct.unpack_from("<2H", book, at)
        open_part = size if kind in (0x809, 0x2F) else 4 if kind == 0x85 else 0
        keep += [*range(at, at + 4 + open_part)]
        at += 4 + size
    mixed = _rc4_all(password, book, 1024)
    for at in keep:
        mixed[at] = book[at]
    return compound({"Workbook": bytes(mixed)})


def pdf(user=PASSWORD, text=NUMBER, method=fpdf.enums.EncryptionMethod.AES_256) -> bytes:
    document = fpdf.FPDF()
    document.set_encryption(owner_password="chef", user_password=user, encryption_method=method)
    document.add_page()
    document.set_font("helvetica", size=12)
    document.cell(text=text)
    return bytes(document.output())


def pdf_old(user=PASSWORD, text=NUMBER) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption(user, ownerPassword="chef", strength=128))
    canvas.drawString(72, 700, text)
    canvas.save()
    return out.getvalue()
