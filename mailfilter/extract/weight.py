"""Which parts are light: text that may be read in the smtp process (P11), and what is not read.

From → to: parts → whether each is read by a reader without a library for documents, archives or
images. Looking costs what typing costs; nothing is unpacked.
"""

from collections.abc import Iterable

from mailfilter.extract.walk import formats_of
from mailfilter.model import Part

LIGHT = {"cards", "html", "values", "xml", "text", "signature", "unknown", "sound", "film"}


def light(parts: Iterable[Part]) -> bool:
    """True if no part needs a scan worker."""
    return all(one.name in LIGHT for part in parts for one in formats_of(part))
