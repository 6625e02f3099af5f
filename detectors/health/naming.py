"""Is a capitalised word the name of somebody who may be the subject, or of staff at work?

From → to: the words of a stretch and a position → `Kind` of name, or None.

Sources: ``health_data/first_names.txt`` and the sections of ``people.txt``. Invariant: a constant
number of neighbours is looked at.
Known gaps: a rare first name of whom nothing is told; a surname alone; names in lower case.
"""

import re

from .people import AMBIGUOUS, FIRST_NAMES, THIRD, WORDS, Kind, Token
from .plain import Plain
from .staff import is_office, is_staff, starts_sentence

_CLASS = re.compile(r",? (?:i |klass |åk )\d ?[A-Fa-f]\b|, \d{1,2} år\b")
_SURNAME = re.compile(
    r".{2,}(?:s?son|berg|ström|gren|lund|qvist|kvist|dahl|dal|man|stedt|stad|holm|blad|feldt|fält|fors|ic|ić"
    r"|sen|nen|skog|bäck|rud|ius|ell|én|gård|vik|ov|ova|ski|zadeh|oğlu|oglu|mark|roth|hult|löv|sjö|ås|krona"
    r"|sköld|stråle|hammar)\Z",
    re.IGNORECASE,
)
_DEFINITE = ("en", "et", "na", "an", "ten", "ing", "tion", "het", "erna", "arna")
_NOUN_ENDS = tuple(WORDS["noun-end"])
_SURE = FIRST_NAMES - AMBIGUOUS
_NOT_NAME = WORDS["not-name"] | WORDS["title"] | WORDS["role"] | WORDS["relative"]


def name_at(plain: Plain, words: list[Token], number: int) -> Kind | None:
    """Is the capitalised word at `number` the name of one who may be the subject?"""
    token = words[number]
    word = token.word.rstrip(".")
    first = word in FIRST_NAMES or (
        word.endswith("s") and word[:-1] in FIRST_NAMES and len(word) > 3
    )
    first = first or ("-" in word and word.removesuffix("s").partition("-")[0] in FIRST_NAMES)
    following = words[number + 1] if number + 1 < len(words) else None
    family = following is not None and _is_family(plain, token, following, first)
    if _is_titled(plain, words, number):
        return Kind.NAME
    if not first and is_office(token.low):
        return None
    if not first and not (family and _is_outsider(words, number)):
        return _unlisted(plain, words, number)
    if is_staff(plain, words, number, family):
        return None
    if word in AMBIGUOUS and not family and starts_sentence(plain.cased, token.start):
        acts = following is not None and (
            following.low in WORDS["self-verb"] or _CLASS.match(plain.cased, token.end) is not None
        )
        return Kind.NAME if acts else None
    return Kind.FULL_NAME if family else Kind.NAME


def _is_titled(plain: Plain, words: list[Token], number: int) -> bool:
    """ "Ms Okafor", "fru Ek": a courtesy title makes any capitalised word a name."""
    before = words[number - 1] if number else None
    return (
        before is not None
        and before.low.rstrip(".") in WORDS["courtesy"]
        and plain.cased[before.end : words[number].start] == " "
    )


def _is_family(plain: Plain, token: Token, following: Token, first: bool) -> bool:
    gap = plain.cased[token.end : following.start]
    if token.word.endswith(".") and len(token.word) > 2:
        return False
    if gap not in (" ", "  ", "\t", ";", ", ") or not following.word[0].isupper():
        return False
    if following.low.rstrip(".") in _NOT_NAME or (gap == ", " and not first):
        return False
    return first or _SURNAME.match(following.word.removesuffix("s")) is not None


def _is_outsider(words: list[Token], number: int) -> bool:
    """An unlisted first word is a name only beside a listed or name-like second one."""
    low = words[number].low
    second = words[number + 1].word
    if low in _NOT_NAME or low.endswith(("en", "et", "na", "ens", "ska", "kommuns", "kommun")):
        return second in FIRST_NAMES
    return len(words[number].word) > 2 and not words[number].word.isupper()


def _unlisted(plain: Plain, words: list[Token], number: int) -> Kind | None:
    """Surname first in a table ("Alm Sten"), behind a label, or with class or initial."""
    token = words[number]
    ends = token.word.endswith(".") and len(token.word) > 2
    if ends or token.low in _NOT_NAME or len(token.word) < 3 or token.word.isupper():
        return None
    following = words[number + 1] if number + 1 < len(words) else None
    gap = plain.cased[token.end : following.start] if following else ""
    if _acts_as_name(words, number):
        return Kind.NAME
    if following and len(following.word) == 2 and following.word[1] == ".":
        return Kind.NAME  # "Tadesse G."
    if following and _CLASS.match(plain.cased, token.end):
        return Kind.NAME
    if following and following.word in _SURE and gap in (" ", ", ", "\t", ";", "^"):
        return Kind.FULL_NAME
    if (
        is_labelled(plain.text, token.start)
        and following is not None
        and following.word[0].isupper()
    ):
        return Kind.FULL_NAME
    return None


def _acts_as_name(words: list[Token], number: int) -> bool:
    """Is an unlisted capitalised word a name? Then it is told of, or a relative stands before.

    "vår son Nahom", "eleven Nilo"; "har Aras", "för Nilo" with "hon" or "han" soon after.
    """
    token, low = words[number], words[number].low
    if low.endswith(_DEFINITE) and len(low) > 5:
        return False
    before = words[number - 1].low if number else ""
    if before in WORDS["relative"] or before in WORDS["role"] or before in WORDS["person-noun"]:
        return token.start - words[number - 1].end <= 2
    following = words[number + 1].low if number + 1 < len(words) else ""
    third = words[number + 2].low if number + 2 < len(words) else ""
    if following in WORDS["patient-verb"] or (following == "har" and third in WORDS["had"]):
        return not low.endswith(_NOUN_ENDS)
    if following not in WORDS["name-verb"] and before not in WORDS["name-before"]:
        return False
    return any(later.low in THIRD for later in words[number + 1 :][:30])


def is_labelled(text: str, at: int) -> bool:
    """Stands "Elev:", "Avser", "Patient:" directly before?"""
    before = text[max(0, at - 24) : at].rstrip(" \t\"'")
    if before.endswith(
        ("gäller", "avseende", "angående", "ang.", "ang", "vedr.", "ref", "vedrørende")
    ):
        return True
    if not before.endswith((":", "=")):
        return False
    last = before[:-1].rstrip().rsplit("\n", 1)[-1].split()
    return bool(last) and last[-1].strip("*•-") in WORDS["label"]
