"""Calendar items and visiting cards: ics, vcf.

From → to: text → its lines unfolded, quoted-printable decoded, backslash escapes resolved;
attached files, photographs and other values in base64 become `Part`s; PRODID names the maker.

Sources: RFC 5545 3.1 and 3.3.11, RFC 6350 3.2, vCard 2.1.
Known gaps: recurrence rules and time zones are text like any other.
"""

import quopri
import re
from collections.abc import Iterator

from detectors import Role
from mailfilter.extract.kit.charset import decode, mended
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.text.plain import base64_bytes, data_uris
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

_FOLD = re.compile(r"\r?\n[ \t]")
_ATTACHED = re.compile(
    r"^(?:[\w.-]{1,40}\.)?[\w-]{1,40}(?:;[^:\n]{0,500})?"
    r";(?:ENCODING=)?(?:BASE64|B)(?:;[^:\n]{0,500})?:([A-Za-z0-9+/=\s]*?)$(?=\r?\n[A-Z-]|\s*\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_MAKER = re.compile(r"^PRODID(?:;[^:\n]{0,200})?:([^\r\n]{1,1000})", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r"(?im)^([^:\n]{1,500}QUOTED-PRINTABLE[^:\n]{0,200}:)(.*)$")
_ESCAPE = re.compile(r"\\([nN,;\\])")
BEFORE = b"\xef\xbb\xbf \t\r\n"  # a byte order mark and blanks before the first line
HEAD = 4096  # characters in which a file names its maker


def sniff(data: bytes) -> bool:
    """The first line of either."""
    return data[:40].lstrip(BEFORE).upper().startswith((b"BEGIN:VCALENDAR", b"BEGIN:VCARD"))


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Text and what is attached."""
    for raw in decode(mended(part.data), part.charset):
        content = raw.replace("\r\n", "\n").replace("\r", "\n")
        soft = re.sub(r"=\r?\n", "", content) if "QUOTED-PRINTABLE" in content.upper() else content
        lines = _FOLD.sub("", soft)
        for n, attached in enumerate(_ATTACHED.findall(lines), 1):
            place = part.place.down(Step(StepKind.MEMBER, n), role=Role.ATTACHMENT)
            yield Part(place, "", base64_bytes(attached.encode("ascii", "ignore")), inline=True)
        for maker in _MAKER.findall(lines[:HEAD]):
            ctx.maker(maker)
        text = _QUOTED.sub(_unquoted, _ATTACHED.sub("", lines))
        yield text_at(_ESCAPE.sub(_plain, text), part.place)
        yield from data_uris(lines, part)


def _unquoted(found: re.Match[str]) -> str:
    raw = quopri.decodestring(found[2].encode("utf-8", "replace"))
    return found[1] + decode(raw)[0].replace("\r\n", "\n")


def _plain(found: re.Match[str]) -> str:
    return "\n" if found[1] in "nN" else found[1]
