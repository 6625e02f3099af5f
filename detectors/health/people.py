"""Who is spoken of: the cues that make a person identifiable to the receiver.

From → to: a stretch of `Plain` → list of `Cue` (offset, kind). A cue has no content; which name it
was is of no interest. `Cue.points` come from `WEIGHTS`, the one table to tune.

Sources: words in ``health_data/people.txt``, first names in ``health_data/first_names.txt``.
Invariant: linear, one regular expression that splits words and then table look-ups.
Known gaps: a rare first name without a surname; a surname alone; names in lower case.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from detectors.health.plain import Plain
from detectors.health.terms import read_lines
from detectors.health.units import Frame


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
_IDENTITY = re.compile(
    r"(?<![\d-])(?:(?:19|20)\d{2}[01]\d[0-9]\d[-+ \t;,]{0,2}\d{4}|\d{2}[01]\d[0-9]\d[-+–]\d{4}"
    r"|[0-3]\d[01]\d\d\d[-+A-FU-Y]\d{3}[0-9A-Y]|[0-7]\d[0-5]\d{3} \d{5}"
    r"|\d{2}[/ ]\d{2}[/ ]\d{2}[-– ]\d{4})(?!\d)"
)
_AGE = re.compile(r"[ ,(]{1,2}(?:en )?\d{1,3}[ -]?(?:år|åring|years)")
_PLACED = re.compile(
    r"[ ,](?:i|på|in|från) (?:lgh|lägenhet|rum|room|hus|nr|nummer|klass|avd|plan)?\.? ?"
    r"[\dA-ZÅÄÖ]{1,2}\d{0,3}[A-Za-z]?\b"
)
_ADDRESS = re.compile(
    r"^[ >\t]{0,8}(?:Hej|Hejsan|Kära|Käre|Bästa|Bäste|Dear|Hei|Kære|Hi) (\w+)[ \w]{0,20}[!,.]?\s",
    re.MULTILINE,
)
_HINT = re.compile(
    r"[A-ZÅÄÖ]\w+[ \t;][A-ZÅÄÖ]"
    r"|\b(?:[Hh][ao]nn?|[Mm]in|hennes|hans|[Jj]ag|he|she|my|eleven|brukaren|patienten)\b"
    r"|\d{6}-?\d{4}"
)
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
_FIRST = _NAMES["names"]
_AMBIGUOUS = _NAMES["ambiguous"]
_DEFINITE = ("en", "et", "na", "an", "ten", "ing", "tion", "het", "erna", "arna")
_SURE = _FIRST - _AMBIGUOUS
_ANYBODY = WORDS["self"] | WORDS["own"] | WORDS["you"] | WORDS["your"]
_NOT_NAME = WORDS["not-name"] | WORDS["title"] | WORDS["role"] | WORDS["relative"]


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that points to a person at `at` (offset in `Plain`)."""

    at: int
    kind: Kind
    label: bool = False  # stands behind "Avser:", "Elev:" ...


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
    found = [Cue(m.start(), Kind.IDENTITY) for m in _IDENTITY.finditer(plain.cased, start, end)]
    skip = -1
    for number, token in enumerate(words):
        if number <= skip:
            continue
        if token.word[0].isupper():
            name = _name(plain, words, number)
            if name is not None:
                skip = number + (name is Kind.FULL_NAME)
                if not frame.holds(token.start):
                    found.append(Cue(token.start, name, _labelled(plain.text, token.start)))
                continue
        if kind := _word(plain, words, number):
            found.append(Cue(token.start, kind))
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
    first = word in _FIRST or (word.endswith("s") and word[:-1] in _FIRST and len(word) > 3)
    following = words[number + 1] if number + 1 < len(words) else None
    family = following is not None and _is_family(plain, token, following, first)
    if _is_titled(plain, words, number):
        return Kind.NAME
    if not first and not (family and _is_outsider(words, number)):
        return _unlisted(plain, words, number)
    if _is_staff(plain, words, number, family):
        return None
    if word in _AMBIGUOUS and not family and _starts_sentence(plain.cased, token.start):
        acts = following is not None and following.low in WORDS["self-verb"]
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
        return second in _FIRST
    return len(words[number].word) > 2 and not words[number].word.isupper()


def _unlisted(plain: Plain, words: list[Token], number: int) -> Kind | None:
    """Surname first in a table ("Alm Sten"), behind a label, or with class or initial."""
    token = words[number]
    if token.low in _NOT_NAME or len(token.word) < 3 or token.word.isupper():
        return None
    following = words[number + 1] if number + 1 < len(words) else None
    gap = plain.cased[token.end : following.start] if following else ""
    if following and gap == " " and _acts_as_name(words, number):
        return Kind.NAME
    if following and following.word in _SURE and gap in (" ", ", ", "\t", ";", "^"):
        return Kind.FULL_NAME
    if _labelled(plain.text, token.start) and following is not None and following.word[0].isupper():
        return Kind.FULL_NAME
    return None


def _acts_as_name(words: list[Token], number: int) -> bool:
    """An unlisted capitalised word is a name if it acts and is "hon" or "han" soon after."""
    token, following = words[number], words[number + 1]
    if following.low not in WORDS["name-verb"] or token.low.endswith(_DEFINITE):
        return False
    return any(
        later.low in ("hon", "han", "hun", "she", "he") for later in words[number + 2 :][:30]
    )


