"""Places: where in a message something stands, in words that a person understands.

A `Place` is structure, not prose, so that it can be said in Swedish and in English, sent as JSON
and compared. A name (file, sheet, column) is kept only if it is harmless; ``detect`` drops names
that hold a finding or a person's name (V3).

In words: an attachment is a number and a kind of file ("bilaga 2 (xlsx)"), never its name, for she
sees the number and the kind in her mail program; members of an archive follow a stroke
("bilaga 1 (zip) / kopia.docx"); all else follows a comma.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from detectors import Role


class StepKind(StrEnum):
    """One step on the way from the message down to a spot in it."""

    ATTACHMENT = "attachment"
    MEMBER = "member"  # of an archive
    MAIL = "mail"  # an attached or nested message
    SHEET = "sheet"
    COLUMN = "column"
    ROW = "row"
    PAGE = "page"
    SLIDE = "slide"
    PROPERTY = "property"
    COMMENT = "comment"
    HEADER = "header"  # header or footer of a document
    NOTES = "notes"
    HIDDEN = "hidden"
    QUOTED = "quoted"  # the day of a quoted mail: month * MONTH + day


MONTH = 100


@dataclass(frozen=True, slots=True)
class Step:
    """`n` counts from 1, 0 where counting says nothing; `form` is a file extension."""

    kind: StepKind
    n: int = 0
    name: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A role and the steps down to it; no steps means the message itself."""

    role: Role
    steps: tuple[Step, ...] = ()

    def down(self, *steps: Step, role: Role | None = None) -> "Place":
        """The place reached by further steps."""
        return Place(role or self.role, self.steps + steps)

    def nameless(self) -> "Place":
        """The same place without any name."""
        return Place(self.role, tuple(replace(step, name="") for step in self.steps))

    def to_json(self) -> list[Any]:
        """A value that JSON can carry."""
        return [self.role.value, [[s.kind.value, s.n, s.name, s.form] for s in self.steps]]

    @staticmethod
    def from_json(value: Any) -> "Place":
        """The reverse; raises ValueError, TypeError or KeyError on anything else."""
        role, steps = value
        return Place(
            Role(role), tuple(Step(StepKind(k), int(n), str(a), str(f)) for k, n, a, f in steps)
        )


_ROLES = {
    "sv": {
        Role.SUBJECT: "ämnesraden",
        Role.HEADER: "mejlhuvudet",
        Role.BODY: "mejltexten",
        Role.QUOTE: "det citerade mejlet",
        Role.SIGNATURE: "signaturen",
        Role.ATTACHMENT: "",
        Role.NAME: "namnet",
        Role.PROPERTY: "dokumentegenskaperna",
    },
    "en": {
        Role.SUBJECT: "the subject line",
        Role.HEADER: "the headers",
        Role.BODY: "the text of the mail",
        Role.QUOTE: "the quoted mail",
        Role.SIGNATURE: "the signature",
        Role.ATTACHMENT: "",
        Role.NAME: "the name",
        Role.PROPERTY: "the document properties",
    },
}
_STEPS = {
    "sv": {
        StepKind.ATTACHMENT: "bilaga",
        StepKind.MEMBER: "fil",
        StepKind.MAIL: "bifogat mejl",
        StepKind.SHEET: "blad",
        StepKind.COLUMN: "kolumn",
        StepKind.ROW: "rad",
        StepKind.PAGE: "sida",
        StepKind.SLIDE: "bild",
        StepKind.PROPERTY: "egenskap",
        StepKind.COMMENT: "kommentar",
        StepKind.HEADER: "sidhuvud eller sidfot",
        StepKind.NOTES: "anteckningar",
        StepKind.HIDDEN: "dold text",
        StepKind.QUOTED: "från",
    },
    "en": {
        StepKind.ATTACHMENT: "attachment",
        StepKind.MEMBER: "file",
        StepKind.MAIL: "attached mail",
        StepKind.SHEET: "sheet",
        StepKind.COLUMN: "column",
        StepKind.ROW: "row",
        StepKind.PAGE: "page",
        StepKind.SLIDE: "slide",
        StepKind.PROPERTY: "property",
        StepKind.COMMENT: "comment",
        StepKind.HEADER: "header or footer",
        StepKind.NOTES: "notes",
        StepKind.HIDDEN: "hidden text",
        StepKind.QUOTED: "of",
    },
}


