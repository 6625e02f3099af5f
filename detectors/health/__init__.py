"""Data about somebody's health: an identifiable person beside a health expression.

From → to: all `Source`s of a message → `Match`es of the kinds ``health`` and ``social-care``.
A lone word is at most low. Rules flag sentences (`score`), a small encoder judges what they flag
(`hearing`, `judge`). See `score` for the rules, ``terms`` for the lexicon,
``people`` for who counts as a person, ``genre`` for what marks a general text.

Languages: Swedish in depth; Norwegian, Danish, Finnish and English for the usual expressions.
Sources: own lists under ``detectors/health_data``; what counts follows GDPR art. 4(15), 9(1), CJEU
C-101/01 and C-21/23, and chapters 23, 25, 26 and 39 of OSL.
Known gaps: see the modules; images, handwriting and other languages are not read.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date

from ..contract import Match, Role, Sign, Source
from . import concepts
from .disguise import Disguises
from .evidence import EVIDENCE
from .hearing import heard
from .message import Part, is_worth_a_look, judged, parts
from .misspelt import Misspelt
from .plain import Plain, marks, plain
from .score import matches
from .search import Begun
from .terms import Hit, Lexicon
from .units import Frame, frame

KINDS: tuple[str, ...] = ("health", "social-care")
PERSONAL = False  # what is said of a person, and no number of hers
STARS = ""
NEEDS = Sign.NOTHING

_LEXICON = Lexicon(concepts.marks())
_DISGUISES = Disguises(_LEXICON)
_MISSPELT = Misspelt(_LEXICON)
PIECE = 2048  # characters; what stands across the edge of two is not counted


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All findings of a message; `today` is not needed, ages are not judged."""
    del today
    parts = parts_of(sources)
    for reading, judgements in heard(parts, judged(parts)):
        yield from matches(reading, judgements)


def parts_of(sources: Sequence[Source]) -> list[Part]:
    """The texts of a message under work; none if nothing in them is worth a look."""
    texts = [_plain(source) for source in sources]
    seen = _LEXICON.seen(texts, _begun(sources))
    wrong = _MISSPELT.wrong(texts)
    hits = [_hits(text, each.stretches, wrong) for text, each in zip(texts, seen, strict=True)]
    telling = [
        each.marked and not own and is_worth_a_look(text.text, source.role_at(0))
        for text, source, each, own in zip(texts, sources, seen, hits, strict=True)
    ]
    if not any(hits) and not any(telling):
        return []
    frames = [
        frame(text.cased, _signatures(text, source))
        for text, source in zip(texts, sources, strict=True)
    ]
    return parts(sources, texts, hits, frames, telling)


def is_heavy(sources: Sequence[Source], most: int) -> bool:
    """Whether a search of short texts has over `most` places to look at closer, some 4 µs each.

    Seen from afar, so that the answer itself costs 0.02 µs a character; the search goes on from
    what was seen.
    """
    left = most
    for source in sources:
        left -= marks(source.content)
        if left >= 0:
            left -= _DISGUISES.places(_plain(source))
        if left < 0:
            return True
    begun = _LEXICON.begun_within([_plain(source) for source in sources], left)
    if begun is None:
        return True
    for source, each in zip(sources, begun, strict=True):
        source.memo["begun"] = each
    return False


def _begun(sources: Sequence[Source]) -> list[Begun]:
    """What `is_heavy` saw, if it was asked."""
    begun = [source.memo.get("begun") for source in sources]
    return [each for each in begun if isinstance(each, Begun)] if all(begun) else []


def places_in(text: str) -> Iterator[int]:
    """How many places a search looks at closer, in each `PIECE` of the text."""
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        yield _LEXICON.places(piece) + _DISGUISES.places_in(piece) + marks(piece)


def _signatures(text: Plain, source: Source) -> list[tuple[int, int]]:
    """The stretches that the parser of the mail took for signatures."""
    edges = [at for at, _ in source.roles] + [len(source.content) + 1]
    found = []
    for (start, role), end in zip(source.roles, edges[1:], strict=True):
        if role is Role.SIGNATURE:
            low = bisect_left(text.offsets, start)
            found.append((low, bisect_left(text.offsets, end)))
    return found


def _plain(source: Source) -> Plain:
    """File names have underscores where a text has spaces."""
    known = source.memo.get("plain")
    if isinstance(known, Plain):
        return known
    if source.role_at(0) is Role.NAME:
        made = plain(source.content.replace("_", " "))
    else:
        made = plain(source.content, source.seated)
    source.memo["plain"] = made
    return made


def _hits(text: Plain, stretches: list[Hit], wrong: set[str]) -> list[Hit]:
    found = [hit for hit in stretches if hit.weight > 0]
    more = [*_DISGUISES.hits(text)]
    if wrong:
        more += _MISSPELT.hits(text, stretches, wrong)
    return sorted([*found, *more], key=lambda hit: hit.start) if more else found


__all__ = ["EVIDENCE", "KINDS", "NEEDS", "PERSONAL", "STARS", "Frame", "find", "is_heavy"]
