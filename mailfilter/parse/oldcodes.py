"""Encodings from before MIME, and compressed base64: yEnc, BinHex 4.0, uuencode's base64, gzip64.

From → to: a text or the body of a part → the files in it, decoded as far as they go. No program of
staff's writes them, but some mail programs read them (Apple Mail, Thunderbird, newsreaders). So
what is decoded here is searched, and the message is called ambiguous all the same.

Invariants: linear, never raises, at most `FILES` files and `INFLATED` bytes a text; checksums are
not looked at. Sources: yEnc draft 1.3, RFC 1741 (BinHex 4.0), POSIX uuencode, RFC 1950 and 1952.
"""

import re
import zlib
from collections.abc import Iterator

from mailfilter.parse.words import base64_leniently

FILES = 20
INFLATED = 1_000_000

_YENC = re.compile(rb"(?m)^=ybegin [^\r\n]{0,300}\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?")
_YEND = re.compile(rb"(?m)^=yend")
_BINHEX = re.compile(rb"\(This file must be converted with BinHex[^\r\n]{0,40}\r?\n[\r\n]*+:")
_BASED = re.compile(rb"(?m)^begin-base64 [^\r\n]{0,300}\r?\n")
_UN42 = bytes((byte - 42) & 255 for byte in range(256))
_UN106 = bytes((byte - 106) & 255 for byte in range(256))
_ALPHABET = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_AS_BASE64 = bytes.maketrans(
    _ALPHABET, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)
_NOT_BINHEX = bytes(set(range(256)) - set(_ALPHABET))
_REPEAT = re.compile(rb"([\0-\xff])\x90([\0-\xff])")
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
MARKS = (b"=ybegin ", b"begin-base64 ", b"(This file must be converted with BinHex")


def is_there(content: bytes) -> bool:
    """Whether one of these encodings announces itself."""
    if b"begin" not in content and b"BinHex" not in content:
        return False
    return any(mark in content for mark in MARKS)


def files(content: bytes) -> Iterator[bytes]:
    """The content of every file in one of these encodings."""
    for expression, end, decode in (
        (_YENC, _YEND, _yenc),
        (_BINHEX, re.compile(b":"), _binhex),
        (_BASED, re.compile(rb"(?m)^====|^end"), base64_leniently),
    ):
        found = expression.search(content)
        for _ in range(FILES):
            if found is None:
                break
            stop = end.search(content, found.end())
            at = stop.start() if stop else len(content)
            yield decode(content[found.end() : at])
            found = expression.search(content, at)


def _yenc(block: bytes) -> bytes:
    first, *rest = block.replace(b"\r", b"").replace(b"\n", b"").split(b"=")
    pieces = [first.translate(_UN42)]
    pieces += [piece[:1].translate(_UN106) + piece[1:].translate(_UN42) for piece in rest]
    return b"".join(pieces)


def _binhex(block: bytes) -> bytes:
    coded = block.translate(None, _NOT_BINHEX).translate(_AS_BASE64)
    raw = base64_leniently(coded)
    return _REPEAT.sub(_repeated, raw)


def _repeated(found: re.Match[bytes]) -> bytes:
    count = found[2][0]
    return found[1] * count if count else found[1] + b"\x90"


def inflated(data: bytes) -> bytes:
    """What gzip or zlib data holds, its first `INFLATED` bytes; b"" for anything else."""
    if not data.startswith((_GZIP, *_ZLIB)):
        return b""
    machine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        return machine.decompress(data, INFLATED)
    except zlib.error:
        return b""
