"""Which parts are light: text that a warm worker may read, or the smtp process (P11), and what is
not read at all.

From → to: parts and their formats (`walk.typed`) → whether each is read by a reader without a
library for documents, archives or images. Nothing is unpacked; a logo is known by its header.
"""

from collections.abc import Sequence

from mailfilter import limits
from mailfilter.extract.formats import Format
from mailfilter.extract.image import is_decoration
from mailfilter.extract.walk import Formats
from mailfilter.model import Part

TAGS = 3000  # tags and references of HTML; an Outlook mail of 60 KiB has 1,500
_MARKED = {"html", "xml"}
LIGHT = {"cards", "html", "values", "xml", "text", "signature", "unknown", "sound", "film"}


def light(parts: Sequence[Part], formats: Formats) -> bool:
    """True if no part is a document, an archive, a mail or an image other than decoration."""
    return all(
        one.name in LIGHT
        for part, each in zip(parts, formats, strict=True)
        for one in _without_logo(part, each)
    )


def quick(parts: Sequence[Part], formats: Formats) -> bool:
    """True if no content can make reading the parts take more than about 6 ms of CPU (P11).

    Measured on hostile input of 64 KiB: plain text 4 ms, HTML of `TAGS` tags 6 ms.
    """
    if sum(len(part.data) for part in parts) > limits.SMALL_MAIL:
        return False
    if not light(parts, formats):
        return False
    marked = [
        part.data
        for part, each in zip(parts, formats, strict=True)
        if any(one.name in _MARKED for one in each)
    ]
    return sum(data.count(b"<") + data.count(b"&") for data in marked) <= TAGS


def _without_logo(part: Part, formats: list[Format]) -> list[Format]:
    """Decoration is not opened: its mail may be read here (design 4.2)."""
    logo = any(one.name == "image" for one in formats) and is_decoration(part)
    return [one for one in formats if not (logo and one.name == "image")]
