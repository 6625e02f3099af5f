"""Which parts are light: text that a warm worker may read, or the smtp process (P11), and what is
not read at all.

From → to: parts and their formats (`walk.typed`) → whether each is read by a reader without a
library for documents, archives or images. Nothing is unpacked; a logo is known by its header.
"""

from collections.abc import Sequence

from mailfilter import limits
from mailfilter.extract.image import is_decoration
from mailfilter.extract.walk import Formats
from mailfilter.model import Part

TAGS = 3000  # tags and references of HTML; an Outlook mail of 60 KiB has 1,500
_MARKED = {"html", "xml"}
LIGHT = {"cards", "html", "values", "xml", "text", "signature", "unknown", "sound", "film"}


def light(parts: Sequence[Part], formats: Formats) -> bool:
    """True if no part is a document, an archive, a mail or an image; decoration is not opened
    (design 4.2)."""
    for part, each in zip(parts, formats, strict=True):
        for one in each:
            if one.name not in LIGHT and not (one.name == "image" and is_decoration(part)):
                return False
    return True


def quick(parts: Sequence[Part], formats: Formats) -> bool:
    """True if no content can make reading the parts take more than about 6 ms of CPU (P11).

    Measured on hostile input of 64 KiB: plain text 4 ms, HTML of `TAGS` tags 6 ms.
    """
    size = tags = 0
    for part, each in zip(parts, formats, strict=True):
        size += len(part.data)
        for one in each:
            if one.name in _MARKED:
                tags += part.data.count(b"<") + part.data.count(b"&")
                break
    return size <= limits.SMALL_MAIL and tags <= TAGS and light(parts, formats)
