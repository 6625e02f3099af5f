"""PDF, by pdfium.

From → to: a file → the pages as one `Text` (invisible text included), annotations, form fields,
XFA data, bookmarks, metadata; attached files as further `Part`s; what hangs elsewhere in the file,
and what earlier revisions said (pdfbeside.py). Images are read by OCR (pdfimages.py says which),
without which they are "pdf-without-text" or "image".

Invariants: a password asked for is "encrypted", anything else that pdfium refuses is broken;
pages are opened and closed one at a time.

Errors: pypdfium2.PdfiumError, and ValueError, OSError of its bindings.
Sources: ISO 32000-1; the FPDF interface of pdfium.
Known gaps: text in patterns; see pdfimages.py and pdfobjects.py.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from detectors import Role
from mailfilter import labels, limits
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.xmltext import decoded
from mailfilter.extract.pdf import beside, objects, streams
from mailfilter.extract.pdf import images as pdfimages
from mailfilter.extract.text.plain import strip_markup
from mailfilter.model import NotExamined, Part, Text
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

MARK = b"%PDF-"
PAGES = 5000
TOGETHER = 500_000  # characters of pages in one text
ATTACHMENTS = 500
ANNOTATIONS = 2000  # on one page
IMAGES = 2000  # on a page that is drawn; a scan has one, or some hundred strips
VALUES = 20_000  # of metadata
_IMAGE = re.compile(rb"/Subtype\s{0,4}/Image|/ImageMask")
_INVISIBLE = (2, 16)  # links and the windows of notes
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_LABEL = re.compile(rb"MSIP_Label_[0-9a-fA-F-]{36}_(?:Name|Enabled)(?![\w-])")
_XMP_PAIR = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(MSIP_Label_[0-9a-fA-F-]{36}_(?:Name|Enabled))>([^<>]{0,1000})</"
)
_XMP_MAKER = re.compile(rb"<(?:xmp:CreatorTool|pdf:Producer)>([^<>]{1,1000})</")
_XMP = re.compile(rb"<(?:rdf:li|dc:\w+|pdf:\w+|xmp:CreatorTool|pdfx:\w+)[^<>]*>([^<]+)<")
_ANNOTATION_TEXTS = ("Contents", "T", "V", "TU", "Subj", "DV", "RC", "RV")
_HYPHENS = ("\ufffe", "\x02")  # how pdfium marks a hyphen at a line's end


def sniff(data: bytes) -> bool:
    """The header may stand anywhere in the first kilobyte."""
    return data.find(MARK, 0, 1024) >= 0


def opens(data: bytes, password: str) -> bool:
    """Whether the password opens the file."""
    import pypdfium2 as pdfium

    try:
        pdfium.PdfDocument(data, password=password).close()
    except pdfium.PdfiumError:
        return False
    return True


def read(part: Part, ctx: Ctx, password: str | None = None) -> Iterator[Found]:
    """Pages first, then what hangs on the document."""
    import pypdfium2 as pdfium

    streams.check(part.data)
    try:
        document = pdfium.PdfDocument(part.data, password=password)
        try:
            yield from _document(document, part, ctx)
        finally:
            document.close()
    except pdfium.PdfiumError as problem:
        code = "encrypted" if problem.err_code == _PASSWORD else "broken-document"
        raise Unreadable(code) from None


def _document(document: Any, part: Part, ctx: Ctx) -> Iterator[Found]:
    forms = document.get_formtype() != 0
    if forms:
        document.init_forms()
    data = beside.unlocked(document, part.data)  # before anything is drawn into its pages
    earlier = objects.revisions(part.data)
    seen = pdfimages.Seen(_IMAGE.search(part.data) is not None, lines=set() if earlier else None)
    yield from _pages(document, part, ctx, seen)
    for found in chain(
        _metadata(document, part, ctx),
        [text_at("\n".join(each.get_title() for each in _bookmarks(document)), part.place)],
        [text_at(_xfa(document), part.place)] if forms else [],
        _attachments(document, part, seen),
    ):
        if isinstance(found, Text):
            seen.said.update(found.content.split("\n"))
        yield found
    yield from beside.read(data, part, ctx, seen)
    yield from beside.before(earlier, part, seen, _text)


def _pages(document: Any, part: Part, ctx: Ctx, seen: pdfimages.Seen) -> Iterator[Found]:
    """Pages follow each other in one text; the first picture that cannot be read is named."""
    count, joined = len(document), _Joined()
    for n in range(min(count, PAGES)):
        place = part.place.down(Step(StepKind.PAGE, n + 1))
        page = document[n]
        text = page.get_textpage()
        try:
            content = _text(text)
            yield from joined.add(content, place)
            if seen.lines is not None:
                seen.lines.update(content.split("\n"))
            if not seen.unread:
                for found in _scans(page, text, content, place, ctx, seen):
                    seen.unread = seen.unread or isinstance(found, NotExamined)
                    yield found
            yield from _annotations(document, page, n, place, seen)
        finally:
            text.close()
            page.close()
    yield from joined.flush()
    if count > PAGES:
        yield not_examined(part.place, "too-many-pages")


def _scans(
    page: Any, text: Any, content: str, place: Place, ctx: Ctx, seen: pdfimages.Seen
) -> Iterator[Found]:
    """What is an image on a page, by OCR."""
    from mailfilter.extract.image import ocr, picture

    for box in pdfimages.regions(page, text, content, seen):
        if not ocr.ready():
            if box and pdfimages.decoration(box):
                continue
            yield not_examined(place, "image" if box else "pdf-without-text")
        elif _is_overdrawn(page):
            yield not_examined(place, "image-size")
        else:
            drawn = pdfimages.drawn(page, box, ocr.DPI / 72, picture.AREA, picture.SIDE)
            yield from picture.read_page(drawn, place, ctx)


@dataclass(slots=True)
class _Joined:
    """Pages on their way into one text."""

    contents: list[str] = field(default_factory=list)
    places: list[tuple[int, Place]] = field(default_factory=list)
    size: int = 0

    def add(self, content: str, place: Place) -> Iterator[Text]:
        self.contents.append(content)
        self.places.append((self.size, place))
        self.size += len(content) + 1
        if self.size > TOGETHER:
            yield from self.flush()

    def flush(self) -> Iterator[Text]:
        if self.places:
            yield Text("\n".join(self.contents), tuple(self.places))
        self.contents, self.places, self.size = [], [], 0


def _text(textpage: Any) -> str:
    content: str = textpage.get_text_range()
    for sign in _HYPHENS:
        content = content.replace(sign, "-")
    return content.replace("\r\n", "\n")


def _is_overdrawn(page: Any) -> bool:
    """Too many images, or too large ones, to be drawn."""
    from pypdfium2 import raw

    items = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
    for images, item in enumerate(items):
        width, height = item.get_px_size()
        if images == IMAGES or width * height > limits.PICTURE_SIZE:
            return True
    return False


def _annotations(
    document: Any, page: Any, n: int, place: Place, seen: pdfimages.Seen
) -> Iterator[Found]:
    """Notes, fields, addresses of links; then what they show, if that is more than they say."""
    from pypdfium2 import raw

    count = raw.FPDFPage_GetAnnotCount(page)
    if count <= 0:
        return
    lines: list[str] = []
    shown = False
    for number in range(min(count, ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if annotation:
            shown = shown or raw.FPDFAnnot_GetSubtype(annotation) not in _INVISIBLE
            lines += _annotation(document, annotation)
            raw.FPDFPage_CloseAnnot(annotation)
    if shown:
        lines += beside.drawn_annotations(document, page, n, _text)
    seen.said.update(lines)
    if count > ANNOTATIONS:
        yield not_examined(place, "too-many-parts")
    yield text_at("\n".join(dict.fromkeys(lines)), place.down(Step(StepKind.COMMENT)))


def _annotation(document: Any, annotation: Any) -> Iterator[str]:
    from pypdfium2 import raw

    for key in _ANNOTATION_TEXTS:
        name = key.encode()
        said = _wide(lambda out, n, k=name: raw.FPDFAnnot_GetStringValue(annotation, k, out, n))
        yield said
        if "<" in said:
            yield strip_markup(said)
    if document.formenv:
        form = document.formenv
        yield _wide(lambda out, n: raw.FPDFAnnot_GetFormFieldValue(form, annotation, out, n))
    if link := raw.FPDFAnnot_GetLink(annotation):
        action = raw.FPDFLink_GetAction(link)
        size = raw.FPDFAction_GetURIPath(document, action, None, 0) if action else 0
        if 1 < size < 65536:
            address = ctypes.create_string_buffer(size)
            raw.FPDFAction_GetURIPath(document, action, address, size)
            yield address.value.decode("utf-8", "replace")


def _wide(get: Any) -> str:
    """A UTF-16 string by the call that pdfium uses twice: for its size, for its content."""
    from pypdfium2 import raw

    size = get(None, 0)
    if not 2 < size < 1 << 20:
        return ""
    out = (ctypes.c_ushort * (size // 2 + 1))()
    get(ctypes.cast(out, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return bytes(out)[: size - 2].decode("utf-16-le", "replace")


def _metadata(document: Any, part: Part, ctx: Ctx) -> Iterator[Found]:
    values = document.get_metadata_dict(skip_empty=True)
    for key in ("Creator", "Producer"):
        ctx.maker(values.get(key, ""))
    for found in _XMP_MAKER.findall(part.data):
        ctx.maker(decoded(found))
    for label in labels.msip(_pairs(document, part.data)):
        ctx.label(label)
    dates = ("CreationDate", "ModDate")
    lines = [value for key, value in values.items() if key not in dates]
    texts = [found[1] for found in islice(_XMP.finditer(part.data), VALUES)]
    if len(texts) == VALUES:
        yield not_examined(part.place, "too-many-parts")
    lines += [found.decode("utf-8", "replace") for found in texts]
    place = part.place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY)
    yield text_at("\n".join(dict.fromkeys(lines)), place)


def _pairs(document: Any, data: bytes) -> Iterator[tuple[str, str]]:
    """Label properties of the document's information and of its XMP."""
    for key in dict.fromkeys(found.decode("ascii") for found in _LABEL.findall(data)):
        if value := document.get_metadata_value(key):
            yield key, value
    for key, value in _XMP_PAIR.findall(data):
        yield key.decode("ascii"), decoded(value)


def _bookmarks(document: Any) -> Iterator[Any]:
    for n, bookmark in enumerate(document.get_toc(max_depth=10)):
        if n == PAGES:
            return
        yield bookmark


def _xfa(document: Any) -> str:
    """The data of a dynamic form, which the pages do not show."""
    from pypdfium2 import raw

    packets = []
    for n in range(max(raw.FPDF_GetXFAPacketCount(document), 0)):
        size = ctypes.c_ulong()
        if raw.FPDF_GetXFAPacketContent(document, n, None, 0, size) and 0 < size.value < 1 << 24:
            out = ctypes.create_string_buffer(size.value)
            raw.FPDF_GetXFAPacketContent(document, n, out, size.value, size)
            packets.append(re.sub(rb"<[^<>]*>", b"\n", out.raw).decode("utf-8", "replace"))
    return "\n".join(packets)


def _attachments(document: Any, part: Part, seen: pdfimages.Seen) -> Iterator[Found]:
    for n in range(min(document.count_attachments(), ATTACHMENTS)):
        attached = document.get_attachment(n)
        data = bytes(attached.get_data())
        seen.files.add(hash(data))
        yield member(part, n + 1, attached.get_name(), data)
