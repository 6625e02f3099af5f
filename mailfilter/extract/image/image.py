"""Images, sound and film: which they are; which images are known, and which are not read.

From → to: bytes → nothing (a picture that is known to say nothing), what `picture.py` reads, or
`NotExamined`. A logo in a signature is an inline image of less than 300 × 150 pixels (V2),
which is decoration only where there is no OCR. Sound and film: `media.py`.

HEIC and AVIF come from telephones; icons hold bitmaps, which are read one by one. Of formats that
are not the usual ones, what an editor would show of the file is read besides (`surplus`): a picture
of a few pixels may stand before a text. How large a picture is: `sizes.py`.

Sources: ISO 23008-12 (HEIF brands), T.800 and T.801 (JPEG 2000), ZSoft's PCX, Truevision TGA 2.0.
Known gaps: JPEG XL and XR, JBIG2, DjVu, XCF, DDS, OpenEXR and the metafiles of the Macintosh and of
LibreOffice are known and not read; of HEIF and JPEG 2000 in parts only what the library shows.
"""

import struct
from collections.abc import Iterator

from mailfilter import limits
from mailfilter.extract.image import icon
from mailfilter.extract.image.sizes import dimensions, is_targa
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.kit.known import first_bytes
from mailfilter.extract.kit.surplus import surplus
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

WIDTH, HEIGHT = 300, 150
MARK = 16  # bytes: the longest that these formats begin with
SCANNED = 3_000_000_000  # pixels of all scans of a JPEG: twelve of the largest picture, 4 s
STRIPS = 200_000  # in one page of a TIFF
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
_RARE = (  # read, and looked through besides
    b"8BPS",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",
    *(b"\x0a" + bytes([version, 1]) for version in (0, 2, 3, 4, 5)),  # PCX
    b"\xb1\x68\xde\x3a",  # several of them
)
_IMAGES = (
    *_READABLE,
    *_RARE,
    *icon.MARKS,
    b"\0\0\0\x0cJXL ",  # JPEG XL
    b"\xff\x0a",
    b"\x97JB2\r\n\x1a\n",  # JBIG2
    b"AT&TFORM",  # DjVu
    b"gimp xcf",
    b"DDS ",
    b"\x76\x2f\x31\x01",  # OpenEXR
    b"II\xbc\x01",  # JPEG XR, which Office keeps beside a picture with effects
    b"VCLMTF",  # LibreOffice's own metafile, in every presentation with a table
)
_PICT = b"\0\x11\x02\xff"  # the Macintosh's metafile, behind its frame; a file has 512 bytes before
_SOUND = (b"ID3", b"OggS", b"fLaC", b"#!AMR", b"MThd", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")
_FILM = (b"\x1a\x45\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")
_AVIF = (b"avif", b"avis")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_PICTURE_BRANDS = (*_AVIF, *_HEIF, b"jp2 ", b"jpx ", b"crx ")
_SOUND_BRANDS = (b"M4A ", b"M4B ")
INSIDE = ((b"ftyp", 4), (_PICT, 10), (_PICT, 522))  # marks that do not stand first
FIRST_OF_IMAGE = first_bytes(*_IMAGES, b"BM", b"RIFF")
FIRST_OF_SOUND = first_bytes(*_SOUND, b"RIFF")
FIRST_OF_FILM = first_bytes(*_FILM, b"RIFF")


def sniff_image(data: bytes) -> bool:
    """Any raster or vector image that is no text."""
    if data.startswith(_PICT, 10) or data.startswith(_PICT, 522):
        return True
    return (
        data.startswith(_IMAGES)
        or _is_readable(data)
        or (data[4:8] == b"ftyp" and data[8:12] in _PICTURE_BRANDS)
        or is_targa(data)
    )


def _is_readable(data: bytes) -> bool:
    """Formats that `picture.py` opens; bitmaps and WebP have more than one mark."""
    return (
        data.startswith(_READABLE)
        or (data.startswith(b"BM") and data[6:10] == b"\0\0\0\0" and len(data) > 54)
        or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")
    )


def _is_rare(data: bytes) -> bool:
    """Formats that `picture.py` opens, if its libraries are there, and that are no usual ones."""
    if data[4:8] == b"ftyp":
        return data[8:12] in (*_AVIF, *_HEIF)
    return data.startswith(_RARE) or is_targa(data)


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
    if icon.sniff(part.data):
        yield from icon.read(part, ctx)
        return
    from mailfilter.extract.image import ocr, picture

    if not _is_readable(part.data):
        yield from surplus(part, part.data, ctx)
        if looks_like_text(part.data[MARK:]):  # a mark with a text behind it is no picture
            raise Unreadable("unknown-content")
        if not _is_rare(part.data) or not picture.opens(part.data):
            yield not_examined(part.place, "image")
            return

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
