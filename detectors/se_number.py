"""Swedish personnummer and samordningsnummer: reading, checking and weighing, shared by both.

From → to: `Candidate` and today's date → `Number` or None; sources → `Match`es.

Sources: Skatteverket, rättslig vägledning 330245 (personnummer) and 330251 (samordningsnummer:
day + 60, month 00 and day 60 where unknown, so no calendar check); the check digit is Luhn over
ten digits. "+" is written from the year a person turns 100 and tells no century by itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from .context import FOR_PERSONS, Page, mentions_number
from .contract import Match, Source
from .evidence import WEIGHTS, Code, weigh
from .search.candidates import Candidate, Shape

_DOUBLED = tuple(sum(divmod(2 * digit, 10)) for digit in range(10))
_PAIRS = {f"{pair:02}": _DOUBLED[pair // 10] + pair % 10 for pair in range(100)}
_LONG_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CALENDAR = frozenset(
    f"{m:02}{d:02}" for m in range(1, 13) for d in range(1, _LONG_MONTHS[m - 1] + 1)
) | {f"{month:02}{day}" for month in range(13) for day in range(60, 92)}  # samordningsnummer
_BASE = {
    Shape.HYPHEN: 64,
    Shape.PLUS: 68,
    Shape.SPACE: 54,
    Shape.BARE: 45,
    Shape.DOTS: 57,
    Shape.GROUPED: 47,
    Shape.SINGLES: 52,
    Shape.WORD: 58,
    Shape.LINE: 58,
    Shape.ROWS: 34,
    Shape.CELL: 30,
    Shape.ODD: 50,
    Shape.LOOKALIKE: 54,
    Shape.VAT: 64,
    Shape.FIXED: 40,
    Shape.BOXES: 56,
}
_WITH_CENTURY = {
    Shape.HYPHEN: 78,
    Shape.BARE: 67,
    Shape.SPACE: 66,
    Shape.DOTS: 64,
    Shape.CELL: 34,
    Shape.ROWS: 38,
    Shape.FIXED: 56,
    Shape.JOINED: 55,
}
_SPELLING = {
    Shape.HYPHEN: Code.SEPARATOR,
    Shape.PLUS: Code.SEPARATOR,
    Shape.VAT: Code.VAT,
    Shape.LOOKALIKE: Code.LOOKALIKE,
    Shape.LINE: Code.SPLIT,
    Shape.ROWS: Code.SPLIT,
    Shape.CELL: Code.SPLIT,
    Shape.SPACE: Code.SPACED,
    Shape.GROUPED: Code.SPACED,
    Shape.SINGLES: Code.SPACED,
    Shape.DOTS: Code.SPACED,
    Shape.WORD: Code.SPACED,
    Shape.ODD: Code.SPACED,
    Shape.BOXES: Code.SPACED,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A valid number: `full` is twelve digits with the century."""

    full: str
    coordination: bool  # samordningsnummer
    old: bool = False  # written, or to be written, with "+"

    @property
    def value(self) -> str:
        """The canonical spelling, equal for one person."""
        return f"se:{self.full}"

    @property
    def mask(self) -> str:
        """What a reviewer may see."""
        return f"{self.full[2:8]}{'+' if self.old else '-'}****"

    @property
    def birth(self) -> date | None:
        """The date of birth, None where a samordningsnummer has none in the calendar."""
        year, month, day = int(self.full[:4]), int(self.full[4:6]), int(self.full[6:8])
        try:
            return date(year, month, day - 60 if self.coordination else day)
        except ValueError:
            return None


def passes_luhn(digits: str) -> bool:
    """Whether the last of ten digits is the Luhn check digit of the others."""
    pairs = _PAIRS
    total = (
        pairs[digits[:2]]
        + pairs[digits[2:4]]
        + pairs[digits[4:6]]
        + pairs[digits[6:8]]
        + pairs[digits[8:]]
    )
    return total % 10 == 0


def has_date(digits: str) -> bool:
    """Whether ten or twelve digits hold a month and a day, of either kind of number."""
    return digits[-8:-4] in _CALENDAR


def read_number(digits: str, today: date, plus: bool = False) -> Number | None:
    """The number that ten or twelve digits are, if its date, birth number and check digit hold."""
    if not has_date(digits) or not passes_luhn(digits[-10:]) or digits[-4:-1] == "000":
        return None
    coordination = digits[-6:-4] >= "60"
    year = _year_of(digits, coordination, today, plus)
    if year is None:
        return None
    return Number(f"{year}{digits[-8:]}", coordination, old=today.year - year >= 100)


def _year_of(digits: str, coordination: bool, today: date, plus: bool) -> int | None:
    """The year written, or the latest that two digits can mean; with "+" one 100 or more ago."""
    if len(digits) == 12:
        years: tuple[int, ...] = (int(digits[:4]),) if digits[:2] in ("18", "19", "20") else ()
    else:
        latest = today.year - 100 if plus else today.year
        year = latest - (latest - int(digits[:2])) % 100
        years = (year, year - 100)
    for year in years:
        if _born(year, digits, coordination, today):
            return year
    return None


def _born(year: int, digits: str, coordination: bool, today: date) -> bool:
    month, day = int(digits[-8:-6]), int(digits[-6:-4]) - (60 if coordination else 0)
    if coordination:
        return (year, month) <= (today.year, today.month)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (
        (month, day) != (2, 29) or leap
        if (year, month, day) <= (today.year, today.month, today.day)
        else False
    )


def base_of(shape: Shape, length: int, coordination: bool) -> int:
    """The confidence of a spelling by itself."""
    base = _BASE.get(shape, 40)
    if length == 12:
        base = _WITH_CENTURY.get(shape, base + 8)
    return base - 4 if coordination else base


