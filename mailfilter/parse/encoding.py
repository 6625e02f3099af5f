"""Transfer encodings: the raw body of a leaf → its content.

From → to: ``decode(raw, encoding)`` → `Decoded`: content, a reason of ``not_examined.py`` if the
encoding is outside its grammar, and another reading where a correct encoding is one that
line-by-line decoders read differently.

base64 is good if its length says so: a lenient decoder leaves out whatever is not in the alphabet,
so an output as long as the input promises proves that there was nothing else in it, without
looking at a byte in Python. A strict decoder takes a seventh of its time, but knows no line ends: a
library for pictures takes them off, as rows that are shown in part. Quoted-printable is good if
behind each ``=`` stand two hexadecimal digits or the end of the line.

Invariants: linear, never raises; what is broken is decoded as far as it goes.
Sources: RFC 2045 6.7 and 6.8, POSIX uuencode.
"""

import re
from binascii import Error, a2b_qp, a2b_uu
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pybase64
from PIL import Image

from mailfilter import limits
from mailfilter.byte_search import only_crlf
from mailfilter.parse.words import base64_leniently

_LARGE = 64 * limits.KIB  # characters of base64 that are worth two ways to read them
_PIECE = limits.MIB  # decoded at once
OTHER_READING = 1_000_000  # bytes of base64 in odd lines that are read a second time

