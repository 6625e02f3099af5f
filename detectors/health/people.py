"""Who is spoken of: the cues that make a person identifiable to the receiver.

From → to: a stretch of `Plain` → list of `Cue` (offset, kind). A cue has no content; which name it
was is of no interest. `Cue.points` come from `WEIGHTS`, the one table to tune.

Sources: words in ``health_data/people.txt``, first names in ``health_data/first_names.txt``.
Invariant: linear, one regular expression that splits words and then table look-ups.
Known gaps: a rare first name of whom nothing is told; a surname alone; names in lower case.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from .plain import Plain
from .terms import read_lines
from .units import Frame


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
IDENTITY = re.compile(
    r"(?<![\d-])(?:(?:19|20)\d{2}[01]\d[0-9]\d[-+ \t;,]{0,2}\d{4}|\d{2}[01]\d[0-9]\d[-+–]\d{4}"
    r"|[0-3]\d[01]\d\d\d[-+A-FU-Y]\d{3}[0-9A-Y]|[0-7]\d[0-5]\d{3} \d{5}"
    r"|\d{2}[/ ]\d{2}[/ ]\d{2}[-– ]\d{4})(?!\d)"
)
_AGE = re.compile(r"[ ,(]{1,2}(?:en |ca\.? |cirka |omkring |runt )?\d{1,3}[ -]?(?:år|åring|years)")
_PLACED = re.compile(
    r"[ ,](?:i|på|in|från) (?:lgh|lägenhet|rum|room|hus|nr|nummer|klass|avd|plan)?\.? ?"
    r"[\dA-ZÅÄÖ]{1,2}\d{0,3}[A-Za-z]?\b"
)
_CLASS = re.compile(r",? (?:i |klass |åk )\d ?[A-Fa-f]\b|, \d{1,2} år\b")
_NUMBER = re.compile(r"\.? ?\d{1,4}\b")
_PARTY = re.compile(r" \((?:S|M|SD|V|MP|C|L|KD)\)")  # "Anna Holm (S)": at a meeting
_INITIALS = re.compile(r"\b[A-ZÅÄÖ]\.? ?[A-ZÅÄÖ]\.(?!\w)")
_SURNAME = re.compile(
    r".{2,}(?:s?son|berg|ström|gren|lund|qvist|kvist|dahl|dal|man|stedt|stad|holm|blad|feldt|fält|fors|ic|ić"
    r"|sen|nen|skog|bäck|rud|ius|ell|én|gård|vik|ov|ova|ski|zadeh|oğlu|oglu|mark|roth|hult|löv|sjö|ås|krona"
    r"|sköld|stråle|hammar)\Z",
    re.IGNORECASE,
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
_AMBIGUOUS = _NAMES["ambiguous"]
_DEFINITE = ("en", "et", "na", "an", "ten", "ing", "tion", "het", "erna", "arna")
_NOUN_ENDS = tuple(WORDS["noun-end"])
_TITLE_ENDS = tuple(WORDS["title-end"])
_HEALERS = tuple(WORDS["healer-end"])
_STATES = WORDS["state"]
_PERSON_ENDS = tuple(WORDS["person-end"])
_SURE = FIRST_NAMES - _AMBIGUOUS
_KIN = WORDS["relative"] | WORDS["lone-relative"]
_POINTERS = _KIN | WORDS["pronoun"] | WORDS["english-her"] | WORDS["role"] | WORDS["person-noun"]
_POINTERS |= WORDS["group-noun"] | {"lgh", "lägenhet", "rum"}
_POINTER_ENDS = ("s", *WORDS["person-end"], "ni", "si", "mme")
THIRD = WORDS["third"]
_NOT_NAME = WORDS["not-name"] | WORDS["title"] | WORDS["role"] | WORDS["relative"]


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
        Token(m.start(), m.end(), m.group(), m.group().lower())
        for m in _TOKEN.finditer(plain.cased, start, end)
    ]


def cues(plain: Plain, words: list[Token], span: tuple[int, int], frame: Frame) -> list[Cue]:
    """All cues of a stretch and its words, sorted; names in the mail's frame are left out."""
    start, end = span
    found = [Cue(m.start(), Kind.IDENTITY) for m in IDENTITY.finditer(plain.cased, start, end)]
    skip = -1
    for number, token in enumerate(words):
        if number <= skip:
            continue
        if token.word[0].isupper():
            name = _name(plain, words, number)
            if name is not None:
                two = name is Kind.FULL_NAME and number + 1 < len(words)
                if two and frame.holds(token.start) and not frame.holds(words[number + 1].start):
                    two = False  # "Hej Mette, Karsten har ...": the second is another person
                skip = number + two
                if not frame.holds(token.start):
                    found.append(Cue(token.start, name, _labelled(plain.text, token.start)))
                continue
        if kind := _word(plain, words, number):
            yours = kind is Kind.RELATIVE and number > 0 and words[number - 1].low in WORDS["your"]
            found.append(Cue(token.start, kind, yours=yours))
    found.extend(
        Cue(m.start(), Kind.NAME)
        for m in _INITIALS.finditer(plain.cased, start, end)
        if not frame.holds(m.start())
    )
    return sorted(found, key=lambda cue: cue.at)


def _name(plain: Plain, words: list[Token], number: int) -> Kind | None:
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
    if not first and _is_office(token.low):
        return None
    if not first and not (family and _is_outsider(words, number)):
        return _unlisted(plain, words, number)
    if _is_staff(plain, words, number, family):
        return None
    if word in _AMBIGUOUS and not family and _starts_sentence(plain.cased, token.start):
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
    if _labelled(plain.text, token.start) and following is not None and following.word[0].isupper():
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


def _is_staff(plain: Plain, words: list[Token], number: int, family: bool) -> bool:
    """A title before or behind a name says that she is at work, not the one spoken of."""
    before = words[number - 1] if number else None
    gap = plain.cased[before.end : words[number].start] if before else ""
    if before and gap in (" ", ". ", ": ") and _is_office(before.low):
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
    while first and number - first < 12 and not _starts_sentence(plain.cased, words[first].start):
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


def _is_office(low: str) -> bool:
    """A title, or a word that makes the name behind it a speaker, an author or a contact."""
    return low in WORDS["title"] or low in WORDS["speaker"] or low.endswith(_TITLE_ENDS)


def _starts_sentence(cased: str, at: int) -> bool:
    before = cased[max(0, at - 3) : at].rstrip(" ")
    return not before or before[-1] in ".!?\n:•-–*\t"


def _labelled(text: str, at: int) -> bool:
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


def _word(plain: Plain, words: list[Token], number: int) -> Kind | None:
    low = words[number].low
    if low not in _POINTERS and not low.endswith(_POINTER_ENDS):
        return None  # most words
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
            or (low == "rum" and _starts_sentence(plain.cased, token.start))
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
