"""What the model sees in a passage: features, name → value.

From → to: a `Reading`, a `Passage` of it, and what is known of the message → features.

Who is spoken of comes from the same cues as in the rules (`cues`): a name in a greeting or
signature, of staff, a speaker or an author is a "bystander" and no patient. What kind of writing it
is comes from `form`. By the first letter of their name:

- ``r`` what the rules of `score` made of it;
- ``s`` a concept in one sentence with (or without) a person of some kind;
- ``q`` the kinds of persons, ``p`` the concepts of the passage, ``t`` those of the mail's subject;
- ``f`` the form: letter, note, story, advice to anybody;
- ``n`` how many kinds of signs and of general concepts there are, in steps;
- ``w`` the words themselves, and the beginnings of long ones (``wp``); no names, no digits.

Invariant: linear in the passage.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from . import form
from .concepts import concepts, words
from .passages import Passage
from .people import FIRST_NAMES, Kind
from .reading import Reading
from .score import MEDIUM

PERSONS = frozenset({"third", "self", "you", "kin", "role"})
GENERAL = frozenset(
    {"invite", "agenda", "statistics", "jobad", "rule", "advice", "many", "office", "trade"}
    | {"thing", "culture", "sport", "news", "staff", "thanks", "animal", "machine", "fiction"}
    | {"religion", "past", "joke"}
)
PLAIN = frozenset({"time", "tells", "feeling", "question", "ask", "need", "absence", "we", "worse"})
BYSTANDER = "bystander"  # named, but not the one spoken of
_MANY = 5
_STEM, _LONG = 5, 6  # so many letters stand for a word of so many or more
_STEM_RATE = 0.7
# Both are led by the blank: what must or must not stand before it is asked only there.
_SENTENCE = re.compile(r"\s(?:(?<=[.!?]\s)\s*|(?<=\n)\n*)")
_NAME = re.compile(r"[ \t](?<![.!?\n:][ \t])(?<!^[ \t])[A-ZÅÄÖ][a-zåäöé]+")
_NAMED = frozenset({Kind.FULL_NAME, Kind.NAME})
_SUREST = (
    *(Kind.IDENTITY, Kind.FULL_NAME, Kind.NAME, Kind.RELATIVE, Kind.PLACED, Kind.ROLE),
    *(Kind.SELF, Kind.PRONOUN, Kind.YOU),
)


def features(reading: Reading, passage: Passage, subject: frozenset[str]) -> dict[str, float]:
    """Everything that the model weighs; `subject`: the concepts of the mail's subject."""
    plain = reading.plain
    found: dict[str, float] = {}
    _of_rules(reading, passage, found)
    whole: set[str] = set()
    seen: set[str] = set()
    everybody: set[str] = set()
    for start, end, persons in _sentences(reading, passage):
        listed = words(plain.text[start:end])
        names = names_in(plain.cased[start:end])
        kinds = concepts(listed)
        whole |= kinds
        seen.update(word for word in listed if not word.isdigit() and word not in names)
        spoken: set[str] = {kind.value for kind in persons}
        if names and _NAMED.isdisjoint(persons):
            spoken.add(BYSTANDER)
        everybody |= spoken
        _of_sentence(kinds, _who(persons, kinds, bool(names)), found)
    for kind in everybody:
        found["q:" + kind] = 0.7
    found.update(form.features(plain, passage.start, passage.end, seen))
    _of_whole(whole, everybody, subject, found)
    _of_words(seen, found)
    return found


def _of_rules(reading: Reading, passage: Passage, found: dict[str, float]) -> None:
    found["r:confidence"] = passage.best / MEDIUM
    found["r:medium"] = float(passage.best >= MEDIUM)
    found["r:letter"] = float(reading.is_letter())
    found["r:attached"] = float(not reading.is_body())
    found["r:general"] = min(reading.facts.general, 4.0) / 4
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


def _sentences(reading: Reading, passage: Passage) -> Iterator[tuple[int, int, set[Kind]]]:
    """The sentences of a passage, and the kinds of persons spoken of in each."""
    plain, start, end = reading.plain, passage.start, passage.end
    cues = reading.cues(start, end)
    at = start
    for stop in [*(m.end() for m in _SENTENCE.finditer(plain.text, start, end)), end]:
        low, high = (bisect_left(cues, edge, key=lambda cue: cue.at) for edge in (at, stop))
        if stop > at:
            yield at, stop, {cue.kind for cue in cues[low:high]}
        at = stop


def names_in(cased: str) -> set[str]:
    """The capitalised words inside a sentence, and first names anywhere, in lower case."""
    inside = {match.group().strip().lower() for match in _NAME.finditer(cased)}
    return inside | {
        word.lower()
        for word in words(cased)
        if word[0].isupper() and (word in FIRST_NAMES or word[:-1] in FIRST_NAMES)
    }


def _who(persons: set[Kind], kinds: set[str], named: bool) -> str:
    """The surest person of a sentence; the writer and the reader by their words."""
    for kind in _SUREST:
        if kind in persons:
            return kind.value
    for writer in ("self", "you"):
        if writer in kinds:
            return writer
    return BYSTANDER if named else "none"


def _of_sentence(kinds: set[str], who: str, found: dict[str, float]) -> None:
    for kind in kinds - PERSONS - GENERAL:
        found[f"s:{kind}|{who}"] = 1.0
    for kind in kinds & GENERAL:
        found[f"s:{kind}|{'one' if who != 'none' else 'none'}"] = 0.5


def _of_whole(
    whole: set[str], everybody: set[str], subject: frozenset[str], found: dict[str, float]
) -> None:
    for kind in whole:
        found["p:" + kind] = 0.7
    for kind in subject:
        found["t:" + kind] = 0.5
    signs = whole - PERSONS - GENERAL - PLAIN
    for number in range(1, min(len(signs), _MANY) + 1):
        found[f"n:signs:{number}"] = 0.5
        if whole & PERSONS or everybody:
            found[f"n:signs-person:{number}"] = 0.5
    for number in range(1, min(len(whole & GENERAL), _MANY) + 1):
        found[f"n:general:{number}"] = 0.5
    for one in whole & {"tells", "time", "unable", "absence", "worse"}:
        for sign in signs - {one}:
            found[f"n:{one}+{sign}"] = 0.3


def _of_words(seen: set[str], found: dict[str, float]) -> None:
    rate = max(len(seen), 1) ** -0.5
    for word in seen:
        found["w:" + word] = rate
        if len(word) >= _LONG:
            found["wp:" + word[:_STEM]] = rate * _STEM_RATE


def speaks_of_somebody(named: Mapping[str, float]) -> bool:
    """Does the passage speak of anybody at all, be it a bystander?"""
    return any(name[:2] == "q:" or name in _SOMEBODY for name in named)


_SOMEBODY = frozenset("p:" + kind for kind in PERSONS)
