"""What stands around a number: labels, headings, names, logs, amounts, clock times.

From → to: a source, a candidate that has passed its checks, and the words that count → the
`Code`s that speak for and against it, or None where it is part of something longer.

A heading wins over the row, the nearest label over the next, what stands on the same line over
what stands above. All windows are short, so a look costs the same in any text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from .contract import Role, Source
from .evidence import Code
from .fields import read_field
from .labels import NOTHING, Label, Reading, classify, read_after, read_before
from .names import GIVEN_NAMES, Name, name_after, name_before, name_in_file
from .phone import MOBILE, is_phone
from .search.candidates import Candidate, Shape
from .search.pieces import ask
from .tables import Heading, Tables, cells_of, separator_of

BEFORE, ABOVE, AFTER = 110, 240, 60
MOST_LOOKS = 200  # a page with more numbers is a list, looked at by samples
MOST_PHONES = 40  # parsed with the library; after that the prefix decides
_PERSON_HINT = re.compile("pers|pnr|föd|ident")
_ZEROES = str.maketrans("123456789", "0" * 9)
OPEN = frozenset((Shape.HYPHEN, Shape.PLUS, Shape.LINE, Shape.WORD))
THINGS = frozenset((Label.OTHER, Label.NOUN))
LOOSE = frozenset((Shape.BARE, Shape.SPACE, Shape.GROUPED, Shape.SINGLES, Shape.DOTS, Shape.ODD))
_LOG = re.compile(
    r"\W?\d{4}-?\d\d-?\d\d[t ]?\d\d:?\d\d|\W?\w{3} +\d+ \d\d:\d\d:\d\d"
    r"|.{0,60}\b(?:info|warn|error|debug|fatal)\b"
)
_EXTENSION = re.compile(r"\w{0,4}\.(?:[a-z][a-z0-9]{2,3}|7z)\b(?!\.\w)")
_STAMPED = re.compile(  # what happens at a time of day
    r"\b(?:(?:senast )?(?:ändra|skapa|uppdatera|spara|generera|exportera|importera|skanna|inskanna"
    r"|inspela|starta|avsluta|levera|installera|signera|loggas?)\w*|utskriven|kör(?:d|ning\w*|t)"
    r"|(?:back-?up|export|import|scan|skann?|dump|log|logg|rapport|snapshot|version|batch)\w*"
    r"|(?:tids)?stämpel|klockan|kl|tid(?:punkt)?|datum|modified|created|updated|saved)"
    r"[\s:._#-]{1,3}(?:den |på |kl )?$"
)
_PRONOUN = re.compile(r"[,;.)]? ?(?:som )?(?:hon|han|hen|he|she|född|bor|fyller)\b")
_AMOUNT = re.compile(r",\d\d\b(?! ?[;,])|[ ]?(?::-|kr\b|sek\b|eur\b|kwh\b|m3\b|kg\b|%)")
_CODE_BEFORE = re.compile(r"(?:[a-z]*\d[a-z0-9]*|\b[a-z]{1,4})[-/_]$|[#§]$|[a-z0-9+/]{20,}[+/]$")
_JOINED_WORD = re.compile(r"([^\W\d_]{2,})[_-]?$")  # of a file name: Lisa_, Elev
_CAPITALISED = re.compile(r"[A-ZÅÄÖ][a-zåäöé]+")
_SHORT = 4  # letters of a code for a kind of document: INC, CHG, PO
_JOINABLE = frozenset((Shape.HYPHEN, Shape.BARE))
_NUMBER_WORD = re.compile(r"personn|\bpnr|persnr|pers\.nr")
_IN_CELLS = re.compile(r"[\t\n;|]")
_CELLS = re.compile(r"[\t;|,]|  ")
_EDI = re.compile(r"[a-z]{2,3}\+$")  # elements of a segment
_COUNTRY = re.compile(r"(?<![^\W_])se$")
_CODE_AFTER = re.compile(r"-[a-uw-z]\d")
_FIELD = re.compile(r"\bid(?:\W?=\W?|\W\s?:\s?\W?|>)$")  # id=…, "id": …, <id>…
_PLUS_BEFORE = re.compile(r"(?:\+|\b00)[\d ]{0,3}$")
_ACCOUNT = re.compile(r"\b3300[-, ]{1,3}$")
_THREAD = ask(
    (
        "personn",
        "pnr",
        "persnr",
        "pers.nr",
        "personal number",
        "personal id",
        "identity number",
        "födelsen",
    )
)
DECIDING = frozenset((Label.PERSON, Label.OTHER, Label.ORGANISATION, Label.PHONE, Label.NOUN))
FOR_PERSONS = frozenset(
    (
        Code.KEYWORD,
        Code.COLUMN,
        Code.BIRTH,
        Code.NAME,
        Code.NAME_LIKELY,
        Code.HUMAN,
        Code.NUMBER_WORD,
    )
)


def mentions_number(sources: Iterable[Source]) -> bool:
    """Whether a personnummer is spoken of anywhere in the message."""
    return any(True for source in sources for _ in source.pieces.of(_THREAD))


class Born(Protocol):
    """A number that tells a date of birth: read only where a look needs it."""

    @property
    def birth(self) -> date | None:
        """The date, None where the number has none in the calendar."""


@dataclass(slots=True)
class Page:
    """One source while its numbers are looked at, in rising order."""

    source: Source
    today: date
    text: str = field(init=False)
    tables: Tables = field(init=False)
    looks: int = 0
    phones: int = 0
    last: dict[tuple[Shape, int], list[Code]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.text = self.source.folded.text
        tables = self.source.memo.setdefault("tables", Tables(self.text, self.source.zeroed))
        assert isinstance(tables, Tables)
        self.tables = tables  # what one detector has walked past another need not

    def look(self, candidate: Candidate, born: Born | None) -> list[Code] | None:
        """Evidence around `candidate`; None if it is part of a longer string.

        A page with more than `MOST_LOOKS` is a list: then each 32nd is looked at, as is each
        with a word for persons before it, and the last look of the same spelling holds for the
        others.
        """
        family = candidate.shape, len(candidate.digits)
        self.looks += 1
        if self.looks > MOST_LOOKS and self.looks % 32 and family in self.last:
            before = self.text[max(candidate.start - 24, 0) : candidate.start]
            if not _PERSON_HINT.search(before):
                return list(self.last[family])
        found = self._look(candidate, born.birth if born else None)
        if found is None:
            return None
        self.last[family] = list(dict.fromkeys(found))
        return list(self.last[family])

    def _look(self, candidate: Candidate, birth: date | None) -> list[Code] | None:
        start, end = candidate.start, candidate.end
        line = max(self.text.rfind("\n", 0, start) + 1, start - BEFORE)
        before = self.text[line:start]
        if candidate.shape is Shape.FIXED:
            before = before.rstrip("0123456789")
        after = self.text[end : end + AFTER].partition("\n")[0]
        heading = self.tables.heading(start)
        codes = self._labels(candidate, before, after, line, heading)
        if not self._stands_free(candidate, before, after, codes):
            return None
        if not {Code.KEYWORD, Code.COLUMN, Code.BIRTH} & set(codes):
            codes += self._other_things(candidate, before, after, birth)
        return codes

    def _labels(
        self, candidate: Candidate, before: str, after: str, line: int, heading: Heading | None
    ) -> list[Code]:
        name = self._name(candidate, line)
        codes = [Code.NAME] if name is Name.SURE else [Code.NAME_LIKELY] if name else []
        if heading:
            column = _of_column(candidate, heading)
            if column is Code.OTHER_COLUMN and _in_sentence(candidate, before):
                column = None  # the heading names the cell, not what is told in it
            if column in (Code.COLUMN, Code.OTHER_COLUMN, Code.ORGANISATION):
                return [column, *codes]
            codes += [column] if column else []
            if heading.beside_names and not codes:
                codes.append(Code.NAME_LIKELY)
            if heading.label:
                before = _CELLS.split(before)[-1]
        elif not codes and self._row_has_name(candidate):
            codes = [Code.NAME_LIKELY]
        shape = self.text[candidate.start : candidate.end].translate(_ZEROES)
        if not heading and not before.strip():
            before = self._title_above(line)
        if not heading and (field_codes := read_field(before, after)) is not None:
            return [*codes, *field_codes]
        reading = read_before(before, shape)
        if reading.label not in DECIDING and (behind := read_after(after)).label:
            reading = behind
        codes += _of_reading(reading, candidate, name)
        if reading.label is None and _PRONOUN.match(after):
            codes.append(Code.HUMAN)
        if reading.label not in DECIDING and not heading:
            above = read_before(self.text[max(line - ABOVE, 0) : line], shape, DECIDING)
            free = _is_open(candidate) and above.apart
            codes += _of_above(above, free or bool(FOR_PERSONS.intersection(codes)))
        return codes

    def _title_above(self, line: int) -> str:
        """The line above, if it is short and without digits, as in a form: label over value."""
        above = self.text[max(line - 42, 0) : max(line - 1, 0)]
        title = above.rpartition("\n")[2]
        short = len(title) <= 40 and not any(digit in title for digit in "0123456789")
        return f"{title.rstrip()} " if short else ""

    def _row_has_name(self, candidate: Candidate) -> bool:
        """Whether another cell of a row without headings is a person's name."""
        content, (start, end) = (
            self.source.content,
            self.source.folded.span(candidate.start, candidate.end),
        )
        first = content.rfind("\n", max(start - BEFORE, 0), start) + 1 or max(start - BEFORE, 0)
        row = content[first:start] + content[end : end + BEFORE].partition("\n")[0]
        separator = separator_of(row)
        cells = cells_of(row, separator)[:12] if separator else []
        return any(name_before(cell) is Name.SURE for cell in cells)

    def _name(self, candidate: Candidate, line: int) -> Name:
        folded, content = self.source.folded, self.source.content
        start, end = folded.span(candidate.start, candidate.end)
        first = folded.offsets[line] if line < candidate.start else start
        before = name_before(content[first:start][-50:])
        if first == start or not content[first:start].strip():
            above = content[max(first - 60, 0) : max(first - 1, 0)].rpartition("\n")[2]
            before = min(name_before(above), Name.LIKELY)
        after = content[end : end + 50].partition("\n")[0]
        if "_" in (content[start - 1 : start], after[:1]):
            before = max(before, name_in_file(content[max(first, start - 50) : start], after))
        return max(before, name_after(after))

    def _stands_free(
        self, candidate: Candidate, before: str, after: str, codes: list[Code]
    ) -> bool:
        """False inside a longer word or number; adds what is joined by a sign to `codes`."""
        plus = _PLUS_BEFORE.search(before[-6:]) and not _EDI.search(before[-8:])
        if plus and candidate.shape in LOOSE:
            return False
        keyword = {Code.KEYWORD, Code.COLUMN} & set(codes)
        at = self.source.folded.offsets[candidate.start]
        typed = self.source.content[max(at - 30, 0) : at]
        human = candidate.shape in _JOINABLE and _names_person(typed, after)
        whole = candidate.shape is Shape.HYPHEN and len(candidate.digits) == 12
        coded = candidate.shape in (Shape.VAT, Shape.FIXED) or _COUNTRY.search(before[-4:])
        if before[-1:].isalpha() and not (keyword or human or whole or coded):
            return False
        if candidate.shape is not Shape.VAT and after[:1].isalpha():
            at = self.source.folded.offsets[candidate.end]
            if not whole and not (
                candidate.shape in (Shape.HYPHEN, Shape.FIXED) and self.source.content[at].isupper()
            ):
                return False
        if not keyword and not human and _is_part(candidate, before, after):
            codes.append(Code.EMBEDDED)
        return True

    def _other_things(
        self, candidate: Candidate, before: str, after: str, birth: date | None
    ) -> list[Code]:
        codes = []
        loose = candidate.shape in LOOSE
        log = bool(_LOG.match(before))
        listed = _IN_CELLS.search(self.text, candidate.start, candidate.end)
        singles = candidate.shape is Shape.SINGLES and listed  # nobody calls a column of digits
        if loose and len(candidate.digits) == 10 and candidate.digits[0] == "0" and not singles:
            self.phones += 1
            called = candidate.digits.startswith("02") and _NUMBER_WORD.search(after)
            if called:  # a word for the number follows on the line: born in 2002, no free call
                codes.append(Code.KEYWORD_FAR)
            elif is_phone(candidate.digits, parse=self.phones <= MOST_PHONES):
                usual = candidate.digits.startswith(MOBILE)
                codes.append(Code.PHONE if usual else Code.PHONE_LIKE)
        if loose and candidate.shape is not Shape.BARE and _among_numbers(before, after):
            codes.append(Code.NUMBERS)
        if loose and _AMOUNT.match(after):
            codes.append(Code.AMOUNT)
        if candidate.digits[-4:-2] == "00" and len(candidate.digits) != 11:
            codes.append(Code.SERIAL)
        if birth and (clock := self._clock(candidate, after, birth, log)):
            codes.append(clock)
        if log and loose:
            codes.append(Code.LOG)
        if _ACCOUNT.search(before[-9:]):
            codes.append(Code.ACCOUNT)
        return codes

    def _clock(self, candidate: Candidate, after: str, birth: date, log: bool) -> Code | None:
        """Whether the number may be a date with a time of day: 20251004-1132.jpg, 251103 1412."""
        hour, minute = int(candidate.digits[-4:-2]), int(candidate.digits[-2:])
        if hour > 23 or minute > 59 or birth.year < 1990:
            return None
        in_name = self.source.role_at(self.source.folded.offsets[candidate.start]) is Role.NAME
        stamped = _STAMPED.search(self.text, max(candidate.start - 30, 0), candidate.start)
        recent = self.today.year - birth.year <= 3
        joined = self.text[candidate.start : candidate.end].count("_") == 1
        if joined or stamped or in_name or log or _EXTENSION.match(after):
            return Code.TIMESTAMP
        if recent and candidate.shape in LOOSE:
            return Code.TIMESTAMP
        return Code.CLOCK if recent or candidate.shape in LOOSE else None


