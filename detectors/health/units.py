"""Paragraphs, sentences and table rows around a hit, and the parts of a mail that name no subject.

From → to: `Plain` text and offsets of hits → `Unit`s. A unit is the stretch in which a person and a
health expression belong together: a sentence, or a row of a table. Units of one paragraph share
their `paragraph` span; a row is its own paragraph, because the next row is another person.

Invariant: linear; a unit has at most `UNIT_LIMIT` and a paragraph `PARAGRAPH_LIMIT` characters.
Known gap: a mail without blank lines is one paragraph.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

UNIT_LIMIT = 400
FINE = 120  # so many units for each `PER` characters are sentences; then whole stretches
PER = 65_536
PARAGRAPH_LIMIT = 2400
HEAD_LIMIT = 16_000  # greeting, sign-off and labels are looked for in the first characters

_BREAK = re.compile(
    r"[.!?…][)\"”’]?[ \n]+(?=[\"”’(]?[A-ZÅÄÖÆØ0-9*•–-])|\n(?=\W{0,6}[A-ZÅÄÖÆØ0-9*•–])"
)
_LINE = r"^[ >\t]{0,8}"
_FLAGS = re.IGNORECASE | re.MULTILINE
_GREETING = re.compile(
    rf"{_LINE}(?:hej(?:san)?|hallå|halloj?|tjena|tja|god ?(?:morgon|dag|kväll)|kära?e?|bästa?e?"
    r"|dear|hi|hello|hei|kære|hyvä|moikka|goddag|till|to|att)\b[^\n,!.:–]{0,40}[,!.\n]",
    _FLAGS,
)
_SIGN_OFF = re.compile(
    rf"{_LINE}(?:(?:med |m )?v[äa]n(?:lig|liga|ligen|ligaste)\b[^\n]{{0,30}}|mvh\b|m\.?v\.?h\b|vh\b"
    r"|(?:bästa |varma |soliga |många |venlig |vennlig |kærlig |med (?:vennlig|venlig) )?"
    r"(?:hälsning(?:ar|en)?|hilsen)\b|kram(?:ar)?\b|(?:best |kind |warm )?(?:regards|wishes)\b"
    r"|yours\b|best,|sincerely\b|cheers\b|thanks,|terveisin\b|yst\w*terveisin\b|t\."
    r"|//? ?(?=\w)|--\s*$)",
    _FLAGS,
)
_HEADER = re.compile(
    rf"{_LINE}(?:från|from|till|to|cc|kopia|skickat|sent|fra|til|sendt|lähettäjä|date|datum)\b"
    r"[ \t]?:[^\n]*$",
    _FLAGS,
)
_QUOTING = re.compile(r"^[^\n]{0,60}\b(?:skrev|wrote)\b[^\n]{0,60}:[ \t]*$", _FLAGS)
_NAME_AND_TITLE = re.compile(
    rf"{_LINE}[A-ZÅÄÖ][\w-]+(?: [A-ZÅÄÖ][\w-]+){{1,2}}[ \t]*\n(?=[^\n:]{{0,60}}(?:sköterska|läkare"
    r"|chef|handläggare|kurator|psykolog|sekreterare|rektor|lärare|pedagog|terapeut|samordnare"
    r"|konsulent|ledare|strateg|controller|assistent|ansvarig|specialist|ohjaaja|manager|officer"
    r"|nurse|rådgivare))",
    re.MULTILINE,
)
# A closing on the line of the text itself: "till fredag. Mvh Eva Lund", "kan du? /Ola", "ja. Lisa".
_CLOSING = (
    r"/ ?/? ?|(?:[Mm]vh|[Vv]h|[Hh]älsn(?:ing(?:ar|en)?)?|[Hh]älsar|Kram|Puss|[Hh]ilsen|Best"
    r"|Kind regards|Regards|Vänlig(?:en|a hälsningar)|Terv(?:eisin)?\.?|T\.|Tack),? "
)
_INLINE = re.compile(
    rf"(?<=[.!?:)]) (?:(?:{_CLOSING})[A-ZÅÄÖ][\w-]+[^\n.!?]{{0,40}}$"
    r"|[A-ZÅÄÖ][\w-]+(?: [A-ZÅÄÖ][\w-]+)?(?:,[^\n.!?]{0,20})?\Z)"
    r"|(?<=[a-zåäö]{3},) [A-ZÅÄÖ][a-zåäöé]+\.?\s*\Z",  # "här är länken, Anna."
    re.MULTILINE,
)
_GAP = re.compile(r" (?<=[.!?:),] )")  # where `_INLINE` may begin; a literal first is found fast
_SIGN_OFF_LINES = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence or row; spans in `Plain` offsets, end exclusive."""

    start: int
    end: int
    paragraph: tuple[int, int]
    row: bool
    coarse: bool = False


