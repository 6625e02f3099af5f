"""Data about somebody's health: an identifiable person beside a health expression.

From → to: all `Source`s of a message → `Match`es of the kinds ``health`` and ``social-care``.
A lone word is at most low; see `detectors.health.score` for the model, ``terms`` for the lexicon,
``people`` for who counts as a person, ``genre`` for what marks a general text.

Languages: Swedish in depth; Norwegian, Danish, Finnish and English for the usual expressions.
Sources: own lists under ``detectors/health_data``; what counts follows GDPR art. 4(15), 9(1), CJEU
C-101/01 and C-21/23, and chapters 23, 25, 26 and 39 of OSL.
Known gaps: see the modules; images, handwriting and other languages are not read.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from detectors.contract import Match, Role, Source
from detectors.health.disguise import Disguises
from detectors.health.plain import Plain, plain
from detectors.health.score import Facts, Reading, matches, read_facts
from detectors.health.terms import Hit, Lexicon
from detectors.health.units import Frame, frame

KINDS = ("health", "social-care")
EVIDENCE = {
    "identity": "ett identitetsnummer står i samma mening eller rad",
    "full-name": "för- och efternamn står i samma mening eller rad",
    "name": "ett namn står i samma mening eller rad",
    "relative": "en anhörig nämns i samma mening",
    "role": "en utpekad roll (eleven, brukaren, patienten) nämns i samma mening",
    "placed": "en person pekas ut med plats eller ålder",
    "pronoun": "hon eller han i samma mening",
    "self": "avsändaren skriver om sig själv eller sitt barn",
    "you": "texten gäller mottagaren själv",
    "person-in-paragraph": "en person nämns i samma stycke",
    "person-in-document": "dokumentet gäller en namngiven person",
    "person-in-other-part": "en person nämns i en annan del av meddelandet",
    "no-person": "ingen person i närheten",
    "strong-term": "uttrycket handlar tydligt om hälsa eller omsorg",
    "weak-term": "uttrycket handlar om hälsa eller omsorg bara i sitt sammanhang",
    "several-terms": "flera uttryck i samma mening eller rad",
    "disguised": "ordet är skrivet på ett ovanligt sätt",
    "diagnosis-code": "en diagnoskod",
    "general-text": "texten är delvis allmän (kurs, statistik, annons)",
}

_LEXICON = Lexicon()
_DISGUISES = Disguises(_LEXICON)
_NOTHING = Facts()


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All findings of a message; `today` is not needed, ages are not judged."""
    del today
    texts = [plain(_spaced(source)) for source in sources]
    hits = [_hits(text) for text in texts]
    if not any(hits):
        return
    frames = [frame(text.cased) for text in texts]
    facts = [
        read_facts(text, fr, source.role_at(0))
        for text, fr, source in zip(texts, frames, sources, strict=True)
    ]
    for number, source in enumerate(sources):
        if hits[number]:
            other = _other(facts, number)
            yield from matches(
                Reading(
                    number,
                    source,
                    texts[number],
                    hits[number],
                    frames[number],
                    facts[number],
                    other,
                )
            )


def _spaced(source: Source) -> str:
    """File names have underscores where a text has spaces."""
    if source.role_at(0) is Role.NAME:
        return source.content.replace("_", " ")
    return source.content


def _hits(text: Plain) -> list[Hit]:
    found = _LEXICON.hits(text)
    disguised = list(_DISGUISES.hits(text))
    return sorted([*found, *disguised], key=lambda hit: hit.start) if disguised else found


def _other(facts: Sequence[Facts], number: int) -> Facts:
    """The strongest person of the other texts."""
    others = [fact for at, fact in enumerate(facts) if at != number]
    return max(others, key=lambda fact: fact.points, default=_NOTHING)


__all__ = ["EVIDENCE", "KINDS", "Frame", "find"]