@dataclass(slots=True)
class Found:
    """A number with its evidence, before the message as a whole has been heard."""

    source: int
    candidate: Candidate
    number: Number
    codes: list[Code]

    def match(self, page: Page, kind: str) -> Match:
        """The finished match; what is called an organisation number stays a hit."""
        candidate, number = self.candidate, self.number
        confidence, evidence = _judged(
            candidate.shape, len(candidate.digits), number.coordination, tuple(self.codes)
        )
        start, end = page.source.folded.span(candidate.start, candidate.end)
        return Match(self.source, start, end, kind, confidence, evidence, number.value, number.mask)


_DENIED = frozenset((Code.REFERENCE, Code.OTHER_COLUMN))
_DENYING = frozenset((Code.REFERENCE, Code.OTHER_COLUMN, Code.PHONE))
# What clears a number that is written as a person's beside a person's name.
_CLEARING = _DENYING | {Code.PHONE_LABEL, Code.TIMESTAMP, Code.EMBEDDED, Code.SERIAL}
_HYPHENS = frozenset((Shape.HYPHEN, Shape.PLUS))


@lru_cache(1024)
def _judged(
    shape: Shape, length: int, coordination: bool, codes: tuple[Code, ...]
) -> tuple[int, tuple[Code, ...]]:
    """Confidence and evidence, the same for most rows of a list."""
    confidence = weigh(base_of(shape, length, coordination), codes)
    if Code.ORGANISATION in codes and _DENYING.isdisjoint(codes):
        confidence = max(confidence, 50)
    if shape in _HYPHENS and Code.NAME in codes and _CLEARING.isdisjoint(codes):
        confidence = max(confidence, 50)
    return confidence, (*_spelling(shape, length), *codes)


@cache
def _spelling(shape: Shape, length: int) -> tuple[Code, ...]:
    """Codes for the way the number is written."""
    century = (Code.CENTURY,) if length == 12 else ()
    code = _SPELLING.get(shape)
    return (Code.CHECKSUM, *century, *((code,) if code else ()))


def find_numbers(
    sources: Sequence[Source], today: date, kind: str, coordination: bool
) -> Iterator[Match]:
    """All matches of one of the two kinds."""
    if not any(source.numbers for source in sources):
        return
    pages = [Page(source, today) for source in sources]
    found = [
        each for index, page in enumerate(pages) for each in _on_page(index, page, coordination)
    ]
    if not found:
        return
    spoken_of = mentions_number(sources)
    denied = {each.number.full for each in found if not _DENIED.isdisjoint(each.codes)}
    for each in found:
        if FOR_PERSONS.isdisjoint(each.codes):
            if each.number.full in denied:
                each.codes = list(dict.fromkeys((*each.codes, Code.REFERENCE)))
            elif spoken_of and Code.KEYWORD_FAR not in each.codes:
                each.codes.append(Code.THREAD)
        yield each.match(pages[each.source], kind)


Family = tuple[Shape, int]


@dataclass(slots=True)
class _Read:
    """All Swedish numbers of one source, and by shape and length how many had a date and passed."""

    today: date
    valid: list[tuple[Candidate, Number]]
    dated: Counter[Family]
    passed: Counter[Family]


def _on_page(index: int, page: Page, coordination: bool) -> Iterator[Found]:
    read = page.source.memo.get("se")
    if not isinstance(read, _Read) or read.today != page.today:
        read = page.source.memo["se"] = _read_all(page.source, page.today)
    valid = [(c, number) for c, number in read.valid if number.coordination is coordination]
    yield from _weighed(index, page, valid, read.dated, read.passed)


def _read_all(source: Source, today: date) -> _Read:
    read = _Read(today, [], Counter(), Counter())
    letter, hyphen, plus = Shape.LETTER, Shape.HYPHEN, Shape.PLUS  # looked up once
    calendar = _CALENDAR
    for candidate in source.numbers:
        digits, shape = candidate.digits, candidate.shape
        if len(digits) == 11 or shape is letter:
            continue
        family = shape, len(digits)
        if digits[-8:-4] not in calendar:
            if shape is hyphen and not passes_luhn(digits[-10:]):
                read.dated[family] += 1
            continue
        read.dated[family] += 1
        number = read_number(digits, today, shape is plus)
        if number is not None:
            read.passed[family] += 1
            read.valid.append((candidate, number))
    return read


def _weighed(
    index: int,
    page: Page,
    valid: list[tuple[Candidate, Number]],
    dated: Counter[Family],
    passed: Counter[Family],
) -> Iterator[Found]:
    for candidate, number in valid:
        codes = page.look(candidate, number)
        if codes is not None:
            if candidate.shape is Shape.JOINED:  # what it is called is the whole, not this part
                codes = [code for code in codes if WEIGHTS.get(code, 0) > 0]
            family = candidate.shape, len(candidate.digits)
            codes += _company(dated[family], passed[family], codes)
            yield Found(index, candidate, number, codes)


_NO_SERIES = frozenset((Code.KEYWORD, Code.COLUMN, Code.NAME))
_CALLED_OTHERWISE = frozenset((Code.REFERENCE, Code.REFERENCE_FAR, Code.OTHER_COLUMN))


def _company(dated: int, passed: int, codes: list[Code]) -> list[Code]:
    """What the others of the same shape say: persons' numbers are valid, a series mostly is not."""
    if not _CALLED_OTHERWISE.isdisjoint(codes):
        return []
    if passed >= 3 and passed >= 0.8 * dated:
        return [Code.SEVERAL]
    if dated - passed >= 2 and passed <= 0.5 * dated and _NO_SERIES.isdisjoint(codes):
        return [Code.SERIES]
    return []
