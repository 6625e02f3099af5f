"""Seams between parts: halves of a number in two texts that are shown one below the other.

From → to: the content of a text part → what it begins and ends with, tags left out; two of them →
the stretch over their seam, if digits meet there.

Invariants: looks at `REACH` bytes at both ends only. Known gap: parts in UTF-32 or EBCDIC.
"""

import re

from mailfilter.parse.charset import fallback

REACH = 600
KEPT = 40
_TAG = re.compile(rb"<[^<>]{0,300}>|&nbsp;")


def _text(content: bytes) -> str:
    return fallback(_TAG.sub(b"", content.replace(b"\0", b""))).strip(" \t\r\n\u00a0-")


def beginning(content: bytes) -> str:
    """The first characters of a text as shown."""
    return _text(content[:REACH])[:KEPT]


def end(content: bytes) -> str:
    """The last characters of a text as shown."""
    return _text(content[-REACH:])[-KEPT:]


def over(before: str, after: str) -> str:
    """Both sides of a seam as one, or "" if no digits meet there."""
    return before + after if before[-1:].isdigit() and after[:1].isdigit() else ""
