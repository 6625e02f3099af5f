"""Words in lower case that point to somebody: relatives, roles, pronouns, "lgh 12".

From → to: the words of a stretch and a position → `Kind`, or None.

Sources: the sections of ``health_data/people.txt``. Invariant: most words cost one look-up.
"""

import re
from itertools import pairwise

from .people import WORDS, Kind, Token
from .plain import Plain
from .staff import starts_sentence

_AGE = re.compile(r"[ ,(]{1,2}(?:en |ca\.? |cirka |omkring |runt )?\d{1,3}[ -]?(?:år|åring|years)")
_PLACED = re.compile(
    r"[ ,](?:i|på|in|från) (?:lgh|lägenhet|rum|room|hus|nr|nummer|klass|avd|plan)?\.? ?"
    r"[\dA-ZÅÄÖ]{1,2}\d{0,3}[A-Za-z]?\b"
)
_NUMBER = re.compile(r"\.? ?\d{1,4}\b")
_PERSON_ENDS = tuple(WORDS["person-end"])
_KIN = WORDS["relative"] | WORDS["lone-relative"]
POINTERS = _KIN | WORDS["pronoun"] | WORDS["english-her"] | WORDS["role"] | WORDS["person-noun"]
POINTERS |= WORDS["group-noun"] | {"lgh", "lägenhet", "rum"}
POINTER_ENDS = ("s", *WORDS["person-end"], "ni", "si", "mme")


def word_at(plain: Plain, words: list[Token], number: int) -> Kind | None:
    """What the word points to, if it is one of `POINTERS` or ends like some."""
    low = words[number].low
    if low in WORDS["pronoun"]:
        return Kind.PRONOUN
    if len(low) > 4 and low[-1] == "s" and (low[:-1] in _KIN or low[:-1] in WORDS["role"]):
        low = low[:-1]  # "makens", "sökandens"
    if low in WORDS["english-her"]:
        return Kind.PRONOUN if any(t.low in ("the", "she") for t in words) else None
    before = words[number - 1].low if number else ""
    if low in WORDS["relative"]:
        own = before in WORDS["any-own"] or (
            number > 1 and words[number - 2].low in WORDS["any-own"]
        )
        if low in WORDS["colleague"] and number > 1 and words[number - 2].low in WORDS["toward"]:
            return None  # "lämnas till din chef"
        own = own or low.endswith(("ni", "si", "mme")) or low == "äidin"
        return (
            Kind.RELATIVE
            if own or low in WORDS["lone-relative"]
            else _role(plain, words, number, low)
        )
    return _role(plain, words, number, low)


def _role(plain: Plain, words: list[Token], number: int, low: str) -> Kind | None:
    token = words[number]
    before = words[number - 1].low if number else ""
    if token.low in WORDS["group-noun"] and _is_one_of(words, number):
        return Kind.PLACED
    if (
        _NUMBER.match(plain.text, token.end)
        and before != "ledig"
        and (
            low in ("lgh", "lägenhet")
            or (low == "rum" and starts_sentence(plain.cased, token.start))
        )
    ):
        return Kind.PLACED
    if low.endswith(_PERSON_ENDS) and low not in WORDS["role"]:
        return Kind.ROLE
    if low in WORDS["role"] or low in WORDS["person-noun"]:
        tail = plain.cased[token.end : token.end + 28]
        if (
            (token.low.startswith("pat") and len(token.low) <= 4)
            or _AGE.match(tail)
            or _PLACED.match(tail)
        ):
            return Kind.PLACED
        following = words[number + 1].low if number + 1 < len(words) else ""
        case = low != "man" and following not in WORDS["modal"]
        if case and token.word[0].isupper() and following in WORDS["name-verb"]:
            return Kind.PLACED  # "Klient uppger ...": the style of case notes
        pointed = low in WORDS["role"] or before in WORDS["pointing"]
        return Kind.ROLE if pointed else None
    return None


def _is_one_of(words: list[Token], number: int) -> bool:
    """ "en av våra elever", "en av eleverna"."""
    before = [token.low for token in words[max(0, number - 4) : number]]
    return any(
        first in ("en", "ett", "one") and second in ("av", "of")
        for first, second in pairwise(before)
    )
