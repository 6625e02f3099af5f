"""Parse: the bytes of a message → facts, leaves, header texts, and what is ambiguous.

``parse(data, marks)`` is all that others call; `roles.split` is lent to ``extract`` by the one who
composes the stages.

A filter that understands a mail otherwise than the recipient's program is no filter. So the
grammar is small (see `header`, `mime`, `multipart`, `encoding`), what staff's mail programs write
lies inside it, and what lies outside is read as far as it goes *and* reported as ambiguous.

Invariants: pure, linear in the size of the message, never raises; caps in ``limits.py``. Bytes with
bare LF (a file on disk) are read as if they had CRLF; a message that has both is ambiguous.

Sources: RFC 5322, 2045-2049, 2183, 2231, 6532, 1847, 3462-3464, 8551, 3156.
"""

import re
from collections.abc import Sequence

from ahocorasick_rs import BytesAhoCorasick

from detectors import Role
from mailfilter import limits
from mailfilter.model import Class, Message
from mailfilter.parse import facts, header, language
from mailfilter.parse.tree import Context, Walk
from mailfilter.place import Place

# The line that mailbox files put before a mail; mail servers take it for no part of the header.
_MAILBOX_LINE = re.compile(rb"From [^\r\n:]{1,200} [0-9:]{5,8} [^\r\n]{2,40}\r\n")
_LIGHT_HEADER = 24 * limits.KIB  # Exchange Online's own fields take up to 15 KiB
_LIGHT_LINES = 4000
_LIGHT_DELIMITERS = 60
_LIGHT_WORDS = 400
_MARKS = BytesAhoCorasick([b"\n--", b"=?"]).find_matches_as_indexes  # by vectors, unlike `count`
_LIGHT_ESCAPES = 8000  # HTML in quoted-printable has one in ten characters


def parse(data: bytes, marks: Sequence[str] = ()) -> Message:
    """Read a message. `marks` are the names of headers whose values the caller wants back."""
    walk = Walk()
    data, alike = header.with_crlf(data)
    if data.startswith(b"From ") and (mailbox := _MAILBOX_LINE.match(data)):
        data = data[mailbox.end() :]
    if not alike:
        walk.blame(Place(Role.BODY), "line-ends")
    block = header.read(data, 0, len(data))
    shown = walk.message(data, block, len(data), Context())
    if walk.defects and any(defect.cls is Class.AMBIGUOUS for defect in walk.defects):
        walk.second_net(data)
    wanted = frozenset([mark.strip().lower().encode("ascii", "replace") for mark in marks])
    body = b""
    for part in walk.parts:
        if part.place.role is Role.BODY:
            body = part.data
            break
    return Message(
        facts=facts.read(block.fields, shown, wanted, language.guess(body)),
        parts=tuple(walk.parts),
        defects=tuple(dict.fromkeys(walk.defects)),
        texts=tuple(walk.texts),
    )


def is_light(data: bytes) -> bool:
    """Whether parsing these bytes surely costs less than 8 ms (P11): what takes time is counted.

    Ordinary mail of up to 64 KiB is light; floods of parts, words, lines or header bytes are not.
    """
    size = len(data)
    if size > limits.SMALL_MAIL or data.find(b"\n\r\n", 0, _LIGHT_HEADER) < 0:
        return False
    marks = _MARKS(data)
    if len(marks) > _LIGHT_DELIMITERS:
        words = sum(number for number, _, _ in marks)
        if words > _LIGHT_WORDS or len(marks) - words > _LIGHT_DELIMITERS:
            return False
    if size <= _LIGHT_LINES:
        return True
    text = str(data, "latin-1")  # half as dear to count in as bytes
    return text.count("\n") <= _LIGHT_LINES and (
        size <= _LIGHT_ESCAPES or text.count("=") <= _LIGHT_ESCAPES
    )


__all__ = ["is_light", "parse"]
