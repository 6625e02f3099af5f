"""The catalogue: every technique, its promise, and the test numbers.

From → to: `techniques()` → `Technique`s, names unique; `numbers()` → twelve digits each.

A technique is *promised* (``expected == "found"``) unless it has a reason for being missed. A miss
without a reason is a fault of the product; a reason that is no longer true is a fault of this list
(the tests look for both).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mailfilter.selftest import (
    carriers,
    characters,
    clerk,
    letters,
    locked,
    markup,
    pictures,
    structure,
    styles,
)
from mailfilter.selftest import files as documents
from mailfilter.selftest.mails import Make

_ROOMS = (
    *(letters, characters, markup, styles, structure, documents, carriers),
    *(pictures, locked, clerk),
)


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to hide a number: `make` gives the entity; `miss` says why it is not found."""

    name: str
    make: Make
    miss: str = ""

    @property
    def expected(self) -> str:
        """ "found" or "missed"."""
        return "missed" if self.miss else "found"

    @property
    def needs_ocr(self) -> bool:
        """Whether only OCR shows it: without tesseract and its data it is passed and counted."""
        return self.name.startswith("picture: ")


@cache
def techniques() -> tuple[Technique, ...]:
    """The whole catalogue, in its order."""
    return tuple(_all())


def _all() -> Iterator[Technique]:
    for room in _ROOMS:
        for name, make, miss in room.ways():
            yield Technique(name, make, miss)


@cache
def numbers() -> tuple[str, ...]:
    """Twenty official test numbers, twelve digits each; they belong to nobody."""
    text = (files("mailfilter.selftest") / "numbers.txt").read_text("ascii")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
