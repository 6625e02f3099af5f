"""Swedish numbers whose birth date and last four digits stand apart.

From → to: sources → `Match`es for both parts. The parts are joined when something says that four
digits are the last ones ("sista fyra 2385", "suffix 2393", "de fyra sista är två ett två ett", a
column headed "ksf") and a birth date in the message makes the check digit right. Dates may be
digits ("990417", "1985-03-06") or words ("2 oktober 1985", "fyllde tretton den 2 oktober 2025").

Invariant: at most `MOST` dates and endings are paired, so hostile text costs no more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from detectors.contract import Match, Source
from detectors.evidence import Code
from detectors.se_number import Number, read_number
from detectors.spelled import WORD_DIGITS, age_of, digits_of
from detectors.tables import separator_of

MOST = 64
_HINTS = (
    "sista",
    "slut",
    "suffix",
    "ksf",
    "last four",
    "last 4",
    "last digits",
    "ending",
    "ändelse",
    "kontrollsiff",
)
_ENDING = re.compile(
    r"(?:\b(?:fyra|4) ?sista|\bsista ?(?:fyra|4)|\bsista(?: siffror\w*)?|\bslutet|\bslut(?:ar|siffror\w*)"
    r"|\bsuffix\w*|\bksf|\blast (?:four|4|digits)|\bend(?:s|ing)|\bändelse\w*|\bkontrollsiffr\w*)"
    r"[^\d\n.!?]{0,60}?(?P<end>(?<!\d)\d{4}(?!\d)|(?<!\d)\d\d \d\d(?! ?\d)|(?<!\d)\d \d \d \d(?! ?\d)|"
    + WORD_DIGITS
    + ")"
)
_BEHIND = re.compile(
    r"(?<![\d.:/-])(?P<end>\d{4})(?![\d/-])[ ,(]{0,3}(?:är |som |as |are |is )?(?:de |hennes |hans |the )?"
    r"(?:fyra sista|sista fyra|sista|last four|last 4)"
)
_NOT_PERSON = re.compile(
    r"kort|konto|telefon|mobil|imei|faktur|order|ocr|kontrakt|card|account|phone|serie|ärende"
)
_DATE = re.compile(
    r"(?<![\d:.-])(?:(?:18|19|20)\d\d[-./ ]?(?:0\d|1[0-2])[-./ ]?[0-9]\d|\d\d[-./ ]?(?:0\d|1[0-2])[-./ ]?[0-9]\d)"
    r"(?![\d:])(?![-./]\d)"
)
_MONTHS = {
    month: number
    for number, names in enumerate(
        (
            "januari january januar jan tammikuuta",
            "februari february februar feb febr helmikuuta",
            "mars march marts mar maaliskuuta",
            "april apr huhtikuuta",
            "maj may mai toukokuuta",
            "juni june jun kesäkuuta",
            "juli july jul heinäkuuta",
            "augusti august aug elokuuta",
            "september sep sept syyskuuta",
            "oktober october okt oct lokakuuta",
            "november nov marraskuuta",
            "december desember dec joulukuuta",
        ),
        start=1,
    )
    for month in names.split()
}
_WORDED = re.compile(
    r"(?:(?P<verb>fyllde|fyller|turned|turns) (?P<age>\w{1,20})(?: år)? )?(?:den |on |the )?"
    r"(?<!\d)(?P<day>\d{1,2})(?:\.|:[ae]|st|nd|rd|th)? (?:of )?(?P<month>"
    + "|".join(sorted(_MONTHS, key=len, reverse=True))
    + r")\.?,? (?P<year>\d{4})"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A birth date (six or eight digits) or a last part (four), with its place in the folded text."""

    source: int
    start: int
    end: int
    digits: str


def find_split(
    sources: Sequence[Source], today: date, kind: str, coordination: bool
) -> Iterator[Match]:
    """Matches for every pair of a date and an ending that together are a valid number."""
    texts = [source.folded.text for source in sources]
    yield from _find_columns(sources, today, kind, coordination)
    endings = [part for index, text in enumerate(texts) for part in _endings(index, text)][:MOST]
    if not endings:
        return
    dates = [part for index, text in enumerate(texts) for part in _dates(index, text)]
    for ending in endings:
        for day in _nearest(dates, ending):
            number = read_number(day.digits + ending.digits, today)
            if number is not None and number.coordination is coordination:
                yield _match(sources, ending, number, kind, 68)
                yield _match(sources, day, number, kind, 66)


