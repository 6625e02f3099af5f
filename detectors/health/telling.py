"""What a stretch tells: of the writer herself, of one person, of many, of a thing, of work.

From → to: the words of a stretch (`people.tokens`) → yes or no, or points.

Sources: words in ``health_data/people.txt``. Invariant: one look at each word.
Known gap: who the subject of a sentence is, is guessed from the words nearby.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from .people import FIRST_NAMES, IDENTITY, THIRD, WEIGHTS, WORDS, Kind, Token
from .plain import Plain
from .units import Frame

_ANYBODY = WORDS["self"] | WORDS["own"] | WORDS["you"] | WORDS["your"]
_WRITER = WORDS["self"] | WORDS["own"]
_OTHERS = THIRD | WORDS["other-subject"]
_NEAR = 6
_HINT = re.compile(
    r"[A-ZÅÄÖ]\w+[ \t;][A-ZÅÄÖ]"
    r"|\b(?:[Hh][ao]nn?|[Mm]in|hennes|hans|[Jj]ag|he|she|my|eleven|brukaren|patienten)\b"
    r"|\d{6}-?\d{4}"
)
TOLD = "told"
_DIAGNOSIS = re.compile(  # a verb that gives it to somebody, and a diagnosis that is nothing else
    r"\b(?:har|fått|fick)\s(?:diagnos(?:en)?\s)?(?:[a-t]\d\d\.\d\w{0,2}(?!\w|\.\w)"
    r"|if\s(?:och|samt)\s(?:asd|autism|adhd)|(?:asd|autism)\s(?:och\sif|nivå\s[123])"
    r"|(?:lindrig|måttlig|grav)\sif)(?!\w)"
    r"|\b(?:är|blev|blivit)\shiv-?positiv(?!\w)"
)
BY_NAME = "by-name"
_WHO_HAS = re.compile(  # somebody by first and last name, and that she has what comes next
    r"\b([A-ZÅÄÖÉ]\w+)(?:-\w+)? [A-ZÅÄÖÉ]\w+(?:-\w+)?"
    r"(?:,? \d{1,3} år,?| i (?:klass )?\d[A-Za-z]?| \(\d{1,3}(?: år)?\))?"
    r" (?:har|fick|lider av|har (?:nu |nyligen |precis )?fått)"
    r" (?:diagnosen |konstaterad |svår |grav |lindrig |måttlig )?$"
)
_NAME = 90  # characters before an expression in which the name begins
_ENDS = re.compile(r"[.,;:!?)\n]|$| (?:och|sedan|samt|men)\b")
_VERB = 20  # characters before an expression in which the verb begins
_ADDRESS = re.compile(
    r"^[ >\t]{0,8}(?:Hej|Hejsan|Kära|Käre|Bästa|Bäste|Dear|Hei|Kære|Hi) (\w+)[ \w]{0,20}[!,.]?\s",
    re.MULTILINE,
)


def is_told(text: str, starts: Iterable[int]) -> bool:
    """Whether an expression that begins there is a diagnosis that somebody is said to have."""
    return any(_DIAGNOSIS.search(text, max(at - _VERB, 0), at + 40) for at in starts)


def is_said_by_name(cased: str, start: int, end: int) -> bool:
    """Whether "Ulla Ek har demens." is said: a name in full, "has", and this expression alone."""
    found = _WHO_HAS.search(cased[max(start - _NAME, 0) : start])
    return found is not None and found[1] in FIRST_NAMES and _ENDS.match(cased, end) is not None


def speaks_of_self(words: list[Token]) -> bool:
    """Is there an "I" or a "you"?"""
    return _speaks_of(words, _ANYBODY)


def speaks_as_writer(words: list[Token]) -> bool:
    """Is there an "I" or a "my"?"""
    return _speaks_of(words, _WRITER)


def _speaks_of(words: list[Token], persons: frozenset[str]) -> bool:
    lows = [token.low for token in words]
    if not persons.isdisjoint(lows):
        return True
    verbs = WORDS["english-verb"]
    return "i" in lows and any(a == "i" and b in verbs for a, b in pairwise(lows))


def says_only_you(words: list[Token]) -> bool:
    """Is the reader spoken to, and the writer not spoken of?"""
    lows = {token.low for token in words}
    return lows.isdisjoint(_WRITER) and not lows.isdisjoint(WORDS["you"] | WORDS["your"])


def is_office(words: list[Token]) -> bool:
    """Does the writer ask, send or order something, or speak only of the reader?"""
    return says_only_you(words) or any(token.low in WORDS["office"] for token in words)


def instructs(words: list[Token]) -> bool:
    """Is the reader, or anybody, told how things are, and the writer not spoken of?"""
    if says_only_you(words):
        return says_you(words)
    lows = {token.low for token in words}
    return "man" in lows and lows.isdisjoint(_WRITER)


def hints(plain: Plain, start: int, end: int) -> bool:
    """A cheap look for anybody: a pair of capitalised words, a pronoun, a relative, a number."""
    return _HINT.search(plain.cased, start, end) is not None


def is_workplace(words: list[Token], at: int, care: bool) -> bool:
    """ "Anna på röntgen", "vi ses på äldreboendet": the place where somebody works or meets."""
    before = [token for token in words if token.start < at][-2:]
    if [t.low for t in before[1:]] == ["som"] and before[0].low in WORDS["occupied"]:
        return True  # "börjar som habiliteringsassistent"
    if care:
        stays = any(token.low in WORDS["stays"] for token in words)
        return bool(before) and before[-1].low in ("på", "från", "till", "i") and not stays
    return (
        len(before) == 2
        and before[1].low in ("på", "från", "inom", "i", "at", "fra")
        and before[0].word in FIRST_NAMES
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
    return IDENTITY.search(plain.cased, start, end) is not None


def addresses_one(plain: Plain) -> bool:
    """Does the mail begin "Hej Rune!", to one person by first name?"""
    found = _ADDRESS.search(plain.cased, 0, 400)
    return found is not None and found[1] in FIRST_NAMES


def self_points(words: list[Token], at: int, care: bool) -> tuple[Kind, float] | None:
    """Does the writer speak of her own (or the receiver's) health at `at`?

    "jag" needs a verb of state between it and the expression, "min" must stand close to it.
    """
    before = [token.low for token in words if token.start < at][-9:]
    inside = {token.low for token in words if token.start == at}
    for number, low in enumerate(before):
        rest = before[number + 1 :]
        if low in WORDS["own"] and len(rest) <= 2:
            return Kind.SELF, WEIGHTS[Kind.SELF]
        if low == "i" and rest and rest[0] in WORDS["english-verb"]:
            return Kind.SELF, WEIGHTS[Kind.SELF]
        verbs = WORDS["care-verb"] if care else WORDS["self-verb"]
        if low in WORDS["self"] and (len(rest) <= 1 - care or _states(before, number, verbs)):
            return Kind.SELF, WEIGHTS[Kind.SELF]
        if low in WORDS["self"] and verbs & {*rest[-4:], *inside} and _OTHERS.isdisjoint(rest):
            return Kind.SELF, WEIGHTS[Kind.SELF]  # "jag jobbar hemma nu, har fått ..."
        if low in WORDS["your"] and len(rest) <= 3:
            return Kind.YOU, WEIGHTS[Kind.YOU]
        if low in WORDS["you"] and not rest and verbs & inside:
            return Kind.YOU, WEIGHTS[Kind.YOU]  # "du bröt foten"
        asked = number > 0 and before[number - 1] in WORDS["request"]
        if low in WORDS["you"] and not asked and _states(before, number, verbs):
            return Kind.YOU, WEIGHTS[Kind.YOU]
    if before and before[-1] in WORDS["since"]:
        behind = [token.low for token in words if token.start > at][:6]
        if any(a in WORDS["self-verb"] and b in WORDS["self"] for a, b in pairwise(behind)):
            return Kind.SELF, WEIGHTS[Kind.SELF]  # "efter operationen kan jag inte ..."
    return None


def speaks_without_subject(plain: Plain, words: list[Token], end: int, frame: Frame) -> bool:
    """ "Fick svar i går", "Ligger hemma": a sentence that begins with its verb is about "I"."""
    first = next((token for token in words if not frame.holds(token.start)), None)
    if first is None or first.low not in WORDS["bare-verb"]:
        return False
    words = [token for token in words if not frame.holds(token.start)]
    if len(words) < 2:
        return False
    second = words[1]
    asks = plain.text[words[-1].end : end].lstrip().startswith("?")
    return not asks and second.low not in _OTHERS | _ANYBODY and second.word.islower()


def leaves_out_writer(plain: Plain, words: list[Token], frame: Frame) -> bool:
    """Does any sentence of a short note begin with its verb: "Diskbråck. Kan inte gräva i år"?"""
    starts = [0, *(n for n in range(1, len(words)) if ends_sentence(plain, words, n))]
    return any(
        speaks_without_subject(plain, words[a:b], words[b - 1].end + 1, frame)
        for a, b in pairwise([*starts, len(words)])
        if b > a
    )


def ends_sentence(plain: Plain, words: list[Token], number: int) -> bool:
    """Does a sentence end before the word at `number`?"""
    gap = plain.text[words[number - 1].end - 1 : words[number].start]
    return "." in gap or "\n" in gap or "!" in gap or "?" in gap


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


def at_work(words: list[Token], at: int) -> bool:
    """Is the person's work spoken of near `at`: "arbetat på demensboende"?"""
    here = bisect_left(words, at, key=lambda token: token.start)
    if here and words[here - 1].low in WORDS["bearer"]:
        return False  # "jag har dyslexi" beside "tjänsten"
    near = [token.low for token in words[max(0, here - _NEAR) : here + _NEAR]]
    return any(
        low in WORDS["work"] and after not in WORDS["work-how"]
        for low, after in zip(near, [*near[1:], ""], strict=False)  # there may be no words
    )


def names_thing(words: list[Token]) -> bool:
    """Is a machine, tree or animal the one that is ill? "på bussen", "i väggen" is only where."""
    lows = [token.low for token in words]
    if WORDS["thing"].isdisjoint(lows):
        return False
    return any(
        low in WORDS["thing"] and before not in WORDS["where"]
        for low, before in zip(lows, ["", *lows], strict=False)
    )


def counts_many(words: list[Token]) -> bool:
    """Plural nouns for groups: "patienter", "eleverna"."""
    return any(t.low in WORDS["group-noun"] for t in words)
