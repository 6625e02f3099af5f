"""The parts of a multipart body: ``data[start:end]`` and a boundary → where each part lies.

From → to: `split` gives the (start, end) of every part, without the CRLF that belongs to the next
delimiter, the stretches before and after, and reasons of ``not_examined.py``.

Accepted: a delimiter at the start of a line, nothing behind it (or blanks behind every one), a
terminator, and nothing after that. The boundary anywhere else (inside a line, with something behind
it, after the terminator) is what mail programs read differently. `is_remark` says what may stand
outside the parts: a few lines of prose like "This is a multi-part message in MIME format."

Invariants: linear: one search for the boundary, and at most `STRAY` stray ones. Source: RFC 2046.
"""

import re
from dataclasses import dataclass, field

STRAY = 50  # odd occurrences of the boundary that are looked at
HYPHENS = 20  # before a delimiter
REMARK = 600  # bytes of prose outside the parts; the longest known remark has 400
REMARK_LINES = 12

_Span = tuple[int, int]
_BLANKS = re.compile(rb"[ \t]*+")
_WORD = re.compile(r"[\w+/=-]{4,}")
_PROSE_WORD = re.compile(
    r"[A-ZÅÄÖÉÜØÆ]?[a-zåäöéüøæ]+(?:-[A-Za-zåäöéüøæ]+)*"  # words, also multi-part
    r"|(?:[A-Z]/)?[A-Z]{2,6}(?:-[a-z]+)?"  # MIME, S/MIME, MIME-encapsulated
    r"|OpenPGP(?:/MIME)?|[0-9]{4}|[-_=]+"
)
_STRUCTURE = re.compile(
    r"(?m)^(?:--|begin |=y|[a-z-]+:[ \t]*\S+/|content)|[=%][0-9a-f]{2}|&#", re.IGNORECASE
)


@dataclass(slots=True)
class Split:
    """Where the parts lie."""

    parts: list[_Span] = field(default_factory=list)
    before: _Span = (0, 0)
    after: _Span = (0, 0)
    codes: list[str] = field(default_factory=list)
    padded: bool = False  # all delimiters have blanks behind them, as RFC 2046 allows


def split(data: bytes, start: int, end: int, boundary: bytes, most: int) -> Split:
    """The parts of ``data[start:end]``; beyond `most` the rest is left and "parts" reported."""
    result = Split()
    delimiter = b"--" + boundary
    opened = -1
    at, stray, padded = start, 0, 0
    while (hit := _find(data, delimiter, at, end)) >= 0:
        at = hit + len(delimiter)
        closing = data.startswith(b"--", at, end)
        line_end, clean = _line_end(data, at + 2 * closing, end)
        begins = hit == start or (hit - start >= 2 and data.startswith(b"\r\n", hit - 2))
        if begins and line_end > 0 and data[line_end - 2 : line_end] == b"\r\n":
            padded += not clean and not closing
        elif not (begins and clean):
            result.codes.append("delimiter-broken")
            stray += 1
            if stray > STRAY:
                break
            if line_end < 0 or not (begins or data[hit - 1] in b"\r\n"):
                continue
        before = max(start, hit - 2 if begins else hit - 1)
        _close(result, opened, before, start)
        opened = line_end
        at = line_end
        if closing:
            _judge_padding(result, padded)
            result.after = (line_end, end)
            if _find(data, delimiter, line_end, end) >= 0:
                result.codes.append("delimiter-broken")
            return result
        if len(result.parts) >= most:
            result.codes.append("parts")
            return result
    _judge_padding(result, padded)
    result.codes.append("delimiter-absent" if opened < 0 else "terminator-missing")
    _close(result, opened, end, start)
    return result


def _find(data: bytes, delimiter: bytes, at: int, end: int) -> int:
    """Where the delimiter stands next. A search for one byte is several times as fast as one for
    many, and base64 has no hyphen; after `HYPHENS` of them the text is searched as a whole."""
    for _ in range(HYPHENS):
        at = data.find(b"-", at, end)
        if at < 0 or data.startswith(delimiter, at, end):
            return at
        at += 1
    return data.find(delimiter, at, end)


def _judge_padding(result: Split, padded: int) -> None:
    """Blanks behind every delimiter are one program's habit; behind some, one hides from others."""
    if padded and padded == len(result.parts):
        result.padded = True
    elif padded:
        result.codes.append("delimiter-broken")


def _line_end(data: bytes, at: int, end: int) -> tuple[int, bool]:
    """(start of the next line, whether nothing stood before it); -1 if something did."""
    if data.startswith(b"\r\n", at, end):
        return at + 2, True
    if at == end:
        return end, True
    blanks = _BLANKS.match(data, at, end)
    assert blanks is not None
    at = blanks.end()
    for line_end in (b"\r\n", b"\n", b"\r"):
        if data.startswith(line_end, at, end):
            return at + len(line_end), False
    return (end, False) if at == end else (-1, False)


def _close(result: Split, opened: int, before: int, start: int) -> None:
    if opened < 0:
        result.before = (start, before)
    else:
        result.parts.append((opened, max(opened, before)))


def is_remark(text: str) -> bool:
    """Whether text outside the parts is harmless prose: nothing in it can be decoded."""
    if len(text) > REMARK or text.count("\n") > REMARK_LINES or _STRUCTURE.search(text):
        return False
    return all(_PROSE_WORD.fullmatch(word) for word in _WORD.findall(text))
