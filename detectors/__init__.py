"""Detectors: each knows text and not mail. A new one is one file and one line below."""

from collections.abc import Sequence

from detectors.contract import Detector, Match, Role, Source

DETECTORS: tuple[Detector, ...] = ()


def detect(sources: Sequence[Source]) -> list[Match]:
    """All matches of all detectors; of overlapping identity numbers only the likeliest."""
    return [match for detector in DETECTORS for match in detector.find(sources)]


__all__ = ["DETECTORS", "Detector", "Match", "Role", "Source", "detect"]