def _nearest(dates: list[Part], ending: Part) -> list[Part]:
    """Dates of the ending's own source by distance, then the first ones of the others."""
    own = sorted(
        (part for part in dates if part.source == ending.source),
        key=lambda part: abs(part.start - ending.start),
    )
    return [*own[:8], *[part for part in dates if part.source != ending.source][:16]]


def _endings(index: int, text: str) -> Iterator[Part]:
    if not any(hint in text for hint in _HINTS):
        return
    for pattern in (_ENDING, _BEHIND):
        for match in pattern.finditer(text):
            around = text[max(match.start() - 14, 0) : match.end() + 20].partition("\n")[0]
            if not _NOT_PERSON.search(around):
                yield Part(index, match.start("end"), match.end("end"), digits_of(match["end"]))


def _dates(index: int, text: str) -> Iterator[Part]:
    for count, match in enumerate(_DATE.finditer(text)):
        if count >= 4 * MOST:
            break
        yield Part(index, match.start(), match.end(), re.sub(r"\D", "", match[0]))
    for match in _WORDED.finditer(text):
        year = int(match["year"])
        if match["verb"]:
            year -= age_of(match["age"]) or 0
        digits = f"{year:04}{_MONTHS[match['month']]:02}{int(match['day']):02}"
        yield Part(index, match.start("day"), match.end(), digits)


def _match(
    sources: Sequence[Source], part: Part, number: Number, kind: str, confidence: int
) -> Match:
    start, end = sources[part.source].folded.span(part.start, part.end)
    evidence = (str(Code.CHECKSUM), str(Code.SPLIT))
    return Match(part.source, start, end, kind, confidence, evidence, number.value, number.mask)


_LAST_HEADING = re.compile(r"sista|last|suffix|ksf|kontrollsiff|löpnr|ändelse|fyra|xxxx|nnnn")
_DATE_HEADING = re.compile(r"föd|fdat|birth|dob|datum|ålder|pnr|personn|ååmmdd|yymmdd|date")


def _find_columns(
    sources: Sequence[Source], today: date, kind: str, coordination: bool
) -> Iterator[Match]:
    """Date and last part in two columns that do not stand side by side."""
    for index, source in enumerate(sources):
        text = source.folded.text
        for heading in _LAST_HEADING.finditer(text):
            start = text.rfind("\n", 0, heading.start()) + 1
            line_end = text.find("\n", start)
            row = text[start:line_end] if line_end >= 0 else ""
            separator = separator_of(row)
            if separator is None:
                continue
            cells = row.split(separator)
            days = [at for at, cell in enumerate(cells) if _DATE_HEADING.search(cell)]
            last = [at for at, cell in enumerate(cells) if _LAST_HEADING.search(cell)]
            if not days or not last or abs(days[0] - last[0]) == 1:
                continue
            for day, ending in _rows(index, text, line_end + 1, separator, days[0], last[0]):
                number = read_number(day.digits + ending.digits, today)
                if number is not None and number.coordination is coordination:
                    yield _match(sources, ending, number, kind, 70)
                    yield _match(sources, day, number, kind, 70)
            break


def _rows(
    index: int, text: str, at: int, separator: str, day: int, last: int
) -> Iterator[tuple[Part, Part]]:
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        cells = text[at:end].split(separator)
        if len(cells) <= max(day, last):
            return
        digits, ending = re.sub(r"\D", "", cells[day]), cells[last].strip()
        if len(digits) in (6, 8) and len(ending) == 4 and ending.isdigit():
            first = [sum(len(cell) + 1 for cell in cells[:column]) + at for column in (day, last)]
            yield (
                Part(index, first[0], first[0] + len(cells[day]), digits),
                Part(index, first[1], first[1] + len(cells[last]), ending),
            )
        at = end + 1
