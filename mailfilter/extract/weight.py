"""Which parts are light: text that a warm worker may read, or the smtp process (P11), and what is
not read at all.

From → to: parts and their formats (`walk.typed`) → whether each is read by a reader without a
library for documents, archives or images. Nothing is unpacked; a logo is known by its hash, if it
was read before and says nothing (``mailfilter/pictures.py``).
"""

from collections.abc import Sequence

from mailfilter import limits, sealed
from mailfilter.extract.formats import Format, Formats
from mailfilter.extract.kit.remembered import Pictures
from mailfilter.model import Part

TAGS = 3000  # tags and references of HTML; an Outlook mail of 60 KiB has 1,500
_MARKED = {"html", "xml"}
_OPAQUE = {"sound", "film"}  # read by their marks alone, unless a file is in them
LIGHT = {"cards", "html", "values", "xml", "text", "signature", "unknown", "sound", "film"}


class Heavy(Exception):
    """Reading should be light, and met a document, an archive or a picture inside a text."""


def light(parts: Sequence[Part], formats: Formats, pictures: Pictures) -> bool:
    """True if no part is a document, an archive, a mail or an image that is not known."""
    every = zip(parts, formats, strict=True)
    return all(is_light(part, each, pictures) for part, each in every)


def is_light(part: Part, formats: Sequence[Format], pictures: Pictures) -> bool:
    """The same of one part."""
    for one in formats:
        if one.name not in LIGHT and not (one.name == "image" and pictures.knows(part.data)):
            return False
        if one.name in _OPAQUE and sealed.holds_file(part.data):
            return False
    return True


def quick(parts: Sequence[Part], formats: Formats, pictures: Pictures) -> bool:
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
    return size <= limits.SMALL_MAIL and tags <= TAGS and light(parts, formats, pictures)
