"""Pictures: what is written in them, by OCR, page by page or frame by frame.

From → to: a file → `Text` for each page on which lines of text are seen; with it what the file
says of itself (`exif.py`). A page is made grey and at most `AREA` large. A quick look at reduced
size decides: a photograph in which tesseract's layout analysis finds no line of text counts as
read, and so does one in which lines were seen that made no sense.

Invariants: Pillow opens the formats of `ALLOWED` and no other; nothing is decoded before its size
is known to be small enough; what the time of the message does not reach is "ocr-time", said at
the first page that it concerns; frames that look the same are read once.

Measured, layout of 2 million pixels: a scan 0.10 s, photographs 0.01 to 0.15 s, noise 0.25 s; of
28 photographs one (of coins) seemed to hold lines. Screenshots keep more pixels, because their
letters are small and sharp.

Sources: Pillow's concepts and its table of formats; threats.md 2.4 for pixel floods.
Known gaps: letters of less than some 8 pixels after the reduction; handwriting; thumbnails that
show more than the picture.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    DcxImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    ImageStat,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PcxImagePlugin,
    PngImagePlugin,
    PsdImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    features,
)

from detectors import Role
from mailfilter import limits
from mailfilter.extract.image import exif, heif, hevc, ocr
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.model import NotExamined, Part, Text
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

_PLUGINS = (  # JPEG's opens MPO too
    AvifImagePlugin.AvifImageFile,
    BmpImagePlugin.BmpImageFile,
    DcxImagePlugin.DcxImageFile,
    GifImagePlugin.GifImageFile,
    Jpeg2KImagePlugin.Jpeg2KImageFile,
    JpegImagePlugin.JpegImageFile,
    PcxImagePlugin.PcxImageFile,
    PngImagePlugin.PngImageFile,
    PsdImagePlugin.PsdImageFile,
    TgaImagePlugin.TgaImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
_HEAD = 16_384  # bytes in which the kinds of items stand
_CODECS = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}  # Pillow may lack them


def _allowed() -> tuple[str, ...]:
    """The formats that this installation opens. No library may start a thread: a worker has one."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    found = (str(plugin.format) for plugin in _PLUGINS)
    return tuple(name for name in found if name not in _CODECS or features.check(_CODECS[name]))


ALLOWED = _allowed()
AREA = 9_000_000  # pixels: A4 at 300 dpi
GLANCE, SHARP_GLANCE = 2_000_000, 4_000_000  # pixels of the quick look: photographs, others
POOR = 600_000  # pixels: a picture of fewer is enlarged
MARGIN = 16  # pixels
GROUND = 0.4  # of the pixels, within three greys; a page has 0.9, grass or cloth 0.1 to 0.3
SIDE = 32_000  # tesseract counts pixels in 16 bits
SMALL = 12  # pixels: letters in less than this cannot be read
SURE = 80  # confidence: what reads worse is not remembered
FRAMES = 500  # an animation of half a minute; a fax of 500 pages
_TURNS = {  # by EXIF's orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Image.MAX_IMAGE_PIXELS = limits.PIXELS // 2  # Pillow warns of more and refuses twice as many


def prepare() -> tuple[str, ...]:
    """Before workers are forked: plug-ins are loaded by now, OCR is; returns packages missing."""
    hevc.available()
    return ocr.prepare()


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """What is written, and the file's properties; without OCR those alone.

    Raises `Unreadable` for a damaged or a huge picture, if there is OCR.
    """
    if not ocr.ready():
        yield not_examined(part.place, "image")
        with suppress(Unreadable):
            yield _properties(_open(part.data), part.place)
        return
    if _is_heif(part.data):
        yield from _telephone(part, ctx)
        return
    image = _open(part.data)
    yield from _pages(image, part, ctx)
    yield _properties(image, part.place)


def read_page(page: Image.Image, place: Place, ctx: Ctx, glance: int = GLANCE) -> Iterator[Found]:
    """What is written on a grey page, or that there was no time for it."""
    if not ctx.budget.seconds():
        yield not_examined(place, "ocr-time")
        return
    pixels = page.width * page.height
    if min(page.size) < SMALL:
        return
    page = _framed(_enlarged(page))
    glimpse, specks = ocr.calm(reduced(page, glance))
    if not ctx.budget.may_look(glimpse.width * glimpse.height, specks):
        ctx.budget.leave_pictures()
        yield not_examined(place, "ocr-time")
        return
    if not ocr.lines(glimpse):
        return
    if not ctx.budget.may_recognise(pixels):
        ctx.budget.leave_pictures()
        yield not_examined(place, "ocr-time")
        return
    with ctx.budget.turn():
        seconds = ctx.budget.seconds()
        found = ocr.recognise(page, seconds) if seconds else ocr.NOTHING
    if found.confidence < SURE or not found.text.strip():
        ctx.pictures.doubt()
    yield text_at(found.text, place)
    if not found.complete:
        yield not_examined(place, "ocr-time")


def reduced(page: Image.Image, area: int) -> Image.Image:
    """The same picture with at most `area` pixels and no side longer than `SIDE`."""
    width, height = page.size
    scale = min((area / (width * height)) ** 0.5, SIDE / max(width, height))
    if scale >= 1:
        return page
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    return page.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _enlarged(page: Image.Image) -> Image.Image:
    """A small picture twice as large: tesseract reads letters of 8 pixels then, and not before."""
    width, height = page.size
    if width * height > POOR or max(width, height) * 2 > SIDE:
        return page
    return page.resize((width * 2, height * 2), Image.Resampling.BICUBIC)


def _framed(page: Image.Image) -> Image.Image:
    """With a margin, if it has a ground: letters that touch an edge are no line to tesseract.

    Around a photograph a margin makes lines out of texture.
    """
    counts = page.histogram()
    ground = counts.index(max(counts))
    share = sum(counts[max(ground - 3, 0) : ground + 4]) / (page.width * page.height)
    return ImageOps.expand(page, MARGIN, ground) if share > GROUND else page


def opens(data: bytes) -> bool:
    """Whether a picture of a format that is not the usual is opened here, if it is whole."""
    if data[4:8] != b"ftyp":
        return not data.startswith((b"\0\0\0\x0cjP", b"\xff\x4f\xff")) or "JPEG2000" in ALLOWED
    return hevc.available() if _is_heif(data) else "AVIF" in ALLOWED


def _is_heif(data: bytes) -> bool:
    """HEVC in HEIF; the same brand may stand before pictures of AV1."""
    return data[4:8] == b"ftyp" and data[8:12] in heif.BRANDS and b"av01" not in data[:_HEAD]


def first_page(data: bytes) -> Image.Image:
    """The picture as it is shown first, grey; `Unreadable` if it cannot be opened."""
    with _guard():
        if _is_heif(data):
            return reduced(_grey(next(heif.pictures(heif.opened(data), Budget()))), AREA)
        page = _page(Image.open(BytesIO(data), formats=ALLOWED), 0)
    if page is None:
        raise Unreadable("broken-document")
    return page


def _telephone(part: Part, ctx: Ctx) -> Iterator[Found]:
    """The pictures of a HEIC, and what it says of itself."""
    with _guard():
        file = heif.opened(part.data)
    if file.unread():
        yield not_examined(part.place, "image")
    pages = heif.pictures(file, ctx.budget)
    while ctx.budget.seconds():
        with _guard():
            made = next(pages, None)
            page = reduced(_grey(made), AREA) if made is not None else None
        if page is None:
            break
        yield from read_page(page, part.place, ctx)
    else:
        yield not_examined(part.place, "ocr-time")
    shell = Image.new("L", (1, 1))
    shell.info = dict(zip(("exif", "xmp"), file.told(), strict=True))
    yield _properties(shell, part.place)


def _open(data: bytes) -> Image.Image:
    with _guard():
        return Image.open(BytesIO(data), formats=ALLOWED)


def _properties(image: Image.Image, place: Place) -> Text:
    with _guard():
        said = exif.properties(image)
    return text_at(said, place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY))


