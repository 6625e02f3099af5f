"""Who is spoken of: the cues that make a person identifiable to the receiver.

From → to: a stretch of `Plain` → its words (`tokens`); ``cues`` finds the `Cue`s among them with
``naming`` (capitalised words) and ``pointing`` (relatives, roles, pronouns). A cue has no content;
which name it was is of no interest. Its points come from `WEIGHTS`, the one table to tune.

Sources: words in ``health_data/people.txt``, first names in ``health_data/first_names.txt``.
Invariant: linear, one regular expression that splits words and then table look-ups.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .plain import Plain
from .terms import read_lines


class Kind(StrEnum):
    """How a text points to somebody."""

    IDENTITY = "identity"
    FULL_NAME = "full-name"
    NAME = "name"
    RELATIVE = "relative"
    ROLE = "role"
    PLACED = "placed"  # "brukaren i lägenhet 12", "kvinna 34 år"
    PRONOUN = "pronoun"
    SELF = "self"
    YOU = "you"


WEIGHTS = {
    Kind.IDENTITY: 4.0,
    Kind.FULL_NAME: 3.0,
    Kind.NAME: 3.0,
    Kind.RELATIVE: 3.0,
    Kind.PLACED: 3.0,
    Kind.SELF: 3.0,
    Kind.ROLE: 2.0,
    Kind.PRONOUN: 2.0,
    Kind.YOU: 2.0,
}

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+)*\.?")
# A digit leads, and what may stand before it is asked then: a tenth of the cost in prose.
IDENTITY = re.compile(
    r"\d(?<![\d-]\d)(?:(?:(?<=1)9|(?<=2)0)\d{2}[01]\d[0-9]\d[-+ \t;,]{0,2}\d{4}"
    r"|\d[01]\d[0-9]\d[-+–]\d{4}|(?<=[0-3])\d[01]\d\d\d[-+A-FU-Y]\d{3}[0-9A-Y]"
    r"|(?<=[0-7])\d[0-5]\d{3} \d{5}|\d[/ ]\d{2}[/ ]\d{2}[-– ]\d{4})(?!\d)"
)


def _sections(name: str) -> dict[str, frozenset[str]]:
    words: dict[str, list[str]] = {}
    section = ""
    for line in read_lines(name):
        if line.startswith("["):
            section = line.strip("[]")
        else:
            words.setdefault(section, []).extend(line.split())
    return {key: frozenset(value) for key, value in words.items()}


WORDS = _sections("people")
_NAMES = _sections("first_names")
FIRST_NAMES = _NAMES["names"]
AMBIGUOUS = _NAMES["ambiguous"]
THIRD = WORDS["third"]


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that points to a person at `at` (offset in `Plain`)."""

    at: int
    kind: Kind
    label: bool = False  # stands behind "Avser:", "Elev:" ...
    yours: bool = False  # "ditt barn": somebody of the reader's


class Token(NamedTuple):
    """One word; `low` is its lower-case form. (A tuple, because there is one for each word.)"""

    start: int
    end: int
    word: str
    low: str


def tokens(plain: Plain, start: int, end: int) -> list[Token]:
    """The words of a stretch."""
    return [
        Token(*m.span(), word := m[0], word.lower())
        for m in _TOKEN.finditer(plain.cased, start, end)
    ]
