"""Detectors: each knows text and not mail. A new one is one file and one line below."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from detectors import (
    cloud_link,
    dk_cpr,
    fi_henkilotunnus,
    health,
    is_kennitala,
    no_fodselsnummer,
    se_personnummer,
    se_samordningsnummer,
    split_number,
)
from detectors.contract import Detector, Match, Role, Source

DETECTORS: tuple[Detector, ...] = (
    se_personnummer,
    se_samordningsnummer,
    split_number,
    fi_henkilotunnus,
    no_fodselsnummer,
    dk_cpr,
    is_kennitala,
    cloud_link,
    health,
)

IDENTITY = ("se.", "fi.", "no.", "dk.", "is.")  # kinds of which one stretch of text has only one


def detect(sources: Sequence[Source], today: date | None = None) -> list[Match]:
    """All matches of all detectors; of overlapping identity numbers only the likeliest."""
    today = today or datetime.now(UTC).date()
    matches = [match for detector in DETECTORS for match in detector.find(sources, today)]
    identity = [match for match in matches if match.kind.startswith(IDENTITY)]
    others = [match for match in matches if not match.kind.startswith(IDENTITY)]
    return [*likeliest(identity), *others]


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


__all__ = ["DETECTORS", "IDENTITY", "Detector", "Match", "Role", "Source", "detect"]
