"""Adapters: one function for each filter that the benchmark can score.

A filter is a function from a text to the confidences (1 to 100) of the Swedish identity numbers
that it sees; 50 is where it would act. Add your own as one function and one line in `ADAPTERS`.
Part of the benchmark; CC0.
"""

import re
from collections.abc import Callable
from datetime import date

Filter = Callable[[str], list[int]]
TODAY = date(2026, 11, 1)


def mailfilter() -> Filter:
    """This project's own detectors, all of them."""
    from detectors import Source, detect

    def find(text: str) -> list[int]:
        matches = detect([Source(text)], TODAY)
        return [match.confidence for match in matches if match.kind.startswith("se.")]

    return find


_NUMBER = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+]?\d{4}(?!\d)")


def stdnum() -> Filter:
    """python-stdnum: every number that it calls valid, and it has no confidence: 100."""
    from stdnum.se import personnummer as library

    return lambda text: [100 for found in _NUMBER.findall(text) if library.is_valid(found)]


def personnummer() -> Filter:
    """The package personnummer, the same way."""
    from personnummer.personnummer import Personnummer

    def valid(text: str) -> bool:
        try:
            Personnummer(text)
        except Exception:  # it raises three kinds of its own for what is none
            return False
        return True

    return lambda text: [100 for found in _NUMBER.findall(text) if valid(found)]


def presidio() -> Filter:
    """presidio-analyzer's Swedish recogniser, with its own words for context."""
    from presidio_analyzer.predefined_recognizers import SePersonnummerRecognizer

    recogniser = SePersonnummerRecognizer(supported_language="sv")

    def find(text: str) -> list[int]:
        results = recogniser.analyze(text, entities=recogniser.supported_entities)
        return [round(result.score * 100) for result in results]

    return find


ADAPTERS: dict[str, Callable[[], Filter]] = {
    "mailfilter": mailfilter,
    "presidio-analyzer": presidio,
    "python-stdnum": stdnum,
    "personnummer": personnummer,
}
