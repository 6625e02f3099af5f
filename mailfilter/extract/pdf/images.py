"""Images on the pages of a PDF: which of them have to be read by OCR.

From → to: a page, its text → the page, or a part of it, as a picture for OCR. A page is a picture
as a whole if images cover a third of it and text next to nothing of them, if it is drawn with
outlines and without text, or if its letters have no meaning that a program knows (a font without a
map to Unicode). An image on a page of text is read by itself; one that carries text, as the
scanner's own recognition or the words over a background, counts as read. Images that touch are one
picture.

Invariants: an image that is repeated is read once for each file.

Known gaps: a false layer of text over a scan is believed; an image that is covered by other text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SCANT = 60  # characters: on a page with fewer, drawings may be letters
COVERED = 0.05  # of an image: three lines on a page; what a scanner recognises covers more
RECTANGLES = 2000  # of text on one page
LARGE = 0.3  # of the page's area
WIDTH, HEIGHT = 225, 112.5  # points: 300 × 150 pixels at 96 to the inch
STRIPS = 500  # images of a page that are looked at for what they make together
TOUCH = 1.0  # points between them
DRAWINGS = 200  # on a page without text: letters as outlines
SAMPLE = 24  # characters that are asked for their meaning
SENSELESS = 0.5  # of them

Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(slots=True)
class Seen:
    """What was read of one document, so that nothing is read or said twice."""

    any: bool  # whether it has images at all
    keys: set[tuple[int, int, int]] = field(default_factory=set)  # of images
    said: set[str] = field(default_factory=set)  # lines of annotations and properties
    files: set[int] = field(default_factory=set)  # hashes of attachments
    lines: set[str] | None = None  # of pages, if there are earlier revisions
    unread: bool = False  # whether an image was said to be unread


def regions(page: Any, text: Any, content: str, seen: Seen) -> Iterator[Box | None]:
    """What is to be read of a page: boxes, or None for all of it. `text` is its textpage."""
    if senseless(text, len(content)):
        yield None
        return
    if not seen.any and len(content) >= SCANT:
        return
    width, height = page.get_size()
    boxes = list(_unread(page, text))
    covered = sum(_area(box) for box, _ in boxes) > LARGE * max(width * height, 1.0)
    if covered or (not content.strip() and (boxes or _drawn(page))):
        yield None
        return
    fresh = []
    for box, image in boxes:
        if (key := _key(image)) not in seen.keys:
            seen.keys.add(key)
            fresh.append(box)
    yield from _together(fresh)


def _unread(page: Any, text: Any) -> Iterator[tuple[Box, Any]]:
    """Images of which text covers next to nothing."""
    from pypdfium2 import raw

    written: list[Box] | None = None
    for image in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
        if written is None:
            written = [text.get_rect(n) for n in range(min(text.count_rects(), RECTANGLES))]
        box = image.get_bounds()
        if sum(_area(_common(box, each)) for each in written) < COVERED * _area(box):
            yield box, image


def _together(boxes: list[Box]) -> list[Box]:
    """Boxes that touch are one: programs cut a picture into strips."""
    whole: list[Box] = []
    for box in boxes[:STRIPS]:
        apart = []
        for each in whole:
            left, bottom, right, top = each
            touches = (
                box[0] <= right + TOUCH
                and left <= box[2] + TOUCH
                and box[1] <= top + TOUCH
                and bottom <= box[3] + TOUCH
            )
            if touches:
                box = min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)  # noqa: PLW2901 - it grows
            else:
                apart.append(each)
        whole = [*apart, box]
    return [*whole, *boxes[STRIPS:]]


def decoration(box: Box) -> bool:
    """Whether an image is as small as a logo: where there is no OCR it is passed over."""
    left, bottom, right, top = box
    return right - left < WIDTH and top - bottom < HEIGHT


def _common(one: Box, other: Box) -> Box:
    """What two boxes share; of no area if they are apart."""
    left, bottom = max(one[0], other[0]), max(one[1], other[1])
    return left, bottom, max(min(one[2], other[2]), left), max(min(one[3], other[3]), bottom)


def _area(box: Box) -> float:
    left, bottom, right, top = box
    return (right - left) * (top - bottom)


def _key(image: Any) -> tuple[int, int, int]:
    width, height = image.get_px_size()
    return width, height, hash(bytes(image.get_data()))


def _drawn(page: Any) -> bool:
    from pypdfium2 import raw

    paths = page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,), max_depth=3)
    return sum(1 for _ in paths) > DRAWINGS


def senseless(text: Any, count: int) -> bool:
    """Whether most characters are only numbers of glyphs."""
    from pypdfium2 import raw

    step = max(count // SAMPLE, 1)
    asked = range(0, count, step)
    bad = sum(raw.FPDFText_HasUnicodeMapError(text, n) == 1 for n in asked)
    return bool(bad > SENSELESS * len(asked) > 0)


def drawn(page: Any, box: Box | None, scale: float, area: int, side: int) -> Any:
    """The page or a part of it as a grey picture of at most `area` pixels."""
    left, bottom, right, top = page.get_bbox()
    crop = (0.0, 0.0, 0.0, 0.0)
    width, height = page.get_size()
    if box and not page.get_rotation():
        crop = (box[0] - left, box[1] - bottom, right - box[2], top - box[3])
        crop = tuple(max(each, 0.0) for each in crop)  # type: ignore[assignment]
        width, height = width - crop[0] - crop[2], height - crop[1] - crop[3]
    width, height = max(width, 1.0), max(height, 1.0)
    scale = min(scale, (area / (width * height)) ** 0.5, side / width, side / height)
    bitmap = page.render(scale=scale, grayscale=True, crop=crop)
    return bitmap.to_pil().convert("L")
