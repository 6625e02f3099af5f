"""Character references of HTML and XML (``&#49;``, ``&aring;``) → characters, however long.

From → to: `unescape(text)` → text. The standard library turns the digits of a reference into a
number without looking at their count, which Python refuses from 4,300 digits on. Noughts in front
mean nothing to a browser and may hide a digit; a longer number is no character.

Invariants: linear, never raises.
"""

import html
import re

_LONG = re.compile(r"&#(?:([xX])0*+([0-9a-fA-F]*+)|0*+([0-9]*+))")
_MOST = 7  # digits of the last code point, decimal


def unescape(text: str) -> str:
    """The text with references replaced."""
    if "&" not in text:
        return text
    return html.unescape(_LONG.sub(_short, text) if "&#" in text else text)


def _short(found: re.Match[str]) -> str:
    mark, wide, plain = found.groups()
    digits = wide if mark else plain
    if not digits:
        return found[0] if len(found[0]) < 12 else "\ufffd"
    return f"&#{mark or ''}{digits}" if len(digits) <= _MOST else "\ufffd"
