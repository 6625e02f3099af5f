"""What a text says when it is decoded by hand: base64 in a sentence, escapes, turned writing.

From → to: `readings(content)` → further texts, each a stretch of `content` decoded. The walk puts
them at the place of the text they stand in, as hidden. A person who pastes the base64 of a number
into a mail knows that the recipient can paste it into a decoder; so can we.

How it stays fast: each disguise has a gate that searches for a character or a short string, in the
text or in what `afar` makes of it; on prose hardly an expression is run. Base64 is found by mapping
its alphabet to one letter and looking for `LEAST` of that in a row. All runs of a text are decoded
together at each of the four alignments, so a flood of them costs four calls; what looks like a
number is kept with its surroundings.

Invariants: linear, never raises; at most `RUNS` runs are also read as texts of their own, `MOST` of
each other disguise are looked at, at most `DEEP` levels. Of noise only what is writing is decoded.
Codes of digits (Morse, binary, base32 ...) are in `codes`. Known gaps: base64 cut into pieces
shorter than `LEAST` (but for bare digits and fours), codes of which nothing in the text speaks,
compressed content but for gzip and zlib in base64.
Sources: RFC 2045, 2047, 2152, 3986, 4648; Unicode 15 (UAX 9) for overrides.
"""

import binascii
import re
import zlib
from collections.abc import Iterator
from itertools import islice

from mailfilter.extract.decoded import codes
from mailfilter.extract.kit.charset import decode, is_noise, looks_like_text, plain_runs
from mailfilter.extract.kit.prefilter import OPENING, Afar
from mailfilter.extract.kit.references import unescape
from mailfilter.extract.text.plain import base64_bytes, strip_markup

LEAST = 24  # base64 characters in a row: 18 bytes; long Swedish words have as many, and no digits
RUNS = 100
MOST = 500
DEEP = 2
AROUND = 60  # bytes kept on both sides of a number
UNPACKED = 100_000
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_RUN = b"a" * LEAST
_BETWEEN_LINES = re.compile(rb"\r?\n(?:> ?)*+")
_FILL = (b"", b"AAA", b"AA", b"A")
_BLANKS = b"ICAg"  # three spaces in base64, between two runs
_NUMBER = re.compile(rb"[0-9]{6}(?:[0-9]{2})?[ .+-]?[0-9]{4}")
# Three digits are four characters of which each has few values; three such groups are a number.
_DIGIT_GROUPS = re.compile(r"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){3,}[MNO]?[DTjzAQgw]?")
_STARTS = tuple(sign.decode() for sign in OPENING)
_OPENING = bytes(
    ord("1") if byte in b"MNO" else ord("2") if byte in b"DTjz" else 0 for byte in range(256)
)
_UU_LINE = re.compile(rb"M(?<![^\r\n]M)[ -`]{60}")
_HEX = re.compile(r"3[0-9](?:[ :,-]?(?:3[0-9]|2[dD])){9,40}")
_REFERENCES = re.compile(r"(?:&#[xX]?[0-9a-fA-F]{1,7};?){8,60}")
_TAG_THEN_DIGIT = re.compile(r"<[^<>]{1,200}>[0-9]")
_WORD = re.compile(r"=\?[\w.-]{1,40}\?([bBqQ])\?([^?\s]{1,400})\?=")
_TURNED = re.compile("[\u202e\u202b\u2067]([^\u202a-\u202e\u2066-\u2069\n]{1,200})")


def readings(content: str, deep: int = DEEP, afar: Afar | None = None) -> Iterator[str]:
    """Everything else that the text may say, decoded once or twice; `afar` is of this text."""
    if is_noise(content):  # by chance it holds every disguise there is
        content, afar = plain_runs(content), None
    for text in dict.fromkeys(_decoded(afar or Afar(content))):
        if text != content:
            yield text
            if deep > 1:
                yield from readings(text, deep - 1)


def _decoded(text: Afar) -> Iterator[str]:
    content = text.content
    yield from _based(text)
    hexadecimal = text.has_hex()
    if hexadecimal or "=" in content or "&" in content or "%" in content or "\\" in content:
        yield from _escaped(content, hexadecimal)
    yield from codes.readings(text)
    if "&" in content and "&lt;" in content:
        yield strip_markup(unescape(content))
    if "<" in content and _TAG_THEN_DIGIT.search(content):
        yield strip_markup(content)
    if "+" in content and "+AD" in content and content.isascii():
        yield content.encode().decode("utf-7", "replace")
    if "\u202e" in content or "\u202b" in content or "\u2067" in content:
        yield _TURNED.sub(lambda run: run[1][::-1], content, count=MOST)


# ---- base64 --------------------------------------------------------------------------------


