"""OpenPGP messages that a password opens (`gpg -c`): which they are, and what is in them.

From → to: bytes or text with armour → the messages; a message and a password → the files in it.

A message for the keys of its recipients is for them (parse/protected.py); one with a key made of a
password is a file with a password, and a mail that tells the password shows it to everybody.

Invariants: linear; each try is paid for by what the message says its key costs; a password is right
if the repeated bytes and the checksum of the content agree; raises only `Unreadable`.

Sources: RFC 9580 3.7 (S2K), 4.2, 5.3, 5.7, 5.9, 5.13; LibrePGP (AEAD of GnuPG 2.3 and later).
Known gaps: Camellia, Twofish and IDEA; keys by Argon2; messages that are encrypted twice.
"""

import base64
import bz2
import hashlib
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mailfilter.extract.kit.budget import Budget, Unreadable, inflate
from mailfilter.extract.locked.tries import Tries

Packet = tuple[int, bytes]
_KEY_OF_PASSWORD, _COMPRESSED, _OLD, _LITERAL, _SEALED, _AEAD = 3, 8, 9, 11, 18, 20
_ENCRYPTED = (_OLD, _SEALED, _AEAD)
_HASHES = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
_HASHES |= {12: "sha3_256", 14: "sha3_512"}
_CIPHERS = {2: ("DES3", 24), 3: ("CAST", 16), 4: ("Blowfish", 16)}
_CIPHERS |= {7: ("AES", 16), 8: ("AES", 24), 9: ("AES", 32)}
_MODES = {1: ("MODE_EAX", 16), 2: ("MODE_OCB", 15), 3: ("MODE_GCM", 12)}
_TAG = 16  # bytes behind each chunk
_FIRST = (b"\x8c", b"\xc3")  # packets of keys made of passwords
_PACKETS, _DEPTH, _KEYS, _BLOCKS = 4000, 5, 4, 50
_HASHED = 300  # bytes of a key that is made in a microsecond
_DECRYPTED = 100
_BLOCK = re.compile(
    rb"-----BEGIN PGP MESSAGE[^\r\n]{0,80}-----[ \t]*\r?\n(.*?)-----END PGP MESSAGE", re.DOTALL
)
_HEAD = re.compile(rb"(?:[A-Za-z]{1,20}: [^\r\n]{0,200}\r?\n){0,9}[ \t]*\r?\n")
_SUM = re.compile(rb"\r?\n=[A-Za-z0-9+/]{4}\s*\Z")


class File(NamedTuple):
    """A file in a message; `name` may be empty."""

    name: str
    data: bytes


def messages(data: bytes) -> list[bytes]:
    """The messages in a file or a text that a password may open."""
    found = [data] if data[:1] >= b"\x80" else _in_armour(data)
    return [message for message in found if _is_locked(message)]


def is_bare(data: bytes) -> bool:
    """Whether a file without armour is such a message."""
    return data[:1] in _FIRST and _is_locked(data)


