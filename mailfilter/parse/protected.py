"""Cryptographic mail: what is encrypted for the recipient, what is signed, what is a signature.

From → to: `smime` says what a CMS object is and gives back content that is only signed; `armour`
says what the PGP messages in a text are; `is_encrypted` and `is_signature` judge whole parts.

A label is not believed: "encrypted" passes by default and a signature is skipped (V2), so
a part that merely says so is neither. A CMS object must fill its part to the last byte. OpenPGP
data must be session keys and encrypted data, packet by packet, and nothing else; armour may have
comments, but no long numbers in them. What is encrypted must look so (`sealed`), and `remarks` is
what can be read of it: comments, odd lines, letters between the keys.

Invariants: linear, no recursion, never raises; sizes that point outside give `Kind.UNKNOWN`.
Sources: RFC 5652, RFC 8551, X.690 (BER, indefinite lengths as streaming signers write them),
RFC 9580, RFC 3156. Known gap: compressed CMS is not opened.
"""

import re
from collections import Counter
from enum import Enum, auto

from mailfilter import sealed
from mailfilter.parse.words import base64_leniently

SIGNATURE_SIZE = 64 * 1024  # a detached signature with its certificates
PACKETS = 2000  # twice limits.RECIPIENTS: a session key for each

_OID = bytes.fromhex("2a864886f70d0107")  # 1.2.840.113549.1.7.
_AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
_SIGNED, _ENVELOPED = _OID + b"\x02", _OID + b"\x03"
_SEQUENCE, _SET, _INTEGER, _OBJECT, _CONTEXT = 0x30, 0x31, 0x02, 0x06, 0xA0
_OCTETS, _OCTETS_IN_PIECES, _PRIMITIVE = 0x04, 0x24, 0x80
_BEGIN, _END = b"-----BEGIN PGP MESSAGE", b"-----END PGP MESSAGE-----"
_BLOCK = re.compile(  # of lines that say nothing to people
    rb"-----BEGIN PGP (MESSAGE|SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*\r?\n"
    rb"((?:(?:Version|Comment|Hash|Charset|MessageID): [^\r\n]{0,80}\r?\n){0,5})[ \t]*\r?\n"
    rb"((?:[A-Za-z0-9+/=]{1,76}[ \t]*\r?\n)++)-----END PGP \1-----"
)
_LONG_NUMBER = re.compile(rb"[0-9][0-9 -]{7,}")
_CHECKSUM = re.compile(rb"^=[A-Za-z0-9+/]{4}[ \t]*\r?$", re.MULTILINE)
_SESSION_KEYS = {1, 3, 10, 21}  # and marker, padding
_ENCRYPTED_DATA = {9, 18, 20}
_KEY_OF_PASSWORD = 3
_VERSION = re.compile(rb"\s*Version: *1\s*", re.IGNORECASE)


class Kind(Enum):
    """What a cryptographic part is."""

    ENCRYPTED = auto()
    SIGNED = auto()  # with its content
    SIGNATURE = auto()  # without
    LOCKED = auto()  # by a password, which the mail may tell
    UNKNOWN = auto()


class _EncodingError(ValueError):
    """The bytes are not BER."""


def smime(content: bytes) -> tuple[Kind, bytes]:
    """What a CMS object is, and the content if it is signed."""
    try:
        if content[_skip(content, 0, _SEQUENCE) :].strip(b"\0 \r\n"):
            return Kind.UNKNOWN, b""
        at = _enter(content, 0, _SEQUENCE)
        oid, at = _object(content, at)
        if oid in (_ENVELOPED, _AUTH_ENVELOPED):
            at = _enter(content, _enter(content, at, _CONTEXT), _SEQUENCE)
            secret = sealed.looks_encrypted(_encrypted(content, at))
            return Kind.ENCRYPTED if secret and not sealed.holds_file(
                content
            ) else Kind.UNKNOWN, b""
        if oid != _SIGNED:
            return Kind.UNKNOWN, b""
        at = _enter(content, _enter(content, at, _CONTEXT), _SEQUENCE)
        at = _skip(content, _skip(content, at, _INTEGER), _SET)
        _, start, length = _head(content, at)
        _, at = _object(content, start)
        if at == start + length or (length < 0 and content[at : at + 1] == b"\0"):
            return Kind.SIGNATURE, b""
        return Kind.SIGNED, _octets(content, _enter(content, at, _CONTEXT))
    except _EncodingError:
        return Kind.UNKNOWN, b""


