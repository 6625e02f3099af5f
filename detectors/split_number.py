"""Swedish numbers whose birth date and last four digits stand apart.

From → to: sources → `Match`es for both parts. The parts are joined when something says that four
digits are the last ones ("sista fyra 2385", "suffix 2393", "de fyra sista är två ett två ett", a
column headed "ksf") and a birth date in the message makes the check digit right. Dates may be
digits ("990417", "1985-03-06") or words ("2 oktober 1985", "fyllde tretton den 2 oktober 2025").

Invariant: at most `MOST` dates and endings are paired, so hostile text costs no more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .lists import read_sections
from .se_number import Number, read_number
from .search.pieces import Group, Pieces, ask
from .spelled import WORD_DIGITS, age_of, digits_of
from .tables import separator_of

KINDS: tuple[str, ...] = ("se.personnummer", "se.samordningsnummer")
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.PARTS
MOST = 64
BLOCK = 4096  # characters of text that are searched for dates at a time
MOST_CALLS = 400  # words that announce last digits, in one text
_Words = dict[str, tuple[int, ...]]
# Short pieces of the words sought, and how far before each the word may begin.
_CALLS: _Words = dict.fromkeys(("slut", "suffi", "ksf", "last ", "ends", "endin", "ändel"), (0,))
_CALLS |= {"sista": (0, 1, 2, 4, 5), "lsiff": (7,)}
_BIRTHS: _Words = dict.fromkeys(("föd", "birth", "born", "dob", "pnr"), (0,))
_BIRTHS |= dict.fromkeys(("rsonn", "rs.nr", "rsnr"), (2,))
_COLUMNS: _Words = dict.fromkeys(("sista", "last", "suffi", "ksf", "lsiff", "ändel"), (0,))
_FOUR_LETTERS = (
    "xxxx",
    "nnnn",
)  # for columns, too; sought one by one, as pages may be full of them
_OF_CALLS, _OF_BIRTHS, _OF_COLUMNS = ask(_CALLS), ask(_BIRTHS), ask(_COLUMNS)
_CALLED = re.compile(
    r"\b(?:(?P<strong>(?:fyra|4) ?sista|sista ?(?:fyra|4)|slutsiffror\w*|suffix\w*|ksf"
    r"|last (?:four|4)|kontrollsiffr\w*|sista siffr\w*)|sista|slutet|slutar|last digits|ends|ending"
    r"|ändelse\w*)(?P<between>[^\d\n.!?]{0,60})"
)
_FOUR = r"(?<!\d)(?:\d{4}|\d\d \d\d|\d \d \d \d)(?! ?[\d/:-])(?!\.\d)"
_DIGITS = re.compile(_FOUR)
_SPELLED = re.compile(WORD_DIGITS)
_YEAR_OR_TIME = re.compile(r"(?:19|20)\d\d")
_BEHIND = re.compile(
    r"(?<![\d.:/-])(?P<end>\d{4})(?![\d/-])[ ,(]{0,3}(?:är |som |as |are |is )?"
    r"(?:de |hennes |hans |the )?(?:fyra sista|sista fyra|sista|last four|last 4)"
)
_NOT_PERSON = re.compile(
    r"kort|konto|telefon|mobil|imei|faktur|order|ocr|kontrakt|card|account|phone"
    r"|serie|ärende|regnr|registrering|pinkod|koden|swish|bankgiro"
)
_MONTH_DAY = r"[-./ ]?(?:0\d|1[0-2])[-./ ]?[0-9]\d"
_DATE = re.compile(
    rf"(?<![\d:.-])(?:(?:18|19|20)\d\d{_MONTH_DAY}|\d\d{_MONTH_DAY})(?![\d:])(?![-./]\d)"
)
_DAY_FIRST = re.compile(
    r"(?<![\d.:/-])(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[ /.-]{1,2}(?P<year>(?:19|20)\d\d)(?!\d)"
)
_BIRTH_HINTS = ("föd", "birth", "born", "dob", "pnr", "personn", "pers.nr", "persnr")
_LOOSE = re.compile(
    r"(?:föd|birth|born|dob|(?<![a-zåäö])pnr|personn|pers\.?nr)[^\d\n]{0,30}(?P<date>(?:19|20)?\d\d-?\d\d-?\d\d)(?!\d)"
    r"(?!.{0,25}(?:tel|mob|rum|kl\b|klass|post|lgh|kr\b))[^\d\n]{1,25}(?<!\d)"
    r"(?!(?:19|20)\d\d)(?P<end>\d{4})(?![\d/:-])"
)
# What every date or last part holds, in a text whose digits are noughts: most mails have neither.
_FOUR_DIGITS = b"0000"
_MAY_BE_DATE = re.compile(rb"00(?:00|[-./ ]?00[-./ ]?00)")
_MONTHS = {
    name: int(month)
    for month, names in read_sections("label_data/months.txt").items()
    for name in names
}
_MONTH_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WORDED = re.compile(
    r"(?P<day>\d{1,2})(?:\.|:[ae]|st|nd|rd|th)? (?:of )?(?P<month>" + _MONTH_NAMES + r")"
    r"\.?,? (?P<year>\d{4})"
)
_TURNED = re.compile(
    r"(?:fyllde|fyller|turned|turns) (?P<age>\w{1,20})(?: år)? (?:den |on |the )?\Z"
)
_RUN = re.compile(rb"0(?<!00)")


@dataclass(frozen=True, slots=True)
class Part:
    """A birth date (six or eight digits) or a last part (four), and its place."""

    source: int
    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A last part, and whether it is called so by words that mean nothing else."""

    part: Part
    strong: bool


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """Matches for every pair of a date and an ending that together are a valid number."""
    if any(_FOUR_DIGITS in source.zeroed for source in sources):
        yield from _find_columns(sources, today)
        yield from _find_loose(sources, today)
    if any(_MAY_BE_DATE.search(source.zeroed) for source in sources):
        yield from _find_endings(sources, today)


