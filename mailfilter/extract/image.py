"""Images, sound and film: which they are; which images are known, and which are not read.

From → to: bytes → nothing (a picture that is known to say nothing), what `picture.py` reads, or
`NotExamined`. A logo in a signature is an inline image of less than 300 × 150 pixels (design 4.2),
which is decoration only where there is no OCR. Sound and film: `media.py`.

Sources: the headers of PNG, GIF (GIF89a, 18 to 20), JPEG (T.81), BMP and WebP (RFC 9649).
Known gaps: icons, HEIC, AVIF, JPEG 2000 and XL, JBIG2, DjVu, PSD and metafiles are known
and not read.
"""

import struct
from collections.abc import Iterator

from mailfilter import limits
from mailfilter.extract.budget import Unreadable
from mailfilter.extract.charset import looks_like_text
from mailfilter.extract.context import Ctx, Found
from mailfilter.extract.known import first_bytes
from mailfilter.extract.surplus import surplus
from mailfilter.model import Part
from mailfilter.unread import not_examined

WIDTH, HEIGHT = 300, 150
MARK = 16  # bytes: the longest that these formats begin with
SCANNED = 3_000_000_000  # pixels of all scans of a JPEG: twelve of the largest picture, 4 s
STRIPS = 200_000  # in one page of a TIFF
BLOCKS = 2000  # of a GIF that are looked at: frames and what stands between them
TABLES = 1000  # of a TIFF that are looked at; picture.py reads no more pages
_SCAN = b"\xff\xda"
_STRIPS = (273, 279, 324, 325)  # offsets and lengths of strips and tiles
_READABLE = (
    b"\x89PNG\r\n",
    b"GIF8",
    b"\xff\xd8\xff",
    b"II*\0",
    b"MM\0*",
    b"II+\0",  # BigTIFF
    b"MM\0+",
)
_IMAGES = (
    *_READABLE,
    b"\0\0\1\0",
    b"\0\0\2\0",  # a cursor
    b"8BPS",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cJXL ",  # JPEG XL
    b"\xff\x0a",
    b"\x97JB2\r\n\x1a\n",  # JBIG2
    b"AT&TFORM",  # DjVu
    b"gimp xcf",
    b"DDS ",
    b"\x76\x2f\x31\x01",  # OpenEXR
    b"\x0a\x05\x01",  # PCX
    b"\x01\x00\x00\x00",  # EMF, checked further below
    b"\xd7\xcd\xc6\x9a",  # WMF
    *(bytes([kind, 0, 9, 0, 0, version]) for kind in (1, 2) for version in (1, 3)),  # without place
    b"II\xbc\x01",  # JPEG XR, which Office keeps beside a picture with effects
    b"VCLMTF",  # LibreOffice's own metafile, in every presentation with a table
)
_PICT = b"\0\x11\x02\xff"  # the Macintosh's metafile, behind its frame; a file has 512 bytes before
_SOUND = (b"ID3", b"OggS", b"fLaC", b"#!AMR", b"MThd", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")
_FILM = (b"\x1a\x45\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")
_PICTURE_BRANDS = (
    *(b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    *(b"jp2 ", b"jpx ", b"crx "),
)
_SOUND_BRANDS = (b"M4A ", b"M4B ")
INSIDE = ((b"ftyp", 4), (_PICT, 10), (_PICT, 522))  # marks that do not stand first
FIRST_OF_IMAGE = first_bytes(*_IMAGES, b"BM", b"RIFF")
FIRST_OF_SOUND = first_bytes(*_SOUND, b"RIFF")
FIRST_OF_FILM = first_bytes(*_FILM, b"RIFF")


def sniff_image(data: bytes) -> bool:
    """Any raster or vector image that is no text."""
    if data.startswith(b"\x01\x00\x00\x00"):
        return data[40:44] == b" EMF"
    if data.startswith(_PICT, 10) or data.startswith(_PICT, 522):
        return True
    return (
        data.startswith(_IMAGES)
        or _is_readable(data)
        or (data[4:8] == b"ftyp" and data[8:12] in _PICTURE_BRANDS)
    )


def _is_readable(data: bytes) -> bool:
    """Formats that `picture.py` opens; bitmaps and WebP have more than one mark."""
    return (
        data.startswith(_READABLE)
        or (data.startswith(b"BM") and data[6:10] == b"\0\0\0\0" and len(data) > 54)
        or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")
    )


def sniff_sound(data: bytes) -> bool:
    """Sound files by their first bytes."""
    return data.startswith(_SOUND) or (
        (data.startswith(b"RIFF") and data[8:12] == b"WAVE")
        or (data[4:8] == b"ftyp" and data[8:12] in _SOUND_BRANDS)
    )


def sniff_film(data: bytes) -> bool:
    """Film files by their first bytes."""
    return data.startswith(_FILM) or (
        (data.startswith(b"RIFF") and data[8:12] == b"AVI ")
        or (data[4:8] == b"ftyp" and data[8:12] not in _PICTURE_BRANDS + _SOUND_BRANDS)
    )


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """What is known is nothing; any other image is read if its format and OCR allow it."""
    ctx.pictures.meet(part, *dimensions(part.data))
    if ctx.pictures.knows(part.data):
        return
    with ctx.pictures.hearing(part.data):
        for found in _read(part, ctx):
            ctx.pictures.hear(found)
            yield found


def _read(part: Part, ctx: Ctx) -> Iterator[Found]:
    if not _is_readable(part.data):
        yield from surplus(part, part.data, ctx)
        if looks_like_text(part.data[MARK:]):  # a mark with a text behind it is no picture
            raise Unreadable("unknown-content")
        yield not_examined(part.place, "image")
        return
    from mailfilter.extract import ocr, picture

    if is_decoration(part) and not ocr.ready():
        return
    width, height = dimensions(part.data)
    scans = part.data.count(_SCAN) if part.data.startswith(b"\xff\xd8") else 1
    if width * height > limits.PIXELS or width * height * scans > SCANNED:
        raise Unreadable("image-size")  # before any library sees it
    if _has_long_table(part.data):
        raise Unreadable("image-size")
    yield from picture.read(part, ctx)


def _has_long_table(data: bytes) -> bool:
    """A TIFF whose pages have more strips than paper has lines: each costs Pillow microseconds."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return False
    (at,) = struct.unpack_from(order + "I", data.ljust(8, b"\0"), 4)
    for _ in range(TABLES):
        if not 8 <= at <= len(data) - 6:
            return False
        (entries,) = struct.unpack_from(order + "H", data, at)
        counts = data[at + 2 : at + 2 + 12 * entries]
        for tag, _kind, count in struct.iter_unpack(
            order + "HHI4x", counts[: len(counts) // 12 * 12]
        ):
            if tag in _STRIPS and count > STRIPS:
                return True
        after = at + 2 + 12 * entries
        if after + 4 > len(data):
            return False
        (at,) = struct.unpack_from(order + "I", data, after)
    return False


def is_decoration(part: Part) -> bool:
    """A small image that stands in the text."""
    if not (part.inline or part.content_id):
        return False
    width, height = dimensions(part.data)
    return 0 < width < WIDTH and 0 < height < HEIGHT


def dimensions(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels; (0, 0) where the header does not say."""
    try:
        if data.startswith(b"\x89PNG") and data[12:16] == b"IHDR":
            return struct.unpack_from(">2I", data, 16)
        if data.startswith(b"GIF8"):
            return _gif(data)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<2i", data, 18)
            return abs(width), abs(height)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data.startswith(b"RIFF"):
            return _webp(data)
    except struct.error:
        pass
    return 0, 0


def _gif(data: bytes) -> tuple[int, int]:
    """What is shown: programs make the canvas as large as the frames, whatever the screen says."""
    width, height = struct.unpack_from("<2H", data, 6)
    at = 13 + _colours(data[10])
    for _ in range(BLOCKS):
        if data[at : at + 1] == b"\x2c":
            left, top, wide, high, packed = struct.unpack_from("<4HB", data, at + 1)
            width, height = max(width, left + wide), max(height, top + high)
            at = _after_blocks(data, at + 11 + _colours(packed))
        elif data[at : at + 1] == b"\x21":
            at = _after_blocks(data, at + 2)
        else:
            break
    return width, height


def _colours(packed: int) -> int:
    """Bytes of the table of colours that a field announces."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _jpeg(data: bytes) -> tuple[int, int]:
    """Size from the start-of-frame segment; the segments before it are stepped over."""
    at = 2
    for _ in range(1000):
        marker, size = struct.unpack_from(">HH", data, at)
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack_from(">2H", data, at + 5)
            return width, height
        if marker < 0xFF00:
            break
        at += 2 + size
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return _int24(data, 24) + 1, _int24(data, 27) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<2H", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return 0, 0


def _int24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