def _encrypted(data: bytes, at: int) -> bytes:
    """The encrypted content of an enveloped object, from its version on."""
    at = _skip(data, at, _INTEGER)
    if data[at : at + 1] == bytes([_CONTEXT]):  # certificates of the sender
        at = _skip(data, at, _CONTEXT)
    at = _enter(data, _skip(data, at, _SET), _SEQUENCE)
    _, at = _object(data, at)
    at = _skip(data, at, _SEQUENCE)
    return _octets(data, at, (_PRIMITIVE, _CONTEXT))


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, start of the content, its length or -1 if indefinite)."""
    if at + 2 > len(data):
        raise _EncodingError
    tag, length = data[at], data[at + 1]
    at += 2
    if length == 0x80:
        return tag, at, -1
    if length > 0x80:
        count = length - 0x80
        if count > 4 or at + count > len(data):
            raise _EncodingError
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > len(data):
        raise _EncodingError
    return tag, at, length


def _enter(data: bytes, at: int, tag: int) -> int:
    found, at, _ = _head(data, at)
    if found != tag:
        raise _EncodingError
    return at


def _object(data: bytes, at: int) -> tuple[bytes, int]:
    tag, at, length = _head(data, at)
    if tag != _OBJECT or length < 0:
        raise _EncodingError
    return data[at : at + length], at + length


def _skip(data: bytes, at: int, tag: int) -> int:
    """The offset behind an element; inside indefinite lengths, behind their end marks."""
    found, at, length = _head(data, at)
    if found != tag:
        raise _EncodingError
    depth = 1 if length < 0 else 0
    at += max(length, 0)
    while depth:
        found, at, length = _head(data, at)
        if found == 0 and length == 0:
            depth -= 1
        elif length < 0:
            depth += 1
        else:
            at += length
    return at


def _octets(data: bytes, at: int, tags: tuple[int, int] = (_OCTETS, _OCTETS_IN_PIECES)) -> bytes:
    """The content of an OCTET STRING, whole or in pieces, which have these tags."""
    tag, at, length = _head(data, at)
    if tag == tags[0] and length >= 0:
        return data[at : at + length]
    if tag != tags[1]:
        raise _EncodingError
    end = len(data) if length < 0 else at + length
    pieces: list[bytes] = []
    while at < end:
        tag, at, length = _head(data, at)
        if tag == 0 and length == 0:
            break
        if tag != _OCTETS or length < 0:
            raise _EncodingError
        pieces.append(data[at : at + length])
        at += length
    return b"".join(pieces)


def armour(content: bytes) -> Kind | None:
    """What the PGP messages in a text are: encrypted if all are, locked if a password opens any of
    them; None if there are none."""
    pieces = content.split(_BEGIN)[1:]
    if not pieces:
        return None
    kinds = {_in_armour(piece.partition(_END)[0]) for piece in pieces if _END in piece}
    if Kind.UNKNOWN in kinds or not all(_END in piece for piece in pieces):
        return Kind.UNKNOWN
    return Kind.LOCKED if Kind.LOCKED in kinds else Kind.ENCRYPTED


def _in_armour(block: bytes) -> Kind:
    """What stands between the lines of armour."""
    return _encrypted_data(_unarmoured(block))


def _unarmoured(block: bytes) -> bytes:
    """The data of a block of armour, which begin behind an empty line."""
    body = re.split(rb"\n[ \t]*\r?\n", block, maxsplit=1)[-1]
    return base64_leniently(_CHECKSUM.sub(b"", body))


def is_encrypted(content: bytes) -> bool:
    """Whether a part is an encrypted PGP message and nothing else."""
    if content.lstrip()[:5] == b"-----":
        found = _BLOCK.fullmatch(content.strip())
        return (
            found is not None
            and found[1] == b"MESSAGE"
            and _is_mute(found)
            and (armour(content) is Kind.ENCRYPTED)
        )
    return _encrypted_data(content) is Kind.ENCRYPTED


def remarks(content: bytes) -> str:
    """What can be read of a part that is encrypted."""
    if content.lstrip()[:5] != b"-----":
        return sealed.readable(content)
    lines = [line.strip() for line in content.strip().split(b"\n")]
    width = Counter(map(len, lines)).most_common(1)[0][0]
    odd = [line for line in lines if len(line) != width or _LONG_NUMBER.search(line)]
    packets = sealed.readable(_unarmoured(content.partition(_END)[0]))
    return b"\n".join(odd).decode("utf-8", "replace") + "\n" + packets


def is_version(content: bytes) -> bool:
    """Whether a part is the "Version: 1" of PGP/MIME."""
    return _VERSION.fullmatch(content) is not None


def _is_mute(found: re.Match[bytes]) -> bool:
    return _LONG_NUMBER.search(found[2]) is None


def _encrypted_data(data: bytes) -> Kind:
    """Whether OpenPGP data is session keys and encrypted data, to the last byte; a key that is made
    of a password is for whoever knows that."""
    tags: list[int] = []
    at = start = 0
    while at < len(data):
        start = at
        tag, at = _packet(data, at)
        tags.append(tag)
        if tag < 0 or at > len(data) or len(tags) > PACKETS:
            return Kind.UNKNOWN
    whole = (
        bool(tags)
        and tags[-1] in _ENCRYPTED_DATA
        and _SESSION_KEYS.issuperset(tags[:-1])
        and sealed.looks_encrypted(data[start:])
        and not sealed.holds_file(data[:start])
    )
    if not whole:
        return Kind.UNKNOWN
    return Kind.LOCKED if _KEY_OF_PASSWORD in tags else Kind.ENCRYPTED


def _packet(data: bytes, at: int) -> tuple[int, int]:
    """(tag, end) of a packet; tag -1 if it is none."""
    head = data[at]
    at += 1
    if not head & 0x80:
        return -1, at
    if not head & 0x40:
        size = (1, 2, 4, 0)[head & 3]
        length = int.from_bytes(data[at : at + size], "big") if size else len(data) - at
        return head >> 2 & 0xF, at + size + length
    while at < len(data):
        first = data[at]
        if 224 <= first < 255:  # a part of the packet
            at += 1 + (1 << (first & 0x1F))
            continue
        if first < 192:
            return head & 0x3F, at + 1 + first
        if first == 255:
            return head & 0x3F, at + 5 + int.from_bytes(data[at + 1 : at + 5], "big")
        return head & 0x3F, at + 2 + ((first - 192) << 8) + int.from_bytes(
            data[at + 1 : at + 2]
        ) + 192
    return -1, at


def is_signature(type_: str, content: bytes) -> bool:
    """Whether a part that says so is a detached signature or a public key, and nothing else."""
    if len(content) > SIGNATURE_SIZE:
        return False
    if type_ in ("application/pgp-signature", "application/pgp-keys"):
        found = _BLOCK.fullmatch(content.strip())
        return found is not None and found[1] != b"MESSAGE" and _is_mute(found)
    return smime(content)[0] is Kind.SIGNATURE