def _pages(image: Image.Image, part: Part, ctx: Ctx) -> Iterator[Found]:
    """One page after the other, until there is none or no time."""
    glance = GLANCE if image.format in ("JPEG", "MPO") else SHARP_GLANCE
    seen: set[int] = set()
    for n in range(FRAMES + 1):
        with _guard():
            page = _page(image, n)
        if page is None:
            return
        place = part.place.down(*_step(image, n))
        if not ctx.budget.seconds():
            yield not_examined(place, "ocr-time")
            return
        if n == FRAMES:
            raise Unreadable("too-many-pages")
        ctx.budget.take_picture(image.width * image.height)
        if (look := hash((page.size, page.tobytes()))) in seen:
            continue
        seen.add(look)
        for found in read_page(page, place, ctx, glance):
            yield found
            if isinstance(found, NotExamined):
                return


def _step(image: Image.Image, n: int) -> tuple[Step, ...]:
    """Fax and scanner make pages in TIFF; what animations and cameras add is no page."""
    return (Step(StepKind.PAGE, n + 1),) if image.format == "TIFF" else ()


def _page(image: Image.Image, n: int) -> Image.Image | None:
    """The page, grey, upright by what its file says and not too large; None behind the last."""
    try:
        image.seek(n)
    except EOFError:
        return None
    width, height = image.size
    scale = min((AREA / max(width * height, 1)) ** 0.5, 1)
    image.draft("L", (int(width * scale) + 1, int(height * scale) + 1))  # JPEG decodes less
    width, height = image.size
    if width * height * _depth(image.mode) > limits.PICTURE_SIZE:
        raise Unreadable("image-size")
    image.load()
    page = reduced(_grey(image), AREA)
    turn = _TURNS.get(image.getexif().get(exif.ORIENTATION, 1))
    return page.transpose(turn) if turn is not None else page


def _depth(mode: str) -> int:
    """Bytes for a pixel in Pillow's memory."""
    return 2 if mode.startswith("I;16") else 1 if mode in ("1", "L", "P") else 4


def _grey(image: Image.Image) -> Image.Image:
    """As L. Transparent pictures lie on the ground on which their ink can be seen."""
    if image.mode.startswith(("I", "F")):  # more than eight bits: the range that is used
        low, high = image.convert("F").getextrema()
        scale = 255 / ((high - low) or 1)  # type: ignore[operator]
        return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")  # type: ignore[operator]
    if not image.has_transparency_data:
        return image.convert("L")
    coloured = image.convert("RGBA")
    alpha, ink = coloured.getchannel("A"), coloured.convert("L")
    if alpha.getbbox() is None:
        return Image.new("L", image.size, 255)
    bright = ImageStat.Stat(ink, alpha.point(lambda value: value and 255)).mean[0] > 127
    ground = Image.new("L", image.size, 0 if bright else 255)
    ground.paste(ink, mask=alpha)
    return ground


@contextmanager
def _guard() -> Iterator[None]:
    """What Pillow says of a damaged or huge file becomes `Unreadable`; its warnings nothing."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except (Image.DecompressionBombError, MemoryError):
        raise Unreadable("image-size") from None
    except exif.DAMAGE:
        raise Unreadable("broken-document") from None
