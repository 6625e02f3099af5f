"""Words of a header: encoded words (RFC 2047), raw 8-bit text, parameters in pieces (RFC 2231).

From → to: the raw value of a field → text as a mail program shows it; percent-encoded parameter
values → text.

Invariants: linear, never raises. An encoded word in an unknown charset is read as UTF-8: some
programs do, and those that show it as it is written show nothing beside. Neighbours in one charset
are joined as bytes before decoding, for programs that split inside a character.

Sources: RFC 2047, 2231, 6532. Programs differ in what they take for an encoded word (inside quotes,
without blanks around it, with blanks inside); this reader takes all of these.
"""

import re
from binascii import Error, a2b_qp

import pybase64

from mailfilter.parse.charset import codec, decode, fallback
from mailfilter.parse.header import unfold

_WORD = re.compile(rb"=\?([!->@-~\x80-\xff]{1,60}+)\?([bBqQ])\?([^?\r\n]*+)\?=")
_HEX = re.compile(rb"[=%]([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def text_of(value: bytes) -> str:
    """A field's value as text: unfolded, every encoded word decoded."""
    value = unfold(value)
    if b"=?" not in value:
        return fallback(value)
    if alone := _WORD.fullmatch(value):
        python_codec, content = _word(*alone.groups())
        return decode(content, python_codec)[0]
    pieces: list[tuple[bytes, str]] = []  # (bytes, codec), codec "" for raw text
    at = 0
    for found in _WORD.finditer(value):
        python_codec, content = _word(*found.groups())
        gap = value[at : found.start()]
        if gap.strip(b" \t") or not pieces or not pieces[-1][1]:
            pieces.append((gap, ""))
        pieces.append((content, python_codec))
        at = found.end()
    pieces.append((value[at:], ""))
    return _joined(pieces)


def _word(charset: bytes, kind: bytes, content: bytes) -> tuple[str, bytes]:
    """(codec, bytes) of an encoded word."""
    python_codec = codec(charset.partition(b"*")[0].decode("ascii", "ignore")) or "utf-8"
    if kind in b"qQ":
        return python_codec, percent(content.replace(b"_", b" "))
    return python_codec, base64_leniently(content)


def base64_leniently(content: bytes) -> bytes:
    """What a tolerant decoder makes of base64: junk left out, padding supplied."""
    clean = _NOT_BASE64.sub(b"", content)
    spare = len(clean) % 4
    clean = clean[:-1] if spare == 1 else clean + b"=" * (-spare % 4)
    try:
        return pybase64.b64decode(clean)
    except (Error, ValueError):
        return b""


def percent(content: bytes) -> bytes:
    """Bytes for ``=41`` or ``%41``. A decoder that takes two characters away for each sign has
    done the same, if no line ends there."""
    if b"%" not in content:
        signs = content.count(b"=")
        if not signs:
            return content
        if b"\r" not in content and b"\n" not in content:
            plain = a2b_qp(content)
            if len(plain) == len(content) - 2 * signs:
                return plain
    return _HEX.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), content)


def _joined(pieces: list[tuple[bytes, str]]) -> str:
    texts: list[str] = []
    held, held_codec = bytearray(), ""
    for content, python_codec in [*pieces, (b"", "")]:
        if python_codec == held_codec and python_codec:
            held += content
            continue
        if held:
            texts.append(
                decode(bytes(held), held_codec)[0] if held_codec else fallback(bytes(held))
            )
        held, held_codec = bytearray(content), python_codec
    return "".join(texts)


def extended(value: bytes, charset: bytes) -> str:
    """The text of an RFC 2231 value whose percent signs are decoded."""
    python_codec = codec(charset.decode("ascii", "replace")) if charset else ""
    return decode(value, python_codec)[0] if python_codec else fallback(value)