def _names_person(before: str, after: str) -> bool:
    """Whether the word that a number is joined to (as it was typed) is a given name or a word for a
    person; in the name of a file also any word that is none for a thing."""
    word = _JOINED_WORD.search(before)
    if word is None:
        return False
    label = classify(word[1].lower())
    if label in (Label.HUMAN, Label.PERSON):
        return True
    if any(part.lower() in GIVEN_NAMES for part in (word[1], *_CAPITALISED.findall(word[1]))):
        return True
    long = before[-1:] == "_" or len(word[1]) > _SHORT
    return label not in THINGS and long and _EXTENSION.match(after) is not None


def _is_part(candidate: Candidate, before: str, after: str) -> bool:
    """Whether a sign joins the number to a code before it, or it is the value of a field "id"."""
    if (
        candidate.shape is Shape.BARE
        and len(candidate.digits) == 10
        and _FIELD.search(before[-12:])
    ):
        return True
    if candidate.shape is Shape.JOINED:
        return False
    if _CODE_AFTER.match(after):
        return True
    return bool(_CODE_BEFORE.search(before[-24:]) and not _ACCOUNT.search(before[-9:]))


def _among_numbers(before: str, after: str) -> bool:
    """Whether a digit stands one space away."""
    return bool(re.search(r"\d $", before[-2:]) or re.match(r" \d", after))