def _is_staff(plain: Plain, words: list[Token], number: int, family: bool) -> bool:
    """A title before or behind a name says that she is at work, not the one spoken of."""
    before = words[number - 1] if number else None
    gap = plain.cased[before.end : words[number].start] if before else ""
    if before and before.low in WORDS["title"] and gap in (" ", ". "):
        return True
    last = number + (1 if family else 0)
    behind = words[last + 1] if last + 1 < len(words) else None
    gap = plain.cased[words[last].end : behind.start] if behind else ""
    return behind is not None and gap in (", ", " (") and behind.low in WORDS["title"]


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
    if low in WORDS["pronoun"]:
        return Kind.PRONOUN
    if low in WORDS["english-her"]:
        return Kind.PRONOUN if any(t.low in ("the", "she") for t in words) else None
    before = words[number - 1].low if number else ""
    if low in WORDS["relative"]:
        own = before in WORDS["any-own"] or (
            number > 1 and words[number - 2].low in WORDS["any-own"]
        )
        own = own or low.endswith(("ni", "si", "mme")) or low == "äidin"
        return (
            Kind.RELATIVE if own or low in WORDS["lone-relative"] else _role(plain, words, number)
        )
    return _role(plain, words, number)


def _role(plain: Plain, words: list[Token], number: int) -> Kind | None:
    token = words[number]
    if token.low in WORDS["role"] or token.low in WORDS["person-noun"]:
        tail = plain.cased[token.end : token.end + 28]
        if (
            (token.low.startswith("pat") and len(token.low) <= 4)
            or _AGE.match(tail)
            or _PLACED.match(tail)
        ):
            return Kind.PLACED
        following = words[number + 1].low if number + 1 < len(words) else ""
        if token.word[0].isupper() and following in WORDS["name-verb"]:
            return Kind.PLACED  # "Klient uppger ...": the style of case notes
        before = words[number - 1].low if number else ""
        pointed = token.low in WORDS["role"] or before in WORDS["pointing"]
        return Kind.ROLE if pointed else None
    return None


def speaks_of_self(words: list[Token]) -> bool:
    """Is there an "I" or a "you"?"""
    return any(token.low in _ANYBODY for token in words)


def hints(plain: Plain, start: int, end: int) -> bool:
    """A cheap look for anybody: a pair of capitalised words, a pronoun, a relative, a number."""
    return _HINT.search(plain.cased, start, end) is not None


def is_workplace(words: list[Token], at: int) -> bool:
    """ "Anna på röntgen": the place where somebody works."""
    before = [token for token in words if token.start < at][-2:]
    return (
        len(before) == 2
        and before[1].low in ("på", "från", "inom", "i", "at", "fra")
        and before[0].word in _FIRST
    )


def is_one(words: list[Token], at: int) -> bool:
    """Does "flickan", "mannen" stand at `at`: a role that no rule book uses for everybody?"""
    return any(token.start == at and token.low in WORDS["gendered"] for token in words)


def says_you(words: list[Token]) -> bool:
    """Is something told about the reader? A request ("kan du skicka") tells nothing."""
    lows = [token.low for token in words]
    asks = any(
        second in WORDS["you"] and first in WORDS["request"] for first, second in pairwise(lows)
    )
    return not asks and any(low in WORDS["you"] or low in WORDS["your"] for low in lows)


def has_identity(plain: Plain, start: int, end: int) -> bool:
    """Does an identity number stand there?"""
    return _IDENTITY.search(plain.cased, start, end) is not None


def addresses_one(plain: Plain) -> bool:
    """Does the mail begin "Hej Rune!", to one person by first name?"""
    found = _ADDRESS.search(plain.cased, 0, 400)
    return found is not None and found[1] in _FIRST


def self_points(words: list[Token], at: int, care: bool) -> tuple[Kind, float] | None:
    """Does the writer speak of her own (or the receiver's) health at `at`?

    "jag" needs a verb of state between it and the expression, "min" must stand close to it.
    """
    before = [token.low for token in words if token.start < at][-9:]
    for number, low in enumerate(before):
        rest = before[number + 1 :]
        if low in WORDS["own"] and len(rest) <= 2:
            return Kind.SELF, WEIGHTS[Kind.SELF]
        if low == "i" and rest and rest[0] in WORDS["english-verb"]:
            return Kind.SELF, WEIGHTS[Kind.SELF]
        verbs = WORDS["care-verb"] if care else WORDS["self-verb"]
        if low in WORDS["self"] and (len(rest) <= 1 - care or _states(before, number, verbs)):
            return Kind.SELF, WEIGHTS[Kind.SELF]
        if low in WORDS["your"] and len(rest) <= 3:
            return Kind.YOU, WEIGHTS[Kind.YOU]
        if low in WORDS["you"] and _states(before, number, verbs):
            return Kind.YOU, WEIGHTS[Kind.YOU]
    return None


def _states(before: list[str], number: int, verbs: frozenset[str]) -> bool:
    near = before[max(0, number - 1) : number + 4]
    return any(low in verbs for low in near)


def narrates(words: list[Token]) -> bool:
    """Is something told of one person (past tense, time words) and not laid down for all?"""
    return any(
        t.low in WORDS["narrative"] or t.low.endswith(("ade", "ades", "ats", "it")) for t in words
    )


def tells(words: list[Token]) -> bool:
    """Is something told that has happened or goes on now?"""
    return any(
        t.low in WORDS["strong-narrative"] or (len(t.low) > 5 and t.low.endswith(("ade", "ades")))
        for t in words
    )


def at_work(words: list[Token]) -> bool:
    """Is the person's work spoken of: "arbetat på demensboende"?"""
    return any(t.low in WORDS["work"] for t in words)


def names_thing(words: list[Token]) -> bool:
    """Is a machine, tree or animal the one that is ill?"""
    return any(t.low in WORDS["thing"] for t in words)


def counts_many(words: list[Token]) -> bool:
    """Plural nouns for groups: "patienter", "eleverna"."""
    return any(t.low in WORDS["group-noun"] for t in words)
