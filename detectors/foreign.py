"""What the detectors of foreign numbers share: calendar dates, languages, finished matches.

From → to: a candidate with its evidence → `Match`. Numbers with a strong check (Finland, Norway)
stand by themselves; those without (Denmark, Iceland) need a word or the country's language.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from .context import Page
from .contract import Match, Source
from .evidence import Code, weigh
from .search.candidates import Candidate, Shape

_DANISH = re.compile(
    r"\b(?:ikke|jeg|hilsen|venlig|ved|være|blevet|hvad|hvor|også|efter|oplyst|kommunen|barnet)\b"
)
_ICELANDIC = re.compile(r"[þð]")
_FINNISH = re.compile(
    r"\b(?:ja|on|hei|ei|hän\w*|sekä|että|kanssa|terveisin|hetu\w*|\w*tunnu[sk]\w*)\b"
)
_SWEDISH = re.compile(r"\b(?:och|inte|är|för|från|hälsningar|jag)\b")
_NORWEGIAN = re.compile(
    r"\b(?:ikke|jeg|hilsen|vennlig|på|etter|også|hva|hvor|av|opplyst|kommunen|barnet)\b"
)
LOOKED_AT = 4000  # characters of each source that tell its language


def is_date(year: int, month: int, day: int, today: date) -> bool:
    """Whether a person can have been born on that day."""
    try:
        return date(year, month, day) <= today
    except ValueError:
        return False


def is_danish(sources: Sequence[Source]) -> bool:
    """Whether the message is in Danish, by small words that Swedish and Norwegian lack together."""
    text = _opening(sources)
    danish = len(_DANISH.findall(text)) + 2 * text.count("venlig hilsen") + text.count("cpr")
    norwegian = len(re.findall(r"\b(?:etter|opplyst|vennlig|hva|av)\b", text))
    return danish >= 2 and danish > norwegian and len(_SWEDISH.findall(text)) < danish


def is_finnish(sources: Sequence[Source]) -> bool:
    """Whether the message is in Finnish or names a Finnish number."""
    return len(_FINNISH.findall(_opening(sources))) >= 2


def is_icelandic(sources: Sequence[Source]) -> bool:
    """Whether letters occur that only Icelandic has among the neighbours' languages."""
    return len(_ICELANDIC.findall(_opening(sources))) >= 3


def _opening(sources: Sequence[Source]) -> str:
    return "\n".join(source.folded.text[:LOOKED_AT] for source in sources)


def matched(
    page: Page,
    source: int,
    candidate: Candidate,
    kind: str,
    base: int,
    codes: Iterable[Code],
    value_mask: tuple[str, str],
) -> Match:
    """The finished match of a candidate."""
    start, end = page.source.folded.span(candidate.start, candidate.end)
    codes = tuple(codes)
    spelling = [Code.SEPARATOR] if candidate.shape in (Shape.HYPHEN, Shape.PLUS) else []
    evidence = (Code.CHECKSUM, *spelling, *codes)
    return Match(source, start, end, kind, weigh(base, codes), evidence, *value_mask)