def _of_column(candidate: Candidate, heading: Heading) -> Code | None:
    split = candidate.shape is Shape.CELL
    match heading.label:
        case Label.PERSON:
            return Code.COLUMN
        case Label.BIRTH | Label.LAST:
            return Code.COLUMN if split or heading.following is Label.LAST else Code.BIRTH
        case Label.ORGANISATION:
            return Code.ORGANISATION
        case Label.HUMAN:
            return Code.HUMAN
        case Label.NEUTRAL:
            return Code.NUMBER_WORD
        case Label.OTHER | Label.NOUN | Label.PHONE:
            return Code.COLUMN if split and heading.following is Label.LAST else Code.OTHER_COLUMN
        case _:
            return None


def _in_sentence(candidate: Candidate, before: str) -> bool:
    """Whether words stand in the cell before a number that is written as a person's."""
    cell = _CELLS.split(before)[-1]
    return _is_open(candidate) and any(map(str.isalpha, cell))


def _is_open(candidate: Candidate) -> bool:
    """Whether the spelling speaks for a person's number by itself: what is said of something else
    in another clause then says nothing about it."""
    return candidate.shape in OPEN or len(candidate.digits) == 12


def _of_reading(reading: Reading, candidate: Candidate, name: Name) -> list[Code]:
    if reading.label in THINGS and reading.apart and not reading.adjacent and _is_open(candidate):
        return []
    match reading.label:
        case Label.PERSON:
            return [Code.KEYWORD if reading.near else Code.KEYWORD_FAR]
        case Label.BIRTH | Label.LAST:
            return [Code.BIRTH] if reading.near else []
        case Label.HUMAN:
            return [Code.HUMAN] if reading.near else []
        case Label.ORGANISATION:
            return [Code.ORGANISATION]
        case Label.PHONE:
            loose = candidate.shape in LOOSE and len(candidate.digits) == 10
            return [Code.PHONE_LABEL] if loose and reading.near else []
        case Label.OTHER | Label.NOUN:
            if candidate.shape is Shape.DOTS and len(candidate.digits) == 12:
                return []  # a whole date in groups: no counter writes its numbers so
            bare = candidate.shape is Shape.BARE and reading.adjacent
            if reading.label is Label.NOUN and len(candidate.digits) == 12 and not bare:
                return [Code.REFERENCE_FAR]
            if reading.adjacent or (reading.near and name is not Name.SURE):
                return [Code.REFERENCE]
            return [] if name is Name.SURE else [Code.REFERENCE_FAR]
        case Label.NEUTRAL:
            return [Code.NUMBER_WORD] if reading.near else []
        case _:
            return []


def _of_above(reading: Reading, about_person: bool) -> list[Code]:
    if reading.label is Label.PERSON:
        return [Code.KEYWORD_FAR]
    if reading.label is Label.OTHER and not about_person:
        return [Code.REFERENCE_FAR]
    return []


__all__ = ["FOR_PERSONS", "NOTHING", "Page", "mentions_number"]
