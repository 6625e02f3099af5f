"""Addresses and telephone numbers in our own sentences, as links.

From → to: a sentence → HTML in which ``https://...`` and numbers such as ``0123-45 60 00`` and
``+46 123 45 60 00`` can be tapped. What is read stays the same, sign for sign; all else is escaped.

A number begins with 0 or +, has 7 to 15 digits in groups, and touches no letter, digit or sign of
an address (``0203:21/x``, ``070@...``), so that case numbers, dates and masks are none.
"""

import re

from markupsafe import Markup, escape

_URL = r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"
_NUMBER = (
    r"(?<![\w:/.@*+-])(?=(?:\D{0,2}\d){7,15}(?!\d))(?:\+\d{1,3}[ -]?(?:\(0\))?-?|0)\d{1,4}"
    r"(?:[ -]?\d{2,4}){1,4}(?![\w:/@*]|[-.]\d)"
)
_LINK = re.compile(f"(?P<url>{_URL})|(?P<number>{_NUMBER})")


def linked(text: str) -> Markup:
    """The sentence as HTML."""
    made, last = Markup(), 0
    for found in _LINK.finditer(text):
        made += escape(text[last : found.start()]) + _link(found)
        last = found.end()
    return made + escape(text[last:])


def _link(found: re.Match[str]) -> Markup:
    shown = found[0]
    if found["url"]:
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(shown, shown)
    plain = shown.replace("(0)", "")
    target = re.sub(r"[^0-9+]", "", plain)
    return Markup('<a href="tel:{}">{}</a>').format(target, shown)
