"""Zip members with a password: the old cipher (ZipCrypto) and WinZip's AES.

From → to: a zip, candidates → (number, name, content) of each member that one of them opens.
Container and unpacking are our own (container.py): only the cipher lies between them.

A password fits if the content comes out exactly as the directory announces: length and checksum,
with AES the authentication code too. The two bytes that both ciphers carry for a quick look sort
out nearly all wrong ones before that.

Invariants: raises nothing but `Unreadable` for a spent budget.
Sources: APPNOTE 6.3.10 section 6.1; "AES Encryption Information" of WinZip.
Known gaps: the strong encryption of PKWARE (flag bit 6); ZipCrypto goes through Python byte by
byte, some 3 MB/s, and is paid for.
"""

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from mailfilter.extract.containers.container import Archive, Member, open_archive
from mailfilter.extract.kit.budget import SPENT, Budget, Unreadable
from mailfilter.extract.locked.tries import Tries

_AES_FIELD, _AES = 0x9901, 99
_KEYS = {1: 16, 2: 24, 3: 32}  # strength → bytes of the key; the salt has half as many
_CHECK, _CODE, _HEADER = 2, 10, 12
_STRONG = 0x40
_TRY = 30  # microseconds to look at the twelve bytes of ZipCrypto
_TRY_AES = 1500  # for a thousand rounds of PBKDF2


def unlock(data: bytes, tries: Tries, budget: Budget) -> Iterator[tuple[int, str, bytes]]:
    """Members that open, numbered as in the directory."""
    archive = open_archive(data, budget)
    keys = list(dict.fromkeys(key for each in tries.passwords for key in _spellings(each)))
    for n, entry in enumerate(archive.members, 1):
        if not entry.encrypted or entry.flags & _STRONG:
            continue
        opened = _member(archive, entry, keys, tries, budget)
        if opened is None:
            continue
        key, content = opened
        keys.remove(key)  # what opened one member is tried first on the next
        keys.insert(0, key)
        yield n, entry.name, content


def _spellings(password: str) -> Iterator[bytes]:
    """The bytes that different programs make of one password."""
    for charset in ("utf-8", "cp1252", "cp850"):
        try:
            yield password.encode(charset)
        except UnicodeEncodeError:
            continue


def _member(
    archive: Archive, entry: Member, keys: list[bytes], tries: Tries, budget: Budget
) -> tuple[bytes, bytes] | None:
    """(key, content) of a member."""
    for key in keys:
        try:
            opened = _aes if entry.method == _AES else _old
            content = opened(archive, entry, key, tries, budget)
        except Unreadable as problem:
            if problem.code in (*SPENT, "encrypted", "inflated-ratio"):
                raise
            content = None  # noise where a stream should be
        if content is not None:
            return key, content
    return None


def _old(archive: Archive, entry: Member, key: bytes, tries: Tries, budget: Budget) -> bytes | None:
    """ZipCrypto: twelve bytes of noise, of which the last repeats a byte of checksum or time."""
    tries.take(_TRY)
    start = archive.start(entry)
    (time,) = struct.unpack_from("<H", archive.data, entry.offset + 10)
    packed = archive.data[start : start + entry.packed]
    check = _decrypt(key, packed[:_HEADER])[-1:]
    if not check or check[0] not in (entry.crc >> 24, time >> 8 if entry.flags & 8 else -1):
        return None
    tries.take(len(packed) // 3)
    plain = _decrypt(key, packed)[_HEADER:]
    content, whole = archive.unpack(entry, entry.method, memoryview(plain), budget)
    return content if whole and zlib.crc32(content) == entry.crc else None


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _table()


def _decrypt(key: bytes, data: bytes) -> bytes:
    """The cipher: three numbers that every byte of key and content moves on."""
    one, two, three = 0x12345678, 0x23456789, 0x34567890
    crc = _CRC
    for byte in key:
        one = one >> 8 ^ crc[(one ^ byte) & 255]
        two = ((two + (one & 255)) * 134775813 + 1) & 0xFFFFFFFF
        three = three >> 8 ^ crc[(three ^ two >> 24) & 255]
    out = bytearray()
    for byte in data:
        mixed = three & 0xFFFF | 2
        byte ^= (mixed * (mixed ^ 1)) >> 8 & 255  # noqa: PLW2901 - decrypted in place
        out.append(byte)
        one = one >> 8 ^ crc[(one ^ byte) & 255]
        two = ((two + (one & 255)) * 134775813 + 1) & 0xFFFFFFFF
        three = three >> 8 ^ crc[(three ^ two >> 24) & 255]
    return bytes(out)


def _aes(archive: Archive, entry: Member, key: bytes, tries: Tries, budget: Budget) -> bytes | None:
    """AES in counter mode: salt, two bytes to check the password, content, code."""
    version, strength, method = _aes_field(entry.extra)
    size = _KEYS.get(strength, 0)
    start = archive.start(entry)
    packed = memoryview(archive.data)[start : start + entry.packed]
    if not size or len(packed) < size // 2 + _CHECK + _CODE:
        return None
    tries.take(_TRY_AES)
    salt, check = bytes(packed[: size // 2]), packed[size // 2 : size // 2 + _CHECK]
    derived = hashlib.pbkdf2_hmac("sha1", key, salt, 1000, 2 * size + _CHECK)
    if derived[2 * size :] != check:
        return None
    locked, code = packed[size // 2 + _CHECK : -_CODE], bytes(packed[-_CODE:])
    found = hmac.digest(derived[size : 2 * size], locked, "sha1")[:_CODE]
    if not hmac.compare_digest(found, code):
        return None
    budget.take_bytes(len(locked))
    plain = memoryview(_counter(derived[:size], locked))
    content, whole = archive.unpack(entry, method, plain, budget)
    return content if whole and (version == 2 or zlib.crc32(content) == entry.crc) else None


def _aes_field(extra: bytes) -> tuple[int, int, int]:
    """(version, strength, method of packing) from the extra field; zeros if there is none."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _AES_FIELD and size >= 7 and at + 11 <= len(extra):
            version, _, strength, method = struct.unpack_from("<HHBH", extra, at + 4)
            return version, strength, method
        at += 4 + size
    return 0, 0, 0


def ciphers() -> tuple[Any, Any]:
    """The library, that pyzipper and py7zr bring."""
    from Cryptodome.Cipher import AES
    from Cryptodome.Util import Counter

    return AES, Counter


def _counter(key: bytes, locked: memoryview) -> bytes:
    """AES with a counter that grows from its low end, unlike everyone else's."""
    AES, Counter = ciphers()  # noqa: N806 - names of the library
    cipher = AES.new(key, AES.MODE_CTR, counter=Counter.new(128, little_endian=True))
    return bytes(cipher.decrypt(bytes(locked)))