def units_at(text: str, cased: str, positions: list[int]) -> Iterator[Unit]:
    """The unit of each position (sorted); consecutive positions in one unit give it once."""
    unit: Unit | None = None
    count = 0
    spans: list[tuple[int, int]] = []
    paragraph = (0, 0)
    for at in positions:
        if unit is not None and at < unit.end:
            continue
        count += 1
        if count > FINE * (1 + at // PER):
            end = min(at + PARAGRAPH_LIMIT, len(text))
            unit = Unit(at, end, (at, end), False, True)
            yield unit
            continue
        row = _row(text, at)
        if row:
            unit = Unit(*row, row, True)
            yield unit
            continue
        if not paragraph[0] <= at < paragraph[1]:
            paragraph = _paragraph(text, at, paragraph[1])
            spans = _sentences(cased, *paragraph)
        start, end = spans[bisect_right(spans, (at, len(text))) - 1]
        unit = Unit(start, end, paragraph, False)
        yield unit


def _row(text: str, at: int) -> tuple[int, int] | None:
    """The line of `at`, if it has cells."""
    low = max(at - UNIT_LIMIT, 0)
    start = text.rfind("\n", low, at) + 1 or low
    end = text.find("\n", at, at + UNIT_LIMIT)
    end = end if end >= 0 else min(len(text), at + UNIT_LIMIT)
    cells = text.count("\t", start, end) or text.count(";", start, end) >= 2
    return (start, end) if cells or text.count("|", start, end) >= 2 else None


def _paragraph(text: str, at: int, floor: int) -> tuple[int, int]:
    """Between blank lines, not before `floor` (the end of the paragraph before)."""
    low = max(at - PARAGRAPH_LIMIT // 2, floor if floor <= at else 0)
    high = min(low + PARAGRAPH_LIMIT, len(text))
    starts = [
        text.rfind(gap, low, at) + len(gap) for gap in ("\n\n", "\n \n") if gap in text[low:at]
    ]
    ends = [end for gap in ("\n\n", "\n \n") if (end := text.find(gap, at, high)) >= 0]
    return max(starts, default=low), min(ends, default=high)


def _sentences(cased: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for mark in _BREAK.finditer(cased, start, end):
        _add(spans, start, mark.end())
        start = mark.end()
    _add(spans, start, end)
    return spans


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    while end - start > UNIT_LIMIT:
        spans.append((start, start + UNIT_LIMIT))
        start += UNIT_LIMIT
    if end > start or not spans:
        spans.append((start, max(end, start + 1)))


@dataclass(frozen=True, slots=True)
class Frame:
    """Stretches of a mail whose names are sender, receiver or staff, not the one it is about."""

    spans: tuple[tuple[int, int], ...]
    sign_offs: tuple[tuple[int, int], ...]

    def is_letter(self) -> bool:
        """Is there a greeting, a header line or a sign-off?"""
        return bool(self.spans or self.sign_offs)

    def holds(self, at: int) -> bool:
        """Is `at` in a greeting, header line or sign-off?"""
        return _is_within(at, self.spans) or _is_within(at, self.sign_offs)

    def signs(self, at: int) -> bool:
        """Is `at` in a sign-off?"""
        return _is_within(at, self.sign_offs)


def _is_within(at: int, spans: tuple[tuple[int, int], ...]) -> bool:
    for start, end in spans:  # noqa: SIM110 - asked of every name; `any` takes twice as long
        if start <= at < end:
            return True
    return False


def frame(cased: str, signatures: Sequence[tuple[int, int]] = ()) -> Frame:
    """Find the frame in the first `HEAD_LIMIT` characters; `signatures` are known already."""
    head = cased[:HEAD_LIMIT]
    lines = list(_lines(head))
    low = head.casefold()
    quotes = "skrev" in low or "wrote" in low  # the dearest of them, and rare
    opening = (_GREETING, _HEADER, _QUOTING) if quotes else (_GREETING, _HEADER)
    spans = [found.span() for pattern in opening for found in _at(pattern, head, lines)]
    closings = [
        found for pattern in (_SIGN_OFF, _NAME_AND_TITLE) for found in _at(pattern, head, lines)
    ]
    gaps = [found.end() - 1 for found in _GAP.finditer(head)]
    inline = [found.span() for found in _at(_INLINE, head, gaps)]
    found = [_sign_off(head, closing.start()) for closing in closings]
    return Frame(tuple(spans), (*signatures, *inline, *found))


def _lines(text: str) -> Iterator[int]:
    """Where the lines begin."""
    at = 0
    while at <= len(text):
        yield at
        at = text.find("\n", at) + 1 or len(text) + 1


def _at(pattern: re.Pattern[str], text: str, places: list[int]) -> Iterator[re.Match[str]]:
    """What `pattern.finditer` finds, if it can begin at these places only: a tenth of its cost."""
    done = 0
    for place in places:
        if place >= done and (found := pattern.match(text, place)):
            done = found.end()
            yield found


def _sign_off(head: str, start: int) -> tuple[int, int]:
    """From the closing phrase to the quoted mail, but at most a few lines."""
    end = start
    for number in range(_SIGN_OFF_LINES):
        line_end = head.find("\n", end)
        line_end = len(head) if line_end < 0 else line_end
        if number and (line_end - end > 90 or _quotes(head[end:line_end])):
            break
        end = line_end + 1
        if end > len(head):
            break
    return start, min(end, len(head))


def _quotes(line: str) -> bool:
    low = line.lower().lstrip()
    return (
        low.startswith((">", "från:", "from:", "-----", "ps", "p.s", "obs", "fra:"))
        or "skrev" in low
    )