_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r\n|\Z)")
_BETWEEN_DIGITS = re.compile(rb"[0-9A-Fa-f\r\n =-][\x80-\xff]++[0-9\r\n =-]")
_HIGH = bytes(range(128, 256))
_BLANK_BREAK = re.compile(rb"=[ \t]++(?=\r\n|\Z)")
_UU_BEGIN = re.compile(  # what follows must look encoded: "begin with ..." is prose
    rb"(?m)^begin[ \t]+([0-7]{3,4}[ \t]+)?([^\r\n]{1,300}+)\r?\n(?=[!-`][ -`]{4,90}\r?$)"
)
_UU_END = re.compile(rb"(?m)^end[ \t]*\r?$")
UU_FILES = 50  # in one text
_ENDS = 64  # bytes of line ends around base64
_INNER_LABEL = re.compile(rb"(?i)content-transfer-encoding[ \t]{0,4}:[ \t]{0,4}(?:base64|quoted)")
_INNER_LABELS = 20  # a text with more of them is no prose
_INNER_FIELD = re.compile(
    rb"[\r\n\t ]*+(?:(?:[^\r\n]{0,300}+\r?\n){0,6}?--[^\r\n]{1,200}+\r?\n)?+"  # a delimiter
    rb"(?:[!-9;-~]{1,60}+:[^\r\n]{0,900}\r?\n(?:[ \t][^\r\n]{0,900}\r?\n){0,20}){0,20}?"
    rb"content-(?:type|transfer-encoding)[ \t]{0,4}:[ \t\r\n]{0,8}[a-z0-9]",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Decoded:
    """Content of a leaf; `code` is a reason or ""; `other` is what some decoders read instead."""

    content: bytes
    code: str = ""
    other: bytes = b""


def decode(data: bytes, encoding: str, start: int = 0, end: int | None = None) -> Decoded:
    """The content of the body ``data[start:end]`` in one of `mime.ENCODINGS`, or "uuencode".

    Base64, in which large files come, is decoded where it lies.
    """
    end = len(data) if end is None else end
    if encoding == "base64":
        return _base64(data, start, end)
    raw = data[start:end]
    match encoding:
        case "quoted-printable":
            return _quoted(raw)
        case "uuencode":
            files = uuencoded(raw)
            return Decoded(files[0].content if files else raw)
        case _:
            return Decoded(raw)


def _base64(data: bytes, start: int, end: int) -> Decoded:
    data, start, end = _stripped(data, start, end)
    if start == end:
        return Decoded(b"")
    first = data.find(b"\r\n", start, end)
    width = first - start
    ends = data[first : end : width + 2] if width > 0 else b""
    other = b""
    even = (
        width % 4 == 0
        and ends == b"\r" * len(ends)
        and (feeds := data[first + 1 : end : width + 2]) == b"\n" * len(feeds)
    )
    if first < 0 or even:
        chars = end - start - 2 * len(ends)
    else:
        lines = data[start:end].split(b"\r\n")
        chars = sum(map(len, lines))
        if any(len(line) % 4 for line in lines[:-1]) and chars <= OTHER_READING:
            other = b"".join(map(base64_leniently, lines))
    last = data[max(start, end - 3) : end]
    padding = len(last) - len(last.rstrip(b"="))  # three are too many, and so are more
    try:
        even_lines = len(ends) if even and chars >= _LARGE else 0
        content = _lenient(memoryview(data)[start:end], width, even_lines)
    except (Error, ValueError):
        return Decoded(base64_leniently(data[start:end]), "base64-syntax", other)
    if chars % 4 or padding > 2 or len(content) != chars // 4 * 3 - padding:
        return Decoded(content, "base64-syntax", other)
    return Decoded(content, "", other)


def _lenient(data: memoryview, width: int, lines: int) -> bytes:
    """What a lenient decoder gives; where that is the same, by a strict one. It begins with so many
    lines of this width."""
    if lines:
        with suppress(ValueError):
            return _strict(data, width, lines)
    return pybase64.b64decode(data)


def _strict(data: memoryview, width: int, lines: int) -> bytes:
    """The content of lines of one width and of what follows them; ValueError if anything else than
    the alphabet stands in them, or padding before the end."""
    step, content = width + 2, []
    most = max(_PIECE // step, 1)
    for line in range(0, lines, most):
        size = (width, min(most, lines - line))
        rows: Any = data[line * step : (line + size[1]) * step]
        shown = Image.frombuffer("L", size, rows, "raw", "L", step, 1).tobytes()
        content.append(pybase64.b64decode(shown, validate=True))
        if len(content[-1]) * 4 != len(shown) * 3:
            raise ValueError("padding")
    content.append(pybase64.b64decode(data[lines * step :], validate=True))
    return b"".join(content)


def _stripped(data: bytes, start: int, end: int) -> tuple[bytes, int, int]:
    """The stretch without line ends around it; no copy is made, unless there are very many."""
    before, behind = data[start : min(start + _ENDS, end)], data[max(start, end - _ENDS) : end]
    before_left, behind_left = before.lstrip(b"\r\n"), behind.rstrip(b"\r\n")
    if before_left and behind_left:
        return data, start + len(before) - len(before_left), end - len(behind) + len(behind_left)
    raw = data[start:end].strip(b"\r\n")
    return raw, 0, len(raw)


def _quoted(raw: bytes) -> Decoded:
    code, other = "", b""
    if not raw.isascii() and _BETWEEN_DIGITS.search(raw):  # kept by some decoders, not by others
        other = a2b_qp(raw.translate(None, _HIGH))
    content = a2b_qp(raw)
    if b"=" not in content and not raw.endswith(b"=") and only_crlf(raw):
        return Decoded(content, "", other)  # what is no escape leaves its sign
    soft = raw.count(b"=\r\n")
    if len(content) == len(raw) - 2 * raw.count(b"=") - soft and only_crlf(raw):
        return Decoded(content, "", other)  # each = took with it what it should
    if _BAD_ESCAPE.search(raw):
        raw = _BLANK_BREAK.sub(b"=", raw)
        if _BAD_ESCAPE.search(raw):
            code = "quoted-syntax"
    if not only_crlf(raw):
        code = "quoted-syntax"  # a line end alone is left out by some
    return Decoded(a2b_qp(raw), code, other)


# ---- files inside a text -------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class File:
    """A file found in a text; `code` is a reason if it is broken."""

    name: bytes
    content: bytes
    code: str = ""


def uuencoded(content: bytes) -> list[File]:
    """The uuencoded files in a text."""
    files: list[File] = []
    begin = _UU_BEGIN.search(content)
    while begin and len(files) < UU_FILES:
        end = _UU_END.search(content, begin.end())
        stop = end.start() if end else len(content)
        decoded, good = _uu_lines(content[begin.end() : stop])
        good = good and end is not None and begin[1] is not None
        files.append(File(begin[2].strip(), decoded, "" if good else "uuencode-syntax"))
        begin = _UU_BEGIN.search(content, stop)
    if begin:  # one more than are decoded
        files.append(File(b"", b"", "parts"))
    return files


def _uu_lines(block: bytes) -> tuple[bytes, bool]:
    lines: list[bytes] = []
    good, left = True, 2 * len(block)  # a line of two bytes may promise 63
    for line in block.splitlines():
        if left < 0:
            return b"".join(lines), False
        try:
            lines.append(a2b_uu(line))
        except Error:
            good = False  # encoders that count wrongly: take what the first octet promises
            length = ((line[0] - 32) & 63) * 4 // 3 + 2 if line else 0
            try:
                lines.append(a2b_uu(line[: 1 + length]))
            except Error:
                continue
        left -= len(lines[-1])
    return b"".join(lines), good


def begins_with_header(content: bytes) -> bool:
    """Whether a text begins like a part: there was an empty line too many, or no Content-Type."""
    start = content[:4000]
    return b"ontent-" in start and _INNER_FIELD.match(start) is not None


def holds_part(content: bytes) -> bool:
    """Whether a text holds something like a delimiter and the header of an encoded part."""
    if b"ransfer" not in content:
        return False
    for count, found in enumerate(_INNER_LABEL.finditer(content)):
        before = content[max(0, found.start() - 600) : found.start()].split(b"\n")[-6:-1]
        above = [line for line in before if b":" not in line]
        if count >= _INNER_LABELS or (above and above[-1].lstrip(b"\0 \t").startswith(b"-")):
            return True
    return False
