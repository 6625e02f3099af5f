"""Passages: stretches of a few sentences that the model judges as a whole, and their features.

From → to: a text, where its findings stand, and what is known of the message → `Passage`s; one
passage → its features, name → value. What a person's health is told in is seldom one sentence.

Features, by the first letter of their name:

- ``r`` what the rules of `score` made of it;
- ``s`` a concept in one sentence with (or without) a person of some kind;
- ``p`` a concept anywhere in the passage, ``t`` in the subject of the mail;
- ``n`` how many kinds of signs and of general concepts there are, in steps;
- ``w`` the words themselves, names and digits left out.

Invariant: linear; a passage has at most `LIMIT` characters.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .concepts import concepts, words
from .people import FIRST_NAMES, IDENTITY
from .plain import Plain
from .score import MEDIUM, Judgement

LIMIT = 1500
LEAST = 300  # shorter paragraphs are read together with the next
_BREAK = re.compile(r"\n[ \t]*\n")
# Both are led by the blank: what must or must not stand before it is asked only there.
_SENTENCE = re.compile(r"\s(?:(?<=[.!?]\s)\s*|(?<=\n)\n*)")
_NAME = re.compile(r"[ \t](?<![.!?\n:][ \t])(?<!^[ \t])[A-ZÅÄÖ][a-zåäöé]+")
PERSONS = frozenset({"third", "self", "you", "kin", "role"})
GENERAL = frozenset(
    {"invite", "agenda", "statistics", "jobad", "rule", "advice", "many", "office", "trade"}
    | {"thing", "culture", "sport", "news", "staff", "thanks", "animal", "machine", "fiction"}
    | {"religion", "past", "joke"}
)
PLAIN = frozenset({"time", "tells", "feeling", "question", "ask", "need", "absence", "we", "worse"})
_MANY = 5


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text and the judgements in it."""

    start: int
    end: int
    judged: tuple[Judgement, ...]

    @property
    def best(self) -> int:
        """The highest confidence that the rules give."""
        return max((each.confidence for each in self.judged), default=0)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the message around a passage."""

    subject: frozenset[str]  # its concepts
    letter: bool
    attached: bool
    general: float


def passages(text: str, judged: Sequence[Judgement]) -> Iterator[Passage]:
    """The passages with judgements in them; the whole text if it is short."""
    if len(text) <= LIMIT:
        yield Passage(0, len(text), tuple(judged))
        return
    at = 0
    for start, end in _stretches(text):
        first = at
        while at < len(judged) and judged[at].unit.start < end:
            at += 1
        if at > first:
            yield Passage(start, end, tuple(judged[first:at]))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, short ones together, long ones cut at a line or a blank."""
    start = 0
    while start < len(text):
        end = start + LIMIT
        if end < len(text):
            found = [m.end() for m in _BREAK.finditer(text, start + LEAST, end)]
            end = found[0] if found else max(text.rfind("\n", start, end), start + LIMIT // 2) + 1
        yield start, min(end, len(text))
        start = end


def features(plain: Plain, passage: Passage, around: Around) -> dict[str, float]:
    """Everything that the model weighs."""
    found: dict[str, float] = {}
    _of_rules(passage, around, found)
    whole: set[str] = set()
    seen: set[str] = set()
    at = passage.start
    for stop in [*(m.end() for m in _SENTENCE.finditer(plain.text, at, passage.end)), passage.end]:
        _of_sentence(plain, at, stop, found, whole, seen)
        at = stop
    _of_whole(whole, around, found)
    rate = max(len(seen), 1) ** -0.5
    for word in seen:
        found["w:" + word] = rate
    return found


def _of_rules(passage: Passage, around: Around, found: dict[str, float]) -> None:
    found["r:confidence"] = passage.best / MEDIUM
    found["r:medium"] = float(passage.best >= MEDIUM)
    found["r:letter"] = float(around.letter)
    found["r:attached"] = float(around.attached)
    found["r:general"] = min(around.general, 4.0) / 4
    found["r:none"] = float(not passage.judged)
    if not passage.judged:
        return
    best = max(passage.judged, key=lambda each: each.confidence)
    for code in best.evidence:
        found["r:" + code] = 1.0
    hits = [hit for each in passage.judged for hit in each.hits]
    for group in {hit.group for hit in hits}:
        found["r:class:" + group] = 0.5
    found["r:strong"] = min(sum(hit.weight >= 3 for hit in hits), 4) / 4
    found["r:middle"] = min(sum(hit.weight == 2 for hit in hits), 4) / 4
    found["r:own"] = float(any(hit.own for hit in hits))
    found["r:places"] = min(len(passage.judged), 4) / 4


def _of_sentence(
    plain: Plain, start: int, end: int, found: dict[str, float], whole: set[str], seen: set[str]
) -> None:
    text, cased = plain.text[start:end], plain.cased[start:end]
    listed = words(text)
    if not listed:
        return
    kinds = concepts(listed)
    names = _names(cased) if cased != text else set()
    persons = kinds & PERSONS
    if names:
        persons.add("name")
    if IDENTITY.search(plain.cased, start, end):
        persons.add("number")
    whole |= kinds | persons
    seen |= {word for word in listed if not word.isdigit()} - names
    who = _who(persons)
    for kind in kinds - PERSONS - GENERAL:
        found[f"s:{kind}|{who}"] = 1.0
    for kind in kinds & GENERAL:
        found[f"s:{kind}|{'one' if who != 'none' else 'none'}"] = 0.5


def _names(cased: str) -> set[str]:
    """The capitalised words inside a sentence, and first names anywhere, in lower case."""
    inside = {match.group().strip().lower() for match in _NAME.finditer(cased)}
    return inside | {
        word.lower()
        for word in words(cased)
        if word[0].isupper() and (word in FIRST_NAMES or word[:-1] in FIRST_NAMES)
    }


def _who(persons: set[str]) -> str:
    """The surest person of a sentence."""
    for kind in ("number", "name", "kin", "role", "third", "self", "you"):
        if kind in persons:
            return kind
    return "none"


def _of_whole(whole: set[str], around: Around, found: dict[str, float]) -> None:
    for kind in whole:
        found["p:" + kind] = 0.7
    for kind in around.subject:
        found["t:" + kind] = 0.5
    signs = whole - PERSONS - GENERAL - PLAIN - {"name", "number"}
    persons = whole & PERSONS or whole & {"name", "number"}
    for number in range(1, min(len(signs), _MANY) + 1):
        found[f"n:signs:{number}"] = 0.5
        if persons:
            found[f"n:signs-person:{number}"] = 0.5
    for number in range(1, min(len(whole & GENERAL), _MANY) + 1):
        found[f"n:general:{number}"] = 0.5
    for one in whole & {"tells", "time", "unable", "absence", "worse"}:
        for sign in signs - {one}:
            found[f"n:{one}+{sign}"] = 0.3


def by_family(named: Mapping[str, float]) -> dict[str, float]:
    """Sums of contributions by the first letter of the feature."""
    sums: dict[str, float] = {}
    for name, value in named.items():
        sums[name[0]] = sums.get(name[0], 0.0) + value
    return sums