def _in_armour(data: bytes) -> list[bytes]:
    found = []
    for block in list(_BLOCK.findall(data))[:_BLOCKS]:
        head = _HEAD.match(block)
        body = _SUM.sub(b"", block[head.end() if head else 0 :].rstrip())
        try:
            found.append(base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", body)))
        except ValueError:
            continue
    return found


def _is_locked(message: bytes) -> bool:
    try:
        tags = [tag for tag, _ in _packets(message)]
    except Unreadable:
        return False
    return _KEY_OF_PASSWORD in tags and tags[-1] in _ENCRYPTED


def unlock(message: bytes, tries: Tries, budget: Budget) -> list[File] | None:
    """The files of the message if one of the passwords opens it."""
    every = list(_packets(message))
    keys = [content for tag, content in every if tag == _KEY_OF_PASSWORD][:_KEYS]
    for password in tries.passwords:
        for key in keys:
            try:
                plain = _opened(key, every[-1], password.encode(), tries)
            except (struct.error, IndexError, ValueError, KeyError):
                continue  # noise where a key should be, or a cipher that nobody has here
            if plain is not None:
                budget.take_bytes(len(plain))
                return _files(plain, budget)
    return None


def ciphers() -> dict[str, Any]:
    """The library's modules, which pyzipper and py7zr bring."""
    from Cryptodome.Cipher import AES, CAST, DES3, Blowfish

    return {"AES": AES, "CAST": CAST, "DES3": DES3, "Blowfish": Blowfish}


# ---- packets ----


def _packets(data: bytes) -> Iterator[Packet]:
    """(tag, content) of each; raises `Unreadable` for what is none."""
    at = 0
    for _ in range(_PACKETS):
        if at >= len(data):
            return
        head = data[at]
        if not head & 0x80:
            break
        if head & 0x40:
            tag, (content, at) = head & 0x3F, _content(data, at + 1)
        else:
            size = (1, 2, 4, 0)[head & 3]
            tag, begin = head >> 2 & 15, at + 1 + size
            at = begin + int.from_bytes(data[at + 1 : begin]) if size else len(data)
            content = data[begin:at]
        if at > len(data):
            break
        yield tag, content
    raise Unreadable("broken-document")


def _content(data: bytes, at: int) -> tuple[bytes, int]:
    """The content behind a length of the newer kind, which may come in pieces, and its end."""
    pieces = []
    while at < len(data):
        first = data[at]
        if 224 <= first < 255:
            end = at + 1 + (1 << (first & 31))
            pieces.append(data[at + 1 : end])
            at = end
            continue
        if first < 192:
            begin, length = at + 1, first
        elif first < 224:
            begin, length = at + 2, (first - 192 << 8) + int.from_bytes(data[at + 1 : at + 2]) + 192
        else:
            begin, length = at + 5, int.from_bytes(data[at + 1 : at + 5])
        return b"".join([*pieces, data[begin : begin + length]]), begin + length
    return b"".join(pieces), len(data) + 1


# ---- keys ----


def _made(told: bytes, password: bytes, size: int, tries: Tries) -> tuple[bytes, int]:
    """A key of a password by what `told` says (S2K), and the length of that."""
    kind, name = told[0], _HASHES[told[1]]
    length = {0: 2, 1: 10, 3: 11}[kind]
    salt = told[2:10] if kind else b""
    source = salt + password
    count = (16 + (told[10] & 15)) << (told[10] >> 4) + 6 if kind == 3 else 0
    count = max(count, len(source))
    key = b""
    while len(key) < size:
        tries.take(1 + count // _HASHED)
        hashed = hashlib.new(name, bytes(len(key) // hashlib.new(name).digest_size))
        whole = source * (min(count, 1 << 16) // len(source) + 1)
        whole = whole[: len(whole) // len(source) * len(source)]
        left = count
        while left > 0:
            hashed.update(whole[:left])
            left -= len(whole)
        key += hashed.digest()
    return key[:size], length


def _session(key: bytes, password: bytes, tries: Tries) -> tuple[int, bytes]:
    """(cipher, key) that the content is encrypted with."""
    version, cipher = key[0], key[1]
    if version == 4:
        made, length = _made(key[2:], password, _CIPHERS[cipher][1], tries)
        locked = key[2 + length :]
        if not locked:
            return cipher, made
        plain = _feedback(cipher, made, locked)
        return plain[0], plain[1:]
    if version == 6:
        key = key[:1] + key[2:]  # how long what follows is
        cipher = key[1]
    mode = key[2]
    told = key[4:] if version == 6 else key[3:]
    made, length = _made(told, password, _CIPHERS[cipher][1], tries)
    about = bytes([0xC3, version, cipher, mode])
    if version == 6:
        made = _derived(made, about, len(made), b"")
    size = _MODES[mode][1]
    rest = told[length:]
    return cipher, _verified(cipher, mode, made, rest[:size], rest[size:], about)


def _derived(key: bytes, about: bytes, size: int, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), size, salt or None, about).derive(key)


# ---- content ----


def _opened(key: bytes, locked: Packet, password: bytes, tries: Tries) -> bytes | None:
    """The packets inside, or None if this was not the password."""
    tag, content = locked
    cipher, session = _session(key, password, tries)
    if cipher not in _CIPHERS or len(session) != _CIPHERS[cipher][1]:
        return None
    if tag == _AEAD or content[:1] == b"\2":
        tries.take(len(content) // _DECRYPTED)
        return _chunks(tag, content, session)
    block = 16 if _CIPHERS[cipher][0] == "AES" else 8
    start = 1 if tag == _SEALED else 0
    head = _feedback(cipher, session, content[start : start + block + 2])
    if head[block - 2 : block] != head[block : block + 2]:
        return None
    tries.take(len(content) // _DECRYPTED)
    if tag == _SEALED:
        plain = _feedback(cipher, session, content[1:])
        right = plain[-22:-20] == b"\xd3\x14"
        right = right and hashlib.sha1(plain[:-20], usedforsecurity=False).digest() == plain[-20:]
        return plain[block + 2 : -22] if right else None
    return _feedback(cipher, session, content[block + 2 :], content[2 : block + 2])


def _feedback(cipher: int, key: bytes, data: bytes, start: bytes = b"") -> bytes:
    """Cipher feedback by whole blocks."""
    name = _CIPHERS[cipher][0]
    library = ciphers()[name]
    block = library.block_size
    opened = library.new(key, library.MODE_CFB, iv=start or bytes(block), segment_size=8 * block)
    plain: bytes = opened.decrypt(data + bytes(-len(data) % block))
    return plain[: len(data)]


def _verified(
    cipher: int, mode: int, key: bytes, nonce: bytes, locked: bytes, about: bytes
) -> bytes:
    """Decrypts what has a tag at its end; ValueError if that does not fit."""
    library = ciphers()[_CIPHERS[cipher][0]]
    opened = library.new(key, getattr(library, _MODES[mode][0]), nonce=nonce)
    opened.update(about)
    if _MODES[mode][0] == "MODE_OCB":
        plain: bytes = opened.decrypt(locked[:-_TAG]) + opened.decrypt()
        opened.verify(locked[-_TAG:])
        return plain
    whole: bytes = opened.decrypt_and_verify(locked[:-_TAG], locked[-_TAG:])
    return whole


def _chunks(tag: int, content: bytes, session: bytes) -> bytes:
    """The newer kind: chunks, each with a tag; GnuPG's (tag 20) and that of RFC 9580."""
    version, cipher, mode, power = content[:4]
    size = _MODES[mode][1]
    about = bytes([0xC0 | tag, version, cipher, mode, power])
    if tag == _AEAD:
        key, nonce, rest = session, content[4 : 4 + size], content[4 + size : -_TAG]
    else:
        long = len(session) + size - 8
        made = _derived(session, about, long, content[4:36])
        key, nonce, rest = made[: len(session)], made[len(session) :] + bytes(8), content[36:-_TAG]
    step, plain = (1 << min(power, 16) + 6) + _TAG, []
    for n, at in enumerate(range(0, len(rest), step)):
        numbered = about + struct.pack(">Q", n) if tag == _AEAD else about
        low = int.from_bytes(nonce[-8:]) ^ n
        each = nonce[:-8] + low.to_bytes(8)
        plain.append(_verified(cipher, mode, key, each, rest[at : at + step], numbered))
    return b"".join(plain)


def _files(data: bytes, budget: Budget, depth: int = 0) -> list[File]:
    """The literal data, in whatever it is packed."""
    found: list[File] = []
    if depth > _DEPTH:
        raise Unreadable("too-deep")
    for tag, content in _packets(data):
        if tag == _COMPRESSED:
            found += _files(_unpacked(content, budget), budget, depth + 1)
        elif tag == _LITERAL and len(content) > 1:
            size = content[1]
            name = content[2 : 2 + size].decode("utf-8", "replace")
            found.append(File("" if name == "_CONSOLE" else name, content[6 + size :]))
        elif tag in _ENCRYPTED:
            raise Unreadable("encrypted")
    return found


def _unpacked(content: bytes, budget: Budget) -> bytes:
    makers = {1: lambda: zlib.decompressobj(-15), 2: zlib.decompressobj, 3: bz2.BZ2Decompressor}
    if content[:1] == b"\0":
        return content[1:]
    maker: Any = makers.get(content[0]) if content else None
    if maker is None:
        raise Unreadable("broken-document")
    try:
        return inflate(content[1:], maker, budget).data
    except (zlib.error, OSError, EOFError):
        raise Unreadable("broken-document") from None


def names(files: Sequence[File]) -> str:
    """The names of the files, a line each."""
    return "\n".join(file.name for file in files if file.name)
