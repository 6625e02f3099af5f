"""Explain: why each finding got its confidence, and why the other candidates were dropped.

From → to: all texts of a message → `Explanation`s, by text and offset, of everything that had the
shape of an identity number or was matched. For people at a terminal and for reviewers: the reasons
are sentences in Swedish, and hold no text of the message.

Invariants: what `detect` finds is in the answer, with the same confidence; whatever else is in the
answer was dropped. Cost: as `detect`, twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from . import DETECTORS, detect
from .context import Page
from .contract import Match, Source
from .evidence import WEIGHTS
from .registers import EVIDENCE as OF_REGISTERS
from .registers import NO_REGISTERS, Registers
from .se_number import has_date, passes_luhn, read_number
from .search.candidates import Candidate, Shape

DROPPED = {
    "no-date": "siffrorna rymmer ingen månad och dag",
    "checksum": "kontrollsiffran stämmer inte",
    "birth-number": "födelsenumret 000 finns inte",
    "birth-date": "datumet finns inte eller ligger framåt i tiden",
    "embedded": "del av ett längre ord eller tal",
    "neighbour": "formen finns i ett grannland, men datum eller kontrollsiffra stämmer inte",
    "allowed": "står på en lista över nummer som får skickas",
    "another": "ett annat fynd på samma ställe är troligare",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One candidate. Offsets are characters of ``sources[source].content``, end exclusive.

    `kind` is empty and `confidence` 0 for what was dropped.
    """

    source: int
    start: int
    end: int
    kind: str
    confidence: int
    reasons: tuple[str, ...]  # Swedish, with the points of a number's evidence


def explain(
    sources: Sequence[Source], today: date, registers: Registers = NO_REGISTERS
) -> list[Explanation]:
    """All matches and all dropped candidates.

    >>> [dropped] = explain([Source("Ärende 911112-2396")], date(2026, 11, 1))
    >>> dropped.kind, dropped.reasons
    ('', ('kontrollsiffran stämmer inte',))
    """
    matches = [*detect(sources, today), *registers.find(sources, today)]
    found = [_allowed(m) if registers.allows(m) else _of_match(m) for m in matches]
    for number, source in enumerate(sources):
        taken = [(m.start, m.end) for m in matches if m.source == number]
        found += _dropped(number, source, today, taken)
    return sorted(found, key=lambda each: (each.source, each.start, -each.end))


def _of_match(match: Match) -> Explanation:
    reasons = tuple(worded(code) for code in match.evidence)
    return Explanation(match.source, match.start, match.end, match.kind, match.confidence, reasons)


def _allowed(match: Match) -> Explanation:
    return Explanation(match.source, match.start, match.end, "", 0, (DROPPED["allowed"],))


def worded(code: str) -> str:
    """What a code says, with its points or its number."""
    name, _, number = str(code).partition(":")
    if number:
        return f"{in_words(name)}: {number}"
    text = in_words(code)
    weight = next((points for one, points in WEIGHTS.items() if one == code), 0)
    return f"{text} ({weight:+d})" if weight else text


def in_words(code: str) -> str:
    """What a code of evidence means, in Swedish; the code itself if it is unknown."""
    tables = (*(detector.EVIDENCE for detector in DETECTORS), OF_REGISTERS)
    texts = (table.get(code) for table in tables)
    return next((text for text in texts if text), str(code))


def _dropped(
    number: int, source: Source, today: date, taken: Sequence[tuple[int, int]]
) -> Iterator[Explanation]:
    page = Page(source, today)
    seen = set(taken)
    for candidate in source.numbers:
        start, end = source.folded.span(candidate.start, candidate.end)
        if (start, end) in seen:
            continue
        seen.add((start, end))
        overlaps = any(start < stop and begin < end for begin, stop in taken)
        reason = "another" if overlaps else _reason(candidate, page)
        yield Explanation(number, start, end, "", 0, (DROPPED[reason],))


def _reason(candidate: Candidate, page: Page) -> str:
    digits = candidate.digits
    if candidate.shape is Shape.LETTER or len(digits) == 11:
        return "neighbour"
    if not has_date(digits):
        return "no-date"
    if not passes_luhn(digits[-10:]):
        return "checksum"
    if digits[-4:-1] == "000":
        return "birth-number"
    number = read_number(digits, page.today, candidate.shape is Shape.PLUS)
    if number is None:
        return "birth-date"
    return "embedded" if page.look(candidate, number) is None else "another"
