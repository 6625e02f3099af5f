"""Cryptographic mail: what is encrypted for the recipient, what is signed, what is a signature.

From → to: ``smime(content)`` and ``armour(content)`` look at the first bytes of CMS and OpenPGP and
say what they are; signed CMS gives back the content that was signed.

A label is not believed: "encrypted" passes by default (design 4.2), so a part that merely says so
is not. For CMS the content type decides, for OpenPGP the tag of the first packet.

Invariants: linear, no recursion, never raises; sizes that point outside give `Kind.UNKNOWN`.
Sources: RFC 5652, RFC 8551, X.690 (BER, indefinite lengths as streaming signers write them),
RFC 9580. Known gap: compressed CMS is not opened.
"""

import re
from enum import Enum, auto

from mailfilter.parse.words import base64_leniently

SIGNATURE_SIZE = 64 * 1024  # a detached signature with its certificates

_OID = bytes.fromhex("2a864886f70d0107")  # 1.2.840.113549.1.7.
_AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
_SIGNED, _ENVELOPED = _OID + b"\x02", _OID + b"\x03"
_SEQUENCE, _SET, _INTEGER, _OBJECT, _CONTEXT = 0x30, 0x31, 0x02, 0x06, 0xA0
_OCTETS, _OCTETS_IN_PIECES = 0x04, 0x24
_ARMOUR = re.compile(
    rb"-----BEGIN PGP MESSAGE-----[ \t]*\r?\n(?:[!-9;-~]+: [^\r\n]*\r?\n)*[ \t]*"
    rb"\r?\n([A-Za-z0-9+/]{4,8})"
)
_ENCRYPTED_PACKETS = {1, 3, 9, 18, 20}  # session keys, encrypted data
RPMSG = bytes.fromhex("76e80460c411e386")  # [MS-OXORMMS] 2.1.4


class Kind(Enum):
    """What a cryptographic part is."""

    ENCRYPTED = auto()
    SIGNED = auto()  # with its content
    SIGNATURE = auto()  # without
    UNKNOWN = auto()


class _EncodingError(ValueError):
    """The bytes are not BER."""


def smime(content: bytes) -> tuple[Kind, bytes]:
    """What a CMS object is, and the content if it is signed."""
    try:
        at = _enter(content, 0, _SEQUENCE)
        oid, at = _object(content, at)
        if oid in (_ENVELOPED, _AUTH_ENVELOPED):
            _enter(content, _enter(content, at, _CONTEXT), _SEQUENCE)
            return Kind.ENCRYPTED, b""
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


def _octets(data: bytes, at: int) -> bytes:
    """The content of an OCTET STRING, whole or in pieces."""
    tag, at, length = _head(data, at)
    if tag == _OCTETS and length >= 0:
        return data[at : at + length]
    if tag != _OCTETS_IN_PIECES:
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
    """What the first PGP message in a text is; None if there is none."""
    if b"-----BEGIN PGP MESSAGE" not in content:
        return None
    found = _ARMOUR.search(content)
    return packet(base64_leniently(found[1])) if found else Kind.UNKNOWN


def packet(content: bytes) -> Kind:
    """Whether OpenPGP data begins with an encrypted packet."""
    if not content or not content[0] & 0x80:
        return Kind.UNKNOWN
    tag = content[0] & 0x3F if content[0] & 0x40 else content[0] >> 2 & 0xF
    return Kind.ENCRYPTED if tag in _ENCRYPTED_PACKETS else Kind.UNKNOWN


def is_signature(type_: str, content: bytes) -> bool:
    """Whether a part that says so is a detached signature or a public key, and nothing else."""
    if len(content) > SIGNATURE_SIZE:
        return False
    if type_ in ("application/pgp-signature", "application/pgp-keys"):
        lines = content.strip()
        return lines.startswith(
            (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP PUBLIC KEY BLOCK-----")
        )
    return smime(content)[0] is Kind.SIGNATURE