def _based(text: Afar) -> Iterator[str]:
    raw = text.raw
    runs = list(_runs(raw, text.runs)) if _RUN in text.runs else []
    for run in runs[:RUNS]:
        data = _unpacked(base64_bytes(run))
        if looks_like_text(data):
            yield from decode(data)
    if runs:
        for shift in range(4):
            yield from _numbers(base64_bytes(_aligned(runs, shift)))
    if text.speaks and _may_hold_groups(raw):
        for group in islice(_digit_groups(text.content), MOST):
            yield base64_bytes(group.encode()).decode("latin-1")
    if b"\nM" in raw and _UU_LINE.search(raw):
        yield from _uu(raw)


def _unpacked(data: bytes) -> bytes:
    """What gzip or zlib data holds, its first `UNPACKED` bytes; other data as it is."""
    if not data.startswith(_PACKED):
        return data
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, UNPACKED)
    except zlib.error:
        return data


def _runs(raw: bytes, mapped: bytes) -> Iterator[bytes]:
    """Stretches that may be base64; whole lines of it that follow at once belong together."""
    mapped += b" "
    at = 0
    while (start := mapped.find(_RUN, at)) >= 0:
        end = mapped.find(b" ", start)
        pieces = [raw[start:end]]
        while following := _BETWEEN_LINES.match(raw, end):
            stop = mapped.find(b" ", following.end())
            if stop == following.end() or raw[stop : stop + 1] not in b"\r\n=":
                break
            pieces.append(raw[following.end() : stop])
            end = stop
        yield b"".join(pieces)
        at = end


def _aligned(runs: list[bytes], shift: int) -> bytes:
    """The runs from `shift` on as one, each filled to whole groups."""
    return _BLANKS.join([run[shift:] + _FILL[(len(run) - shift) & 3] for run in runs])


def _numbers(data: bytes) -> Iterator[str]:
    """Numbers in bytes that need not be text, with what stands around them."""
    for reading in (data, data.replace(b"\0", b"")) if b"\0" in data else (data,):
        for found in islice(_NUMBER.finditer(reading), MOST):
            window = reading[max(0, found.start() - AROUND) : found.end() + AROUND]
            yield window.decode("latin-1")


def _may_hold_groups(raw: bytes) -> bool:
    """Whether three groups of base64 in a row begin as digits do."""
    pairs = raw.translate(_OPENING).replace(b"12", b"3\0")
    return any(b"333" in pairs[phase::4] for phase in range(4))


def _digit_groups(content: str) -> Iterator[str]:
    """Base64 of bare digits. While its beginnings are few, it is faster to go from one to the next
    than to search all with an expression."""
    if sum(map(content.count, _STARTS)) > MOST:
        yield from (found[0] for found in _DIGIT_GROUPS.finditer(content))
        return
    for start in _STARTS:
        at = content.find(start)
        while at >= 0:
            found = _DIGIT_GROUPS.match(content, at)
            if found:
                yield found[0]
            at = content.find(start, found.end() if found else at + 1)


def _uu(raw: bytes) -> Iterator[str]:
    """Full lines of uuencode without their ``begin``, and the shorter one that ends them."""
    pieces: list[bytes] = []
    for line in (*raw.splitlines(), b""):
        full = len(line) in (61, 62) and line[:1] == b"M"
        if full or (pieces and 2 < len(line) < 62):
            try:
                pieces.append(binascii.a2b_uu(line))
            except binascii.Error:
                full = False
        if pieces and not full:
            yield from _numbers(b"".join(pieces))
            pieces = []


# ---- escapes -------------------------------------------------------------------------------


def _escaped(content: str, hexadecimal: bool) -> Iterator[str]:
    """What escapes hide: of addresses, quoted-printable, HTML, C, and encoded words."""
    if "%" in content and (content.count("%3") >= 6 or content.count("%253") >= 6):
        once = _unquoted(content, b"%")
        yield once
        yield _unquoted(once, b"%")
    if "=" in content and content.count("=3") >= 6:
        yield _unquoted(content, b"=")
    if "\\" in content and "\\x3" in content:
        yield _unquoted(content, b"\\x")
    if "&" in content and "&#" in content:
        for run in islice(_REFERENCES.findall(content), MOST):
            yield unescape(run)
    if "=" in content and "?=" in content:
        words = islice(_WORD.finditer(content), MOST)
        yield "\n".join(_word(found[1], found[2]) for found in words)
    for found in islice(_HEX.finditer(content), MOST) if hexadecimal else ():
        yield bytes.fromhex(re.sub(r"[ :,-]", "", found[0])).decode("latin-1")


def _unquoted(content: str, mark: bytes) -> str:
    """Two hexadecimal digits behind each `mark` as a character; written as quoted-printable first,
    because that decoder does not mind a flood."""
    raw = content.encode("latin-1", "replace")
    if mark != b"=":
        raw = raw.replace(b"=", b"=3D").replace(mark, b"=")
    return binascii.a2b_qp(raw).decode("latin-1")


def _word(kind: str, content: str) -> str:
    raw = content.encode("latin-1", "replace")
    data = base64_bytes(raw) if kind in "bB" else binascii.a2b_qp(raw, header=True)
    return data.decode("latin-1")
