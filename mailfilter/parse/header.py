"""The header block: bytes → fields, as they stand.

From → to: ``read(data, start, end)`` → `Block`: (lower-case name, value) pairs in order, values
still folded and encoded, and the offset of the body.

The grammar is that of RFC 5322 without its obsolete forms: a name of printable ASCII, at once a
colon, a value, CRLF; a folded line begins with a blank and is not blank as a whole. One regular
expression covers a good block from end to end. What it does not cover is read line by line as a
tolerant program would, and the block is called ambiguous.

Invariants: linear, never raises; at most ``limits.HEADER_SIZE`` bytes and `FIELDS` fields are
looked at. Known gap: a program that takes a lone CR for the end of a header sees another body;
`union` reads that.
"""

import re
from dataclasses import dataclass
from itertools import chain

from mailfilter.limits import HEADER_SIZE

FIELDS = 2000  # in one block; Exchange writes about 100

Fields = list[tuple[bytes, bytes]]

# Possessive throughout, and tied to the start of a line: no byte is looked at twice.
_FIELD = re.compile(rb"(?m)^([!-9;-~]{1,200}+):([^\r\n]*+(?:\r\n[ \t]++[^\r\n \t][^\r\n]*+)*+)\r\n")
_BLANK_FOLD = re.compile(rb"\r\n[ \t]++(?=\r\n)")
_LINE = re.compile(rb"\r\n|\r|\n")
# A field about the content that stands as the end of the one above it: some strip lines first
_FOLDED_AWAY = re.compile(
    rb"\n[ \t]++content-(?:type:[ \t]*+[a-z]++/"
    rb"|transfer-encoding:[ \t]*+(?:base|quot|x-uu|uu|bina))",
    re.IGNORECASE,
)
_FOLD = re.compile(rb"\r\n[ \t]")


@dataclass(slots=True)
class Block:
    """A header. `codes` are reasons of ``not_examined.py``; `end` is where its last line ends."""

    fields: Fields
    end: int
    body: int
    codes: tuple[str, ...] = ()

    def first(self, name: bytes) -> bytes:
        """The value of the first field with this lower-case name, b"" if there is none."""
        for key, value in self.fields:
            if key == name:
                return value
        return b""


def read(data: bytes, start: int, end: int) -> Block:
    """The header of the message or part that lies in ``data[start:end]``.

    A part may begin with an empty line: then it has no fields.
    """
    if data.startswith(b"\r\n", start, end):
        return Block([], start, start + 2)
    at = data.find(b"\r\n\r\n", start, end)
    last, body = (at + 2, at + 4) if at >= 0 else (end, end)
    raw = data[start : min(last, start + HEADER_SIZE)]
    codes = ["header-size"] if last - start > HEADER_SIZE else []
    if raw and not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    fields = _FIELD.findall(raw)
    if not _cover(fields, raw):
        raw = _without_blank_folds(raw)
        fields = _FIELD.findall(raw)
        if not _cover(fields, raw):
            codes.append("header-syntax")
            fields = _tolerant(raw)
    if _FOLDED_AWAY.search(raw) and "header-syntax" not in codes:
        codes.append("header-syntax")
    if b"\0" in raw:
        codes.append("header-nul")
    if len(fields) > FIELDS:
        codes.append("header-fields")
        del fields[FIELDS:]
    return Block([(name.lower(), value) for name, value in fields], last, body, tuple(codes))


def _cover(fields: Fields, raw: bytes) -> bool:
    """Whether the fields, a colon and a line end each, are all that there is."""
    return len(b"".join(chain.from_iterable(fields))) + 3 * len(fields) == len(raw)


def _without_blank_folds(raw: bytes) -> bytes:
    """Folded lines of blanks left out, if no field about the content stands above the first.

    A program that ends the header there sees a text without any encoding: no more than we do.
    """
    first = _BLANK_FOLD.search(raw)
    if first is None or b"content-" in raw[: first.start()].lower():
        return raw
    return _BLANK_FOLD.sub(b"", raw)


def _tolerant(raw: bytes) -> Fields:
    """The fields of a broken block, any line end counting; a line without colon is passed over."""
    fields: Fields = []
    for line in _LINE.split(raw, 2 * FIELDS):
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            if len(value) < 70_000:  # else a flood of folded lines would be copied again and again
                fields[-1] = name, value + b"\r\n" + line
            continue
        name, colon, value = line.partition(b":")
        name = name.strip(b"\0 \t\v\f")
        if colon and name:
            fields.append((name, value))
    return fields


def unfold(value: bytes) -> bytes:
    """A value on one line, without blanks around it."""
    return (value.replace(b"\r\n", b"") if b"\r" in value else value).strip(b" \t")


def with_crlf(data: bytes) -> tuple[bytes, bool]:
    """A message whose lines end with CRLF, and whether they all ended alike.

    Only the first line end is looked at closely: behind it, each region checks its own.
    """
    first = data.find(b"\n")
    if first < 0 or data[first - 1 : first] == b"\r":
        return data, True
    alike = b"\r" not in data
    if not alike:
        data = data.replace(b"\r\n", b"\n")
    return data.replace(b"\n", b"\r\n"), alike
