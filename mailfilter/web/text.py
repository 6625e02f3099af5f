"""The text of a held mail, for a stated purpose.

From → to: purpose → audit line, committed → the original bytes → text by part, read in a worker.
Nothing is shown before the line is durable (P12): if it cannot be written, there is no text.

Invariants: text only, escaped, never the HTML of the mail. What the masks of the findings fit is
marked. Long text is cut where a browser would become slow; the page says so.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape
from starlette.responses import Response

from mailfilter.record.contract import Item
from mailfilter.web import item as pages
from mailfilter.web.acts import case_fault, case_of
from mailfilter.web.site import Visit, go

MOST = 500_000  # characters on one page
_BREAK = r"[ \-–+.]?"  # what people write between the digits of a number


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the mail: where it stands, its text with marks, and how much was cut."""

    place: str
    text: Markup
    cut: int


async def show(visit: Visit) -> Response:
    """The text, after the purpose is in the audit log."""
    item = await pages.find(visit)
    purpose = visit.form.get("purpose", "")
    fault = "purpose" if purpose not in pages.PURPOSES else case_fault(visit)
    if fault:
        return await pages.render(visit, item, 422, fault=fault, fault_act="text")
    if item.dossier is None:
        return await pages.render(visit, item, 410, fault="erased", fault_act="text")
    archive = visit.site.archive
    await archive.audit(visit.line("view-text", item.id, purpose=purpose, case=case_of(visit)))
    parts = await visit.site.read_text(await archive.body(item.message))
    return visit.render("text.html", item=item, passages=_passages(parts, item), purpose=purpose)


async def back(visit: Visit) -> Response:
    """Somebody opens the address of the text without a purpose: to the item."""
    item = await pages.find(visit)
    return go(visit.within(f"/item/{item.id}"))


def _passages(parts: Sequence[tuple[str, str]], item: Item) -> list[Passage]:
    assert item.dossier is not None
    pattern = fitting(finding.masked for finding in item.dossier.findings)
    room, passages = MOST, []
    for place, text in parts:
        kept = text[:room]
        room -= len(kept)
        passages.append(Passage(place, mark(kept, pattern), len(text) - len(kept)))
    return passages


def fitting(masks: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for what the masks stand for: ``811228-****`` fits 19811228 1234 as well."""
    numbers = sorted({mask for mask in masks if mask[:1].isdigit() and "*" in mask})
    if not numbers:
        return None
    return re.compile("|".join(f"(?<![0-9])(?:[12][0-9])?{_spelt(n)}(?![0-9])" for n in numbers))


def mark(text: str, pattern: re.Pattern[str] | None) -> Markup:
    """The text, escaped, with what fits the pattern marked."""
    if pattern is None:
        return escape(text)
    pieces, at = [], 0
    for match in pattern.finditer(text):
        pieces += [escape(text[at : match.start()]), Markup("<mark>"), escape(match[0])]
        pieces.append(Markup("</mark>"))
        at = match.end()
    return Markup("").join([*pieces, escape(text[at:])])


def _spelt(mask: str) -> str:
    signs = [sign for sign in mask if sign.isalnum() or sign == "*"]
    return _BREAK.join("[0-9A-Z]" if sign == "*" else re.escape(sign) for sign in signs)
