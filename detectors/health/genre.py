"""Is a text general (course, statistics, job advertisement, IT) or about one person?

From → to: lower-case text → points that are taken from a finding's score, 0 to `LIMIT`.
The cues and their weights are the table ``health_data/genre.txt``; each counts once.

Invariant: linear; only the first `READ` characters are read.
Known gap: a general text without any of the cues, a short notice for instance.
"""

import re
from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from detectors.health.terms import read_lines

LIMIT = 4.0
READ = 12_000
_GENERIC = re.compile(
    r"\b(?:(?:alla|den|de|dem|barn|elever|personer|patienter|äldre|vuxna|unga|dig|du|er|ni|någon|människor"
    r"|kvinnor|män|medarbetare|anställda|those|people|patients|anyone|anybody) (?:som|med|med en|who|with)"
    r"|om (?:du|ni|man|en|ett|någon|någons|barnet|eleven|medarbetaren|brukaren)|when (?:you|a)|if (?:you|a|an)"
    r"|hos (?:barn|äldre|vuxna|unga|personer|elever|kvinnor|män|ungdomar)|vid misstanke|misstänker du"
    r"|(?:många|flera|fler|allt fler|vissa|några|procent|antalet|hur många|samtliga|varje|var (?:tredje|fjärde"
    r"|femte|tionde)|hver fjerde|hver tredje|en av|samma) (?:av|i|som|fall|patienter|elever|personer)?"
    r"|i personalen|bland (?:unga|äldre|barn|elever|personal|lærere)|\d+ (?:personer|patienter|fall|elever))\b"
    r"|\d ?%(?! tom|\s*sjuk)"
)


@cache
def _table() -> tuple[AhoCorasick, list[float]]:
    pairs = [line.split(" ", 1) for line in read_lines("genre")]
    return AhoCorasick([cue for _, cue in pairs], matchkind=MatchKind.Standard), [
        float(weight) for weight, _ in pairs
    ]


def general(text: str) -> float:
    """Points for a general text."""
    automaton, weights = _table()
    found = automaton.find_matches_as_indexes(text[:READ], overlapping=True)
    points = sum(weights[index] for index in {index for index, _, _ in found})
    return min(max(points, 0.0), LIMIT)


def generic(sentence: str) -> bool:
    """Does the sentence speak of anybody in a group: "den som", "om du", "personer med"?"""
    return _GENERIC.search(sentence) is not None