def may_stand(shapes: bytes, pieces: Pieces) -> bool:
    """Whether a text with digits for both parts has a word for one of them."""
    four = _FOUR_DIGITS in shapes
    if four and (b"xxxx" in shapes or b"nnnn" in shapes):
        return True
    asked = (_OF_CALLS, _OF_BIRTHS, _OF_COLUMNS)
    named = any(True for group in asked for _ in pieces.of(group))
    return named and (four or _MAY_BE_DATE.search(shapes) is not None)


def _find_endings(sources: Sequence[Source], today: date) -> Iterator[Match]:
    texts = [source.folded.text for source in sources]
    calendar = _Calendar(texts, [source.zeroed for source in sources])
    endings = (each for index, source in enumerate(sources) for each in _endings(index, source))
    for ending in islice(endings, MOST):
        for day in calendar.nearest(ending):
            number = read_number(day.digits + ending.part.digits, today)
            if number and _may_be_birth(texts[day.source], day, number, today, ending.strong):
                yield _match(sources, ending.part, number, 68 if ending.strong else 60)
                yield _match(sources, day, number, 66 if ending.strong else 58)


@dataclass(slots=True)
class _Calendar:
    """The dates of the message, read block by block as they are asked for."""

    texts: list[str]
    shapes: list[bytes]
    _blocks: dict[tuple[int, int], list[Part]] = field(default_factory=dict)

    def nearest(self, ending: Ending) -> list[Part]:
        """Dates near the ending in its own source, then the first ones of the others."""
        part = ending.part
        middle = part.start // BLOCK
        own = [day for at in (-1, 0, 1) for day in self._block(part.source, middle + at)]
        own.sort(key=lambda day: abs(day.start - part.start))
        others = [
            day
            for source in range(min(len(self.texts), MOST))
            if source != part.source
            for day in self._block(source, 0)
        ]
        return [*own[:8], *others[:16]] if ending.strong else [*own[:2], *others[:2]]

    def _block(self, source: int, block: int) -> list[Part]:
        if block < 0 or block * BLOCK >= len(self.texts[source]):
            return []
        if (source, block) not in self._blocks:
            found = _dates(source, self.texts[source], block * BLOCK, self.shapes[source])
            self._blocks[source, block] = list(found)
        return self._blocks[source, block]


def _may_be_birth(text: str, day: Part, number: Number, today: date, strong: bool) -> bool:
    """Dates of the last two years mostly are the mail's own, unless a word says birth; a weak
    ending needs such a word, or a date written without signs."""
    before = text[max(day.start - 25, 0) : day.start]
    if any(word in before for word in _BIRTH_HINTS):
        return True
    if not strong and not text[day.start : day.end].isdigit():
        return False
    return number.birth is None or (today - number.birth).days > 730


def _places(source: Source, group: Group, backs: _Words) -> list[int]:
    """Where words that hold a piece of the group may begin, rising; `MOST_CALLS` of each piece."""
    return sorted(
        {
            max(at - back, 0)
            for piece, places in source.pieces.of(group)
            for at in places[:MOST_CALLS]
            for back in backs[piece]
        }
    )


def _columns(source: Source) -> list[int]:
    """Where the heading of a column of last parts may stand, rising."""
    found = _places(source, _OF_COLUMNS, _COLUMNS)
    for piece in _FOUR_LETTERS:
        at = source.folded.text.find(piece)
        for _ in range(MOST_CALLS):
            if at < 0:
                break
            found.append(at)
            at = source.folded.text.find(piece, at + 1)
    return sorted(set(found))


def _endings(index: int, source: Source) -> Iterator[Ending]:
    passed = -1
    text = source.folded.text
    places = _places(source, _OF_CALLS, _CALLS)
    for place in places:
        match = _CALLED.match(text, place) if place >= passed else None
        if match is None:
            continue
        passed = match.end()
        strong = match["strong"] is not None
        found = _DIGITS.match(text, match.end())
        if found is None and strong:
            found = _SPELLED.search(text, match.start("between"), match.end())
        if found and (strong or _is_close(match["between"], found[0])):
            around = text[max(match.start() - 22, 0) : found.end() + 20].partition("\n")[0]
            if not _NOT_PERSON.search(around):
                part = Part(index, found.start(), found.end(), digits_of(found[0]))
                yield Ending(part, strong)
    passed = -1
    for place in places:
        low, high = max(place - 25, 0), place + 20
        near = source.zeroed.find(_FOUR_DIGITS, low, high) >= 0
        if near and (match := _BEHIND.search(text, low, high)) and match.start() > passed:
            passed = match.start()
            part = Part(index, match.start("end"), match.end("end"), match["end"])
            yield Ending(part, strong=True)