_MONTHS = {
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "en": "January February March April May June July August September October November December",
}


def teach(language: str, words: Mapping[str, Any]) -> None:
    """Learn the words of a language: its tables ``role`` and ``step``, and ``months``."""
    _ROLES[language] = {role: words["role"][role.value] for role in Role}
    _STEPS[language] = {kind: words["step"][kind.value] for kind in StepKind}
    _MONTHS[language] = words["months"]


def speaks(language: str) -> bool:
    """Whether places can be said in it."""
    return language in _ROLES


_COUNTED = frozenset({StepKind.ROW, StepKind.PAGE, StepKind.SLIDE})
_RANGES = 4  # of rows; more say nothing new


def describe(place: Place, language: str = "sv") -> str:
    """What a person reads: "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 3"."""
    return _joined(place, place.steps, language, "")


def describe_all(places: Iterable[Place], language: str = "sv") -> list[str]:
    """The same of many places; neighbouring rows, pages or slides are said once: "rad 2–29"."""
    spots: dict[Place, list[int]] = {}
    for place in places:
        *before, last = place.steps or (Step(StepKind.HIDDEN),)
        counted = last.kind in _COUNTED and not last.name and last.n > 0
        key = Place(place.role, (*before, replace(last, n=0))) if counted else place
        spots.setdefault(key, []).append(last.n if counted else 0)
    return list(
        dict.fromkeys(
            _joined(place, place.steps, language, _ranges(numbers) if any(numbers) else "")
            for place, numbers in spots.items()
        )
    )


def _ranges(numbers: Iterable[int]) -> str:
    """[2, 3, 4, 7] → "2–4, 7"."""
    ranges: list[list[int]] = []
    for n in sorted(set(numbers)):
        if ranges and n == ranges[-1][1] + 1:
            ranges[-1][1] = n
        else:
            ranges.append([n, n])
    said = [f"{a}–{b}" if b > a else f"{a}" for a, b in ranges[:_RANGES]]
    return ", ".join(said) + (" ..." if len(ranges) > _RANGES else "")


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA: columns as spreadsheets name them."""
    name, column = "", column + 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _joined(place: Place, steps: tuple[Step, ...], language: str, numbers: str) -> str:
    """The steps in words, the role behind them; `numbers` go behind the last step."""
    said = ""
    for step in steps:
        named = step.kind is not StepKind.PROPERTY or step.name or place.role is not Role.PROPERTY
        if named and step.kind is not StepKind.QUOTED:  # else the role says it
            mark = " / " if step.kind is StepKind.MEMBER else ", "
            said += (mark if said else "") + _say(step, language)
    said += f" {numbers}" if numbers else ""
    role = _ROLES[language][place.role]
    if role and (place.role is not Role.ATTACHMENT or not said):
        said += (", " if said else "") + role + _day(steps, language)
    return said or _STEPS[language][StepKind.ATTACHMENT]


def _day(steps: tuple[Step, ...], language: str) -> str:
    """ " från 3 mars", if the quoted mail says when it was written."""
    for step in steps:
        month, day = divmod(step.n, MONTH)
        if step.kind is StepKind.QUOTED and 1 <= month <= 12:
            return f" {_STEPS[language][step.kind]} {day} {_MONTHS[language].split()[month - 1]}"
    return ""


def _say(step: Step, language: str) -> str:
    word = _STEPS[language][step.kind]
    form = f" ({step.form})" if step.form else ""
    number = f" {step.n}" if step.n else ""  # inline pictures have none
    if step.kind is StepKind.ATTACHMENT:  # numbered, since a person counts them
        return f"{word}{number}{form}"
    if step.kind is StepKind.MEMBER and step.name:
        return step.name
    if step.kind is StepKind.COLUMN and not step.name:
        return f"{word} {letters(step.n - 1)}".strip()
    return f"{word} {step.name}" if step.name else f"{word}{number}{form}"
