"""Detectors: each knows text and not mail. A new one is one file and one line below."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from . import (
    cloud_link,
    dk_cpr,
    fi_henkilotunnus,
    health,
    is_kennitala,
    no_fodselsnummer,
    se_fodelsetid,
    se_handling,
    se_personnummer,
    se_reservnummer,
    se_samordningsnummer,
    split_number,
)
from .contract import Detector, Match, Role, Sign, Source
from .evidence import WEIGHTS, Code, weigh
from .levels import LEVELS, Level
from .search.prefilter import lacking

DETECTORS: tuple[Detector, ...] = (
    se_personnummer,
    se_samordningsnummer,
    split_number,
    se_reservnummer,
    se_fodelsetid,
    se_handling,
    fi_henkilotunnus,
    no_fodselsnummer,
    dk_cpr,
    is_kennitala,
    cloud_link,
    health,
)

STANDING = ("se.personnummer", "se.samordningsnummer")  # a check digit and a date: rare by chance
# Kinds that are numbers of a person, with what a notice shows of each: of these one stretch of text
# has only one.
IDENTITY: dict[str, str] = {
    kind: each.STARS for each in DETECTORS if each.PERSONAL for kind in each.KINDS
}


def find(text: str, today: date | None = None) -> list[Match]:
    """What stands in one text, by where it starts; offsets are characters of `text`.

    >>> from datetime import date
    >>> [match] = find("Elevens personnummer är 911112-2397.", date(2026, 11, 1))
    >>> match.kind, match.confidence, match.mask, (match.start, match.end)
    ('se.personnummer', 99, '911112-****', (24, 35))
    >>> [str(code) for code in match.evidence]
    ['checksum', 'separator', 'keyword']
    >>> [found.kind for found in find("Karin har diabetes och får insulin.")]
    ['health', 'health']
    >>> find("Ring 070-174 06 05 före lunch.")
    []
    """
    return sorted(detect([Source(text)], today), key=lambda match: (match.start, -match.end))


def evidence_texts() -> dict[str, str]:
    """What each code of evidence means, in Swedish."""
    return {code: text for detector in DETECTORS for code, text in detector.EVIDENCE.items()}


def detect(sources: Sequence[Source], today: date | None = None) -> list[Match]:
    """All matches of all detectors; of overlapping identity numbers only the likeliest."""
    today = today or datetime.now(UTC).date()
    missed = lacking(sources)
    asked = [each for each in DETECTORS if each.NEEDS not in missed]
    matches = [match for detector in asked for match in detector.find(sources, today)]
    identity = [match for match in matches if match.kind in IDENTITY]
    others = [match for match in matches if match.kind not in IDENTITY]
    if any(match.kind in health.KINDS and _counts(match) for match in others):
        identity = [_beside_health(match) for match in identity]
    return [*likeliest(identity), *others]


def _counts(match: Match) -> bool:
    """Is it medium or higher?"""
    return LEVELS.of(match.kind, match.confidence) is not Level.LOW


def _beside_health(match: Match) -> Match:
    """Beside somebody's health a valid number is a person's, if nothing speaks against it."""
    doubted = any(WEIGHTS.get(code, 0) < 0 for code in match.evidence)  # type: ignore[call-overload]
    if match.kind not in STANDING or _counts(match) or doubted:
        return match
    confidence = weigh(match.confidence, (Code.HEALTH,))
    return replace(match, confidence=confidence, evidence=(*match.evidence, Code.HEALTH))


def likeliest(matches: Sequence[Match]) -> list[Match]:
    """Of matches that overlap, the one with the highest confidence; the longer one when equal."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda match: (match.source, match.start)):
        while kept and _overlaps(kept[-1], match) and _rank(kept[-1]) < _rank(match):
            kept.pop()
        if not kept or not _overlaps(kept[-1], match):
            kept.append(match)
    return kept


def _overlaps(first: Match, second: Match) -> bool:
    return first.source == second.source and second.start < first.end


def _rank(match: Match) -> tuple[int, bool, int, bool]:
    length = match.end - match.start
    return match.confidence, "language" in match.evidence, length, match.kind.startswith("se.")


__all__ = [
    "DETECTORS",
    "IDENTITY",
    "Detector",
    "Match",
    "Role",
    "Sign",
    "Source",
    "detect",
    "evidence_texts",
    "find",
]