def _is_close(between: str, digits: str) -> bool:
    """Whether a word that has other uses ("slutar kl 1600") may speak of the last four."""
    return len(between) <= 14 and "kl" not in between and not _YEAR_OR_TIME.match(digits)


def _dates(index: int, text: str, start: int, shapes: bytes) -> Iterator[Part]:
    """Dates begin with a digit, so only those are tried."""
    end = start + BLOCK
    runs = [run.start() for run in _RUN.finditer(shapes, start, end)]
    for match in _matches(_DATE, text, runs, end):
        yield Part(index, match.start(), match.end(), re.sub(r"\D", "", match[0]))
    for match in _matches(_DAY_FIRST, text, runs, end):
        digits = f"{match['year']}{int(match['month']):02}{int(match['day']):02}"
        yield Part(index, match.start(), match.end(), digits)
    for match in _matches(_WORDED, text, runs, end):
        year = int(match["year"])
        if turned := _TURNED.search(text, max(match.start() - 40, start), match.start()):
            year -= age_of(turned["age"]) or 0
        digits = f"{year:04}{_MONTHS[match['month']]:02}{int(match['day']):02}"
        yield Part(index, match.start("day"), match.end(), digits)


def _matches(
    pattern: re.Pattern[str], text: str, places: list[int], end: int
) -> Iterator[re.Match[str]]:
    done = 0
    for place in places:
        if place >= done and (match := pattern.match(text, place, end)):
            done = match.end()
            yield match


def _match(sources: Sequence[Source], part: Part, number: Number, confidence: int) -> Match:
    start, end = sources[part.source].folded.span(part.start, part.end)
    kind = KINDS[number.coordination]
    evidence = (str(Code.CHECKSUM), str(Code.SPLIT))
    return Match(part.source, start, end, kind, confidence, evidence, number.value, number.mask)


_LAST_HEADING = re.compile(r"sista|last|suffix|ksf|kontrollsiff|ändelse|fyra|xxxx|nnnn")
_DATE_HEADING = re.compile(r"föd|fdat|birth|dob|datum|ålder|pnr|personn|ååmmdd|yymmdd|date")


def _find_loose(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """A word for the number, a date, and some words later on the line four digits."""
    for index, source in enumerate(sources):
        text = source.folded.text
        places = _places(source, _OF_BIRTHS, _BIRTHS)
        for match in (_LOOSE.match(text, place) for place in places):
            if match is None:
                continue
            digits = re.sub(r"\D", "", match["date"])
            number = read_number(digits + match["end"], today)
            if number is not None:
                part = Part(index, match.start("date"), match.end("end"), digits)
                yield _match(sources, part, number, 56)


def _find_columns(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """Date and last part in two columns that do not stand side by side."""
    for index, source in enumerate(sources):
        for at, separator, day_column, last_column in _headings(source):
            for day, ending in _rows(
                index, source.folded.text, at, separator, (day_column, last_column)
            ):
                number = read_number(day.digits + ending.digits, today)
                if number is not None:
                    yield _match(sources, ending, number, 70)
                    yield _match(sources, day, number, 70)


def _headings(source: Source) -> Iterator[tuple[int, str, int, int]]:
    """(where the rows begin, separator, column of dates, column of last parts) of each table."""
    text = source.folded.text
    places = _columns(source)
    if not places or not any(separator in text for separator in "\t;|,"):
        return
    passed = -1
    for place in places:
        if place <= passed:
            continue
        start = text.rfind("\n", max(place - 1000, 0), place) + 1
        passed = text.find("\n", place, place + 1000)
        if passed < 0:
            passed = place + 1000
            continue
        row = text[start:passed]
        separator = separator_of(row)
        cells = row.split(separator) if separator else []
        days = [at for at, cell in enumerate(cells) if _DATE_HEADING.search(cell)]
        last = [at for at, cell in enumerate(cells) if _LAST_HEADING.search(cell)]
        if separator and days and last and abs(days[0] - last[0]) != 1:
            yield passed + 1, separator, days[0], last[0]


def _rows(
    index: int, text: str, at: int, separator: str, columns: tuple[int, int]
) -> Iterator[tuple[Part, Part]]:
    day, last = columns
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        cells = text[at:end].split(separator)
        if len(cells) <= max(columns) or _LAST_HEADING.search(cells[last]):
            return
        digits, ending = re.sub(r"\D", "", cells[day]), cells[last].strip()
        if len(digits) in (6, 8) and len(ending) == 4 and ending.isdigit():
            first = [sum(len(cell) + 1 for cell in cells[:column]) + at for column in columns]
            yield (
                Part(index, first[0], first[0] + len(cells[day]), digits),
                Part(index, first[1], first[1] + len(cells[last]), ending),
            )
        at = end + 1
