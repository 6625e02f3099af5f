"""Is a named person at work here: a title beside her, asked for something, the doer of it?

From → to: the words of a stretch and the position of a name → yes or no. Who is at work is not the
one whose health is told, unless something is told of how she is.

Sources: the sections title, speaker, order, doer, job of ``health_data/people.txt``.
"""

import re

from .people import WORDS, Token
from .plain import Plain

_PARTY = re.compile(r" \((?:S|M|SD|V|MP|C|L|KD)\)")  # "Anna Holm (S)": at a meeting
_TITLE_ENDS = tuple(WORDS["title-end"])
_HEALERS = tuple(WORDS["healer-end"])
_STATES = WORDS["state"]


def is_staff(plain: Plain, words: list[Token], number: int, family: bool) -> bool:
    """A title before or behind a name says that she is at work, not the one spoken of."""
    before = words[number - 1] if number else None
    gap = plain.cased[before.end : words[number].start] if before else ""
    if before and gap in (" ", ". ", ": ") and is_office(before.low):
        return not _is_told(words, number, before.low)
    last = number + (1 if family else 0)
    if _PARTY.match(plain.cased, words[last].end) or _acts(plain, words, number, last):
        return True
    behind = words[last + 1] if last + 1 < len(words) else None
    gap = plain.cased[words[last].end : behind.start] if behind else ""
    return (
        behind is not None
        and gap in (", ", " (")
        and (behind.low in WORDS["title"] or behind.low.endswith(_TITLE_ENDS))
        and not (gap == " (" and _is_told(words, last + 1, behind.low))
    )


def _acts(plain: Plain, words: list[Token], number: int, last: int) -> bool:
    """Is she asked ("Eva, beställ"), told ("lämna till Bo") or the doer ("lagas av Bo")?"""
    behind = words[last + 1] if last + 1 < len(words) else None
    if behind and plain.cased[words[last].end : behind.start] == ", ":
        return behind.low in WORDS["imperative"]
    if behind and _does(words, last + 1):
        return True
    before = [token.low for token in words[max(0, number - 2) : number]]
    if before and before[0] in ("hälsar", "suckar", "suckade", "tyckte", "skämtade"):
        return True
    if len(before) == 2 and before[1] == "av":
        return before[0].endswith(("as", "es", "ades", "des", "ats"))
    ends = plain.cased[words[last].end : words[last].end + 1] in ("", ".", "!", "\n")
    ends = ends or (behind is not None and behind.low in ("senast", "före", "innan", "snarast"))
    if not ends or not before or before[-1] not in ("till", "hos", "via"):
        return False
    first = number
    while first and number - first < 12 and not starts_sentence(plain.cased, words[first].start):
        first -= 1
    return words[first].low in WORDS["order"]


def _does(words: list[Token], number: int) -> bool:
    """Does the verb at `number` say that she works, and nothing behind how she is?"""
    rest = [token.low for token in words[number + 1 : number + 9]]
    if words[number].low in ("har", "fick") and not WORDS["job"].isdisjoint(rest[:2]):
        return True
    pair = (words[number].low, rest[0] if rest else "")
    doer = pair[0] in WORDS["doer"] or pair in (("går", "igenom"), ("tar", "med"), ("tar", "över"))
    return doer and _STATES.isdisjoint(rest)


def _is_told(words: list[Token], number: int, title: str) -> bool:
    """ "Vaktmästare Nisse är ...": of staff who do not heal, something is told as of others."""
    following = words[number + 1].low if number + 1 < len(words) else ""
    return following in _STATES and not (title in WORDS["title"] or title.endswith(_HEALERS))


def is_office(low: str) -> bool:
    """A title, or a word that makes the name behind it a speaker, an author or a contact."""
    return low in WORDS["title"] or low in WORDS["speaker"] or low.endswith(_TITLE_ENDS)


def starts_sentence(cased: str, at: int) -> bool:
    """Does a sentence or a line begin at `at`?"""
    before = cased[max(0, at - 3) : at].rstrip(" ")
    return not before or before[-1] in ".!?\n:•-–*\t"
