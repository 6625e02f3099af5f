"""PDF: what no page shows, and what pages showed before.

From → to: an open document → the strings and files of its objects that were not read otherwise
(pdfobjects.py); the appearances of annotations, as far as they show more than the annotations say;
what stood on the pages of earlier revisions, which incremental saving leaves in the file.

Invariants: nothing that was said already is said again; an encrypted file is looked at in a copy
without its lock, which pdfium makes in memory.

Known gaps: an earlier revision that pdfium does not open by itself; in a copy without its lock
there is only what references lead to.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

from mailfilter.extract.kit.budget import SPENT, Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.pdf import objects
from mailfilter.extract.pdf.images import Seen
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Step, StepKind

PAGES = 500  # of an earlier revision
FIRST = 1000  # number of the first file that hangs elsewhere


def read(data: bytes, part: Part, ctx: Ctx, seen: Seen) -> Iterator[Found]:
    """Strings and files of all objects in `data`, which is not encrypted."""
    every = list(objects.objects(data, ctx.budget))
    dictionaries = objects.sources(every, ctx.budget)
    said = objects.texts(every, dictionaries, ctx.budget)
    lines = [line for line in dict.fromkeys(said) if line and line not in seen.said]
    yield text_at("\n".join(lines), part.place.down(Step(StepKind.HIDDEN)))
    for n, one in enumerate(objects.files(every, dictionaries), FIRST):
        try:
            content = objects.unpacked(one, ctx.budget)
        except Unreadable as problem:
            if problem.code in SPENT:
                raise
            yield not_examined(part.place, problem.code)
            continue
        if hash(content) not in seen.files:
            seen.files.add(hash(content))
            yield member(part, n, "", content)


def unlocked(document: Any, data: bytes) -> bytes:
    """The file, without its lock if it has one."""
    if b"/Encrypt" not in data:
        return data
    from pypdfium2 import raw

    out = io.BytesIO()
    document.save(out, flags=raw.FPDF_REMOVE_SECURITY)
    return out.getvalue()


def drawn_annotations(document: Any, page: Any, n: int, text: Callable[[Any], str]) -> list[str]:
    """Lines that the page has once its annotations are drawn into it."""
    from pypdfium2 import raw

    before = _lines(page, text)
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return []
    again = document[n]
    try:
        after = _lines(again, text)
    finally:
        again.close()
    return [line for line in after if line not in before]


def _lines(page: Any, text: Callable[[Any], str]) -> dict[str, None]:
    textpage = page.get_textpage()
    try:
        return dict.fromkeys(text(textpage).split("\n"))
    finally:
        textpage.close()


def before(
    earlier: list[bytes], part: Part, seen: Seen, text: Callable[[Any], str]
) -> Iterator[Found]:
    """Lines of earlier revisions that stand on no page now."""
    import pypdfium2 as pdfium

    lines: dict[str, None] = {}
    for data in earlier:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError:
            continue
        try:
            for n in range(min(len(document), PAGES)):
                page = document[n]
                lines |= _lines(page, text)
                page.close()
        except pdfium.PdfiumError:
            continue
        finally:
            document.close()
    gone = [line for line in lines if line not in (seen.lines or ())]
    yield text_at("\n".join(gone), part.place.down(Step(StepKind.HIDDEN)))
