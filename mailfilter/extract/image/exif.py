"""What the file of a picture says of itself: EXIF, XMP, IPTC, comments, the texts of PNG.

From → to: an open picture → its texts, one a line; dates, numbers and identifiers left out.

Invariants: what is damaged here keeps neither the rest nor the picture from being read.

Sources: Exif 2.32; XMP part 3; IPTC-IIM 4.2; Photoshop's image resources; the PNG specification.
Known gaps: maker notes; a compressed EXIF in PNG's old "Raw profile" form is read for IPTC only.
"""

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from PIL import Image

ORIENTATION = 0x0112
DAMAGE = (  # what Pillow's plug-ins raise on damaged files; it does not narrow them down
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    struct.error,
)
_EXIF_IFD, _GPS_IFD, _MAKER_NOTE, _USER_COMMENT = 0x8769, 0x8825, 0x927C, 0x9286
_DATES = {0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292}
_WINDOWS = range(0x9C9B, 0x9CA0)  # title, comment, author, keywords, subject: in UTF-16
_RESOURCES = (33723, 34377)  # IPTC and Photoshop in TIFF
_XMP = 700
_XML_TEXT = re.compile(r">([^<>]+)<|=[\"']([^\"'<>]+)[\"']")
_IDENTIFIER = re.compile(r"(?i)(?:https?|xmp|uuid|adobe)[.:]|\d{4}-\d\d-\d\dT[\d:+.Z-]{4,20}$")
_DATASET = re.compile(rb"\x1c[\x02\x03](.)([\0-\x7f].)", re.DOTALL)
_WHEN = (30, 35, 37, 38, 47, 55, 60, 62, 63)  # dates and times of IPTC
_XML_SEGMENTS = (b"http://ns.adobe.com/xap/", b"http://ns.adobe.com/xmp/")


def properties(image: Image.Image) -> str:
    """All texts of the file, each once."""
    values: dict[str, None] = {}
    for source in (_info, _tags, _segments):
        with suppress(*DAMAGE):
            for value in source(image):
                values[value.strip("\0\r\n\t ")] = None
    return "\n".join(value for value in values if value)


def _info(image: Image.Image) -> Iterator[str]:
    """Comments, the texts of PNG, XMP, and IPTC in its several wrappings."""
    for key, value in image.info.items():
        name = str(key).lower()
        if "xmp" in name:
            yield from _xml(_text(value))
        elif name.startswith("raw profile"):
            packed = "".join(str(value).split()[2:])
            yield from _datasets(bytes.fromhex(packed))
        elif isinstance(value, dict):
            for resource in value.values():
                yield from _datasets(resource)
        elif isinstance(value, str) and not name.startswith("date:"):
            yield value
        elif name == "comment":
            yield _text(value)


def _tags(image: Image.Image) -> Iterator[str]:
    """EXIF, and the tags of TIFF, which are the same."""
    tags = image.getexif()
    for number, value in [*tags.items(), *tags.get_ifd(_EXIF_IFD).items()]:
        if number in _DATES or number in (_MAKER_NOTE, _EXIF_IFD, _GPS_IFD):
            continue
        if number in _RESOURCES and isinstance(value, bytes):
            yield from _datasets(value)
        elif number == _XMP:
            yield from _xml(_text(value))
        elif number in _WINDOWS and isinstance(value, bytes):
            yield value.decode("utf-16-le", "replace")
        elif number == _USER_COMMENT and isinstance(value, bytes):
            yield _comment(value)
        elif isinstance(value, str):
            yield value


def _segments(image: Image.Image) -> Iterator[str]:
    """JPEG: every comment, and XMP that was too long for one segment."""
    for name, content in getattr(image, "applist", ()):
        if name == "COM":
            yield _text(content)
        elif content.startswith(_XML_SEGMENTS):
            yield from _xml(_text(content))


def _xml(source: str) -> Iterator[str]:
    """Contents of elements and attributes, without identifiers and dates."""
    for element, attribute in _XML_TEXT.findall(source):
        value = element or attribute
        if not _IDENTIFIER.match(value.strip()):
            yield value


def _datasets(resource: Any) -> Iterator[str]:
    """The texts of IPTC records, wherever they begin."""
    if isinstance(resource, bytes):
        for found in _DATASET.finditer(resource):
            (size,) = struct.unpack(">H", found[2])
            if found[1][0] not in _WHEN:
                yield _text(resource[found.end() : found.end() + size])


def _comment(value: bytes) -> str:
    """EXIF's UserComment: eight bytes name its charset; the byte order is a guess."""
    if not value.startswith(b"UNICODE"):
        return _text(value[8:] if value[:8].strip(b"\0") in (b"ASCII", b"") else value)
    readings = (value[8:].decode(order, "replace") for order in ("utf-16-le", "utf-16-be"))
    return max(readings, key=lambda text: sum(char < "\u0250" for char in text))


def _text(value: Any) -> str:
    """Bytes in the charsets that occur; UTF-8 first, as nothing else looks like it."""
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
