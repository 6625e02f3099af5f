"""Places: where in a message something stands, in words that a person understands.

A `Place` is structure, not prose, so that it can be said in Swedish and in English, sent as JSON
and compared. A name (file, sheet, column) is kept only if it is harmless; ``detect`` drops names
that hold a finding or a person's name (design 4.3).
"""

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
        Role.HEADER: "brevhuvudet",
        Role.BODY: "brevtexten",
        Role.QUOTE: "det citerade brevet",
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
        StepKind.MAIL: "bifogat brev",
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
    },
}


def describe(place: Place, language: str = "sv") -> str:
    """What a person reads: "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 3"."""
    words = [_say(step, language) for step in place.steps]
    role = _ROLES[language][place.role]
    inner = place.role is not Role.ATTACHMENT
    if role and (inner or not words):
        words.append(role)
    return ", ".join(words) or _STEPS[language][StepKind.ATTACHMENT]


def _say(step: Step, language: str) -> str:
    word = _STEPS[language][step.kind]
    if step.kind is StepKind.ATTACHMENT:  # numbered, since a person counts them
        shown = step.name or step.form
        number = f" {step.n}" if step.n else ""  # inline pictures have none
        return f"{word}{number}" + (f" ({shown})" if shown else "")
    label = step.name or (str(step.n) if step.n else "")
    form = f" ({step.form})" if step.form and not step.name else ""
    return f"{word} {label}".strip() + form
