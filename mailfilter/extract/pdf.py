"""PDF, by pdfium.

From → to: a file → the pages as one `Text` (invisible text included), annotations, form fields,
XFA data, bookmarks, metadata; attached files as further `Part`s. A page that shows an image and
next to no text is rendered and read by OCR, without which it is "pdf-without-text".

Invariants: a password asked for is "encrypted", anything else that pdfium refuses is broken;
pages are opened and closed one at a time.

Errors: pypdfium2.PdfiumError, and ValueError, OSError of its bindings.
Sources: ISO 32000-1; the FPDF interface of pdfium.
Known gaps: scripts in the file are not read; fonts without a mapping to Unicode give
nonsense.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from detectors import Role
from mailfilter import labels
from mailfilter.extract.budget import Unreadable
from mailfilter.extract.context import Ctx, Found, member, text_at
from mailfilter.extract.xmltext import decoded
from mailfilter.model import NotExamined, Part, Text
from mailfilter.place import Place, Step, StepKind
from mailfilter.unread import not_examined

PAGES = 5000
TOGETHER = 500_000  # characters of pages in one text
ATTACHMENTS = 500
ANNOTATIONS = 2000  # on one page
SCANT = 60  # characters: a page with fewer and a large image is an image
LARGE = 0.3  # of the page's area
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_LABEL = re.compile(rb"MSIP_Label_[0-9a-fA-F-]{36}_(?:Name|Enabled)(?![\w-])")
_XMP_PAIR = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(MSIP_Label_[0-9a-fA-F-]{36}_(?:Name|Enabled))>([^<>]{0,1000})</"
)
_XMP_MAKER = re.compile(rb"<(?:xmp:CreatorTool|pdf:Producer)>([^<>]{1,1000})</")
_XMP = re.compile(rb"<(?:rdf:li|dc:\w+|pdf:\w+|xmp:CreatorTool|pdfx:\w+)[^<>]*>([^<]+)<")
_ANNOTATION_TEXTS = ("Contents", "T", "V", "TU", "Subj", "DV", "RC")
_HYPHENS = str.maketrans({"\ufffe": "-", "\x02": "-"})  # how pdfium marks a hyphen at a line's end


def sniff(data: bytes) -> bool:
    """The header may stand anywhere in the first kilobyte."""
    return b"%PDF-" in data[:1024]


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
    yield from _pages(document, part, ctx)
    yield from _metadata(document, part, ctx)
    titles = "\n".join(bookmark.get_title() for bookmark in _bookmarks(document))
    yield text_at(titles, part.place)
    if forms:
        yield text_at(_xfa(document), part.place)
    yield from _attachments(document, part)


def _pages(document: Any, part: Part, ctx: Ctx) -> Iterator[Found]:
    """Pages follow each other in one text; the first picture that cannot be read is named."""
    count, unread, joined = len(document), False, _Joined()
    for n in range(min(count, PAGES)):
        place = part.place.down(Step(StepKind.PAGE, n + 1))
        page = document[n]
        try:
            content = _text(page)
            yield from joined.add(content, place)
            yield from _annotations(document, page, place)
            if not unread and len(content) < SCANT and _is_picture(page, content):
                for found in _scan(page, place, ctx):
                    unread = unread or isinstance(found, NotExamined)
                    yield found
        finally:
            page.close()
    yield from joined.flush()
    if count > PAGES:
        yield not_examined(part.place, "too-many-pages")


def _scan(page: Any, place: Place, ctx: Ctx) -> Iterator[Found]:
    """A page that is an image, by OCR."""
    from mailfilter.extract import ocr, picture

    if not ocr.ready():
        yield not_examined(place, "pdf-without-text")
        return
    width, height = (max(side, 1.0) for side in page.get_size())
    scale = min(ocr.DPI / 72, (picture.AREA / (width * height)) ** 0.5, picture.SIDE / width)
    bitmap = page.render(scale=min(scale, picture.SIDE / height), grayscale=True)
    yield from picture.read_page(bitmap.to_pil().convert("L"), place, ctx)


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


def _text(page: Any) -> str:
    textpage = page.get_textpage()
    try:
        content: str = textpage.get_text_range()
    finally:
        textpage.close()
    return content.translate(_HYPHENS).replace("\r\n", "\n")


def _is_picture(page: Any, content: str) -> bool:
    """A large image, or drawings where there is no text at all (fonts turned into outlines)."""
    from pypdfium2 import raw

    width, height = page.get_size()
    area, drawings = max(width * height, 1.0), 0
    for item in page.get_objects(max_depth=3):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            if not content.strip() or (right - left) * (top - bottom) > LARGE * area:
                return True
        drawings += item.type == raw.FPDF_PAGEOBJ_PATH
    return not content.strip() and drawings > 200


def _annotations(document: Any, page: Any, place: Place) -> Iterator[Found]:
    """Notes, fields, addresses of links."""
    from pypdfium2 import raw

    count = raw.FPDFPage_GetAnnotCount(page)
    if count <= 0:
        return
    lines: list[str] = []
    for n in range(min(count, ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, n)
        if annotation:
            lines += _annotation(document, annotation)
            raw.FPDFPage_CloseAnnot(annotation)
    if count > ANNOTATIONS:
        yield not_examined(place, "too-many-parts")
    yield text_at("\n".join(dict.fromkeys(lines)), place.down(Step(StepKind.COMMENT)))


def _annotation(document: Any, annotation: Any) -> Iterator[str]:
    from pypdfium2 import raw

    for key in _ANNOTATION_TEXTS:
        name = key.encode()
        yield _wide(lambda out, n, k=name: raw.FPDFAnnot_GetStringValue(annotation, k, out, n))
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
    lines += [found.decode("utf-8", "replace") for found in _XMP.findall(part.data)]
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


def _attachments(document: Any, part: Part) -> Iterator[Found]:
    for n in range(min(document.count_attachments(), ATTACHMENTS)):
        attached = document.get_attachment(n)
        yield member(part, n + 1, attached.get_name(), bytes(attached.get_data()))
