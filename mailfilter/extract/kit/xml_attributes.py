"""What stands in the attributes of XML, and numbers as programs store them.

From → to: the bytes of an XML part → values that people wrote or that may be an identity number;
a stored number (``1.91212121212E11``) → its digits. Used on parts of documents that hold little:
tables, connections, persons, filters, controls, charts.

Invariants: linear; what is only plumbing (identifiers, sizes, namespaces) is left out, so that the
text stays readable.

Known gap: a name that no list here knows is read only where it holds ten digits.
"""

import re
from collections.abc import Iterator

from mailfilter.extract.kit.xmltext import decoded

REMEMBERED = 50_000  # values: more is no document of a person, and takes a worker's memory
_ATTRIBUTE = re.compile(rb"\s([\w:.-]{1,60})\s?=\s?(?:\"([^\"<]{1,8000})\"|'([^'<]{1,8000})')")
_NUMBER = re.compile(r"\d{10}|\d{6}[^\w\s]\d{4}|\d{6} \d{4}|\d[eE]\+?\d")
_SCIENTIFIC = re.compile(r"(?<![\w.])-?\d(?:[.,]\d{1,17})?[eE]\+?0{0,2}\d{1,2}(?![\w.])")
_IDENTIFIER = re.compile(r"\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-|urn:|https?://schemas\.")
_HEADER_LOOKS = re.compile(  # fonts, sizes, colours: they stand between letters and show nothing
    r"&(?:K(?:[0-9A-F]{6}|\d\d[+-]\d{3})|[BIUESXYOH+-]|\"[^\"\n]{0,60}\"|\d{1,3}(?!\d))"
)
_HEADER_FIELD = re.compile(r"&[A-Z]")  # a part of the header, a page number, a date
_WRITTEN = frozenset(
    b"text name displayname author caption title descr tooltip prompt prompttitle error errortitle "
    b"comment command content display value alt string username label description help tag".split()
)


def attributes(xml: bytes) -> Iterator[str]:
    """Values of attributes that say something, the first `REMEMBERED` of all values once."""
    seen: set[bytes] = set()
    for found in _ATTRIBUTE.finditer(xml):
        name, raw = found[1], found[2] or found[3]
        if raw in seen or name.startswith(b"xmlns"):
            continue
        if len(seen) < REMEMBERED:
            seen.add(raw)
        value = decoded(raw)
        local = name.rpartition(b":")[2].lower()
        if (local in _WRITTEN or _NUMBER.search(value)) and not _IDENTIFIER.match(value):
            yield spelled_out(value)


def header_text(text: str) -> str:
    """A header or footer of a sheet without its codes."""
    return _HEADER_FIELD.sub(" ", _HEADER_LOOKS.sub("", text)) if "&" in text else text


def spelled_out(text: str) -> str:
    """The text with whole numbers in scientific notation written out."""
    if "E" not in text and "e" not in text:
        return text
    return _SCIENTIFIC.sub(_digits, text)


def _digits(found: re.Match[str]) -> str:
    number = float(found[0].replace(",", "."))
    return str(int(number)) if number.is_integer() and 1e5 <= abs(number) < 1e15 else found[0]
