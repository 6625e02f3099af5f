"""The header block, as far as receiving needs it: on bytes, strictly, linearly.

Not a parser of mail (that is ``parse/``): it counts Received fields, strips those at the top, and
reads a named field of a block that has no fault at all. Where a block could be read in two ways,
`fields` says None, and who wanted to trust it does not.

Sources: RFC 5322 2.2 (fields), 3.6.2 (From), RFC 5321 6.3 (loops).
"""

import re

from mailfilter import limits

LINES = 4000  # of a block that we are asked to trust; Exchange Online writes some 100
_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*+)(?:\r\n|\Z)")
_QUOTED = re.compile(rb'"(?:[^"\\\r\n]|\\.)*+"')
_BARE = re.compile(rb"[^\s@<>()\[\],;:\"\\]++@([^\s@<>()\[\],;:\"\\]++)")
_ANGLE = re.compile(rb"[^@<>()\[\],;:\\]*+<" + _BARE.pattern + rb">")


def block(data: bytes) -> bytes:
    """The header: up to the empty line, at most `limits.HEADER_SIZE` bytes of it."""
    if data.startswith(b"\r\n"):
        return b""
    end = data.find(b"\r\n\r\n", 0, limits.HEADER_SIZE)
    return data[: end + 2] if end >= 0 else data[: limits.HEADER_SIZE]


def received_fields(data: bytes) -> int:
    """How many Received fields the header has."""
    return (b"\n" + block(data).lower()).count(b"\nreceived:")


def after_trace(data: bytes) -> int:
    """Where the unbroken run of Received fields at the top ends."""
    at = 0
    while data[at : at + 9].lower() == b"received:":
        end = data.find(b"\r\n", at)
        while end >= 0 and data[end + 2 : end + 3] in (b" ", b"\t"):
            end = data.find(b"\r\n", end + 2)
        if end < 0:
            return len(data)
        at = end + 2
    return at


def fields(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """(lower-case name, unfolded value) of every field; None if anything is not a field, or too
    much to read, or the empty line is missing."""
    if b"\r\n\r\n" not in data[: limits.HEADER_SIZE]:
        return None
    head = block(data)
    if head.count(b"\n") > LINES:
        return None
    found, at = [], 0
    while at < len(head):
        field = _FIELD.match(head, at)
        if field is None:
            return None
        found.append((field[1].lower(), field[2].replace(b"\r\n", b"").strip(b" \t")))
        at = field.end()
    return found


def from_domain(value: bytes) -> bytes:
    """The domain of a From field that has one plain address, lower case; else empty."""
    plain = _QUOTED.sub(b"Q", value).strip()
    shape = _ANGLE.fullmatch(plain) or _BARE.fullmatch(plain)
    return shape[1].lower() if shape and shape[1].isascii() else b""
