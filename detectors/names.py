"""Names of persons beside a number.

From → to: text just before or after a number, as it was typed → whether a name stands there. A
name is two or more capitalised words one of which is a common given name, or failing that two
capitalised words that name no organisation or place; or one common given name.

Source: `name_data/given.txt`.
"""

import re
from enum import IntEnum
from importlib.resources import files

_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’]*(?:-[A-ZÀ-ÖØ-Þ][\w'’]*)?"
_BETWEEN = r"(?:,? |\t| (?:von|af|de|al|el|van|da|bin) )"
_NAME = rf"{_WORD}(?:{_BETWEEN}{_WORD}){{0,3}}"
_BEFORE = re.compile(rf"(?<![\w-])({_NAME})[\s,;:.|(=*–-]{{0,4}}$")
_AFTER = re.compile(rf"[\s,;:.|)*–-]{{0,5}}({_NAME})")
_PARTS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NOT_PERSONS = frozenset(
    ["ab", "hb", "kb", "brf", "ek", "för", "ltd", "gmbh", "inc", "oy", "as", "aps", "kommun", "kommuns", "region", "landsting", "skolan", "förvaltning", "förvaltningen", "nämnden", "bolag", "aktiebolag", "förening", "föreningen", "torget", "gatan", "vägen", "norra", "södra", "östra", "västra", "hotell", "order", "faktura", "ärende", "nummer", "nr", "bokning", "referens", "artikel", "dnr", "ocr", "tel", "telefon", "mobil"]
)


class Name(IntEnum):
    """How surely a name of a person stands there."""

    NONE = 0
    LIKELY = 1
    SURE = 2


def _given_names() -> frozenset[str]:
    text = files("detectors").joinpath("name_data/given.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


GIVEN_NAMES = _given_names()


def name_before(text: str) -> Name:
    """Whether `text` ends with a person's name."""
    match = _BEFORE.search(text)
    return _judge(match[1]) if match else Name.NONE


def name_after(text: str) -> Name:
    """Whether `text` begins with a person's name."""
    match = _AFTER.match(text)
    return _judge(match[1]) if match else Name.NONE


def _judge(name: str) -> Name:
    words = [word.lower() for word in _PARTS.findall(name)]
    if any(word in _NOT_PERSONS for word in words):
        return Name.NONE
    given = any(word in GIVEN_NAMES or word.partition("-")[0] in GIVEN_NAMES for word in words)
    if len(words) > 1:
        return Name.SURE if given else Name.LIKELY
    return Name.LIKELY if given else Name.NONE
