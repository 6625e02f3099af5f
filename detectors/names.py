"""Names of persons beside a number.

From → to: text just before or after a number, as it was typed → whether a name stands there. A
name is two or more capitalised words one of which is a common given name, or failing that two
capitalised words that name no organisation or place; or one common given name.

Source: `health_data/first_names.txt`; a capital beside a number makes its ambiguous ones names too.
"""

import re
from enum import IntEnum

from .lists import read_sections

_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’]*(?:-[A-ZÀ-ÖØ-Þ][\w'’]*)?"
_BETWEEN = r"(?:,? |\t| (?:von|af|de|al|el|van|da|bin) )"
_NAME = rf"{_WORD}(?:{_BETWEEN}{_WORD}){{0,3}}"
_BEFORE = re.compile(rf"(?<![\w-])({_NAME})[\s,;:.|(=*\"–-]{{0,4}}$")
_AFTER = re.compile(rf"[\s,;:.|)*\"–-]{{0,5}}({_NAME})")
_IN_BRACKETS = re.compile(r" ?\([A-ZÀ-ÖØ-Þ][a-zà-öø-þ]+\)")
_PARTS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NOT_PERSONS = read_sections("label_data/not_persons.txt")
_ORGANISATIONS = frozenset(_NOT_PERSONS["organisation"])
_THINGS = frozenset(_NOT_PERSONS["thing"])


class Name(IntEnum):
    """How surely a name of a person stands there."""

    NONE = 0
    LIKELY = 1
    SURE = 2


GIVEN_NAMES = frozenset(
    name.lower()
    for names in read_sections("health_data/first_names.txt").values()
    for name in names
)


def name_before(text: str) -> Name:
    """Whether `text` ends with a person's name."""
    match = _BEFORE.search(text)
    return _judge(match[1]) if match else Name.NONE


def name_after(text: str) -> Name:
    """Whether `text` begins with a person's name."""
    match = _AFTER.match(text)
    name = _judge(match[1]) if match else Name.NONE
    return name or (Name.LIKELY if _IN_BRACKETS.match(text) else Name.NONE)


def name_in_file(before: str, after: str) -> Name:
    """Whether a given name is joined to a number by underscores: Lisa_, _ek_lena.pdf."""
    joined = before.rpartition(" ")[2], after.partition(" ")[0].partition(".")[0]
    words = {word.lower() for part in joined for word in _PARTS.findall(part)}
    return Name.LIKELY if any(len(word) > 2 for word in words & GIVEN_NAMES) else Name.NONE


def _judge(name: str) -> Name:
    words = [word.lower() for word in _PARTS.findall(name)]
    given = any(word in GIVEN_NAMES or word.partition("-")[0] in GIVEN_NAMES for word in words)
    if not _ORGANISATIONS.isdisjoint(words) or not (given or _THINGS.isdisjoint(words)):
        return Name.NONE
    if len(words) > 1:
        return Name.SURE if given else Name.LIKELY
    return Name.LIKELY if given else Name.NONE
