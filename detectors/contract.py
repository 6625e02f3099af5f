"""What a detector is: a module that finds one kind of thing in the texts of one message.

From → to: ``Sequence[Source]`` (all texts of a message at once, so that a person in the body and
her illness in the attachment can meet) → iterator of `Match`.

Invariants: a detector is pure and linear in the length of its input; it never raises on any
text; it knows text and not mail; it imports nothing of ``mailfilter``. Matched text leaves this
package only in `Match.value`, which the caller hashes or masks at once.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto
from functools import cached_property
from operator import itemgetter
from typing import Protocol

from .fixed_width import find_fixed
from .odd_number import find_odd
from .search.candidates import TO_ZERO, Candidate, find_candidates
from .search.digit_clusters import Spans, find_islands, sixes
from .search.pieces import Pieces
from .search.text import Folded, fold, seated, unescaped


class Role(StrEnum):
    """Where in a message a stretch of text stands, as far as it changes what the text means."""

    SUBJECT = "subject"
    HEADER = "header"  # display names and other headers
    BODY = "body"
    QUOTE = "quote"  # quoted history
    SIGNATURE = "signature"  # signature block or disclaimer
    ATTACHMENT = "attachment"
    NAME = "name"  # a file, sheet or member name
    PROPERTY = "property"  # document properties


_HALF_PAIR = re.compile("[\ud800-\udfff]")


def _without_half_pairs(content: str) -> str:
    try:
        content.encode("utf-16-le")  # the fast way to know that there are none
    except UnicodeEncodeError:
        return _HALF_PAIR.sub("\ufffd", content)
    return content


class Source:
    """One text: cells separated by a tab, rows by a newline.

    `roles` are (offset, Role), sorted, the first at offset 0; each holds until the next one.
    Halves of surrogate pairs, which nothing can encode, become U+FFFD.
    """

    def __init__(self, content: str, roles: Sequence[tuple[int, Role]] = ((0, Role.BODY),)) -> None:
        self.seated = seated(content)  # what `fold` and `health.plain` begin with
        self.content = content if self.seated is not None else _without_half_pairs(content)
        self.roles = tuple(roles)
        self.memo: dict[str, object] = {}  # what one detector worked out and another needs, too

    def role_at(self, offset: int) -> Role:
        """The role of the character at `offset`."""
        if len(self.roles) == 1:
            return self.roles[0][1]
        at = bisect_right(self.roles, offset, key=itemgetter(0)) - 1
        return self.roles[max(at, 0)][1]

    @cached_property
    def folded(self) -> Folded:
        """The text with look-alike characters folded, and the way back to its offsets."""
        return unescaped(fold(self.content, self.seated))

    @cached_property
    def latin(self) -> bytes:
        """The folded text in Latin-1, each character that this lacks a ``?``."""
        return self.folded.text.encode("latin-1", "replace")

    @cached_property
    def zeroed(self) -> bytes:
        """The folded text as bytes of the same length, each digit a ``0``."""
        return self.latin.translate(TO_ZERO)

    @cached_property
    def islands(self) -> Spans | None:
        """Where digits crowd; None where they do nearly everywhere."""
        return find_islands(self.zeroed)

    @cached_property
    def sixes(self) -> tuple[int, ...]:
        """Where runs of six digits or more begin, in a text that is not full of them."""
        return tuple(sixes(self.zeroed)) if self.islands else ()

    @cached_property
    def pieces(self) -> Pieces:
        """Where the pieces of words stand that a detector has asked for."""
        return Pieces(self.latin)

    @cached_property
    def numbers(self) -> tuple[Candidate, ...]:
        """Stretches of the folded text that have the shape of an identity number."""
        text, shapes = self.folded.text, self.zeroed
        found = find_candidates(text, shapes, self.islands)
        odd = (
            *find_odd(text, shapes, self.islands, self.pieces),
            *find_fixed(text, shapes, self.islands),
        )
        return tuple(sorted((*found, *odd), key=lambda each: each.start)) if odd else found


@dataclass(frozen=True, slots=True)
class Match:
    """One thing found. Offsets are characters of ``sources[source].content``, end exclusive."""

    source: int
    start: int
    end: int
    kind: str  # "se.personnummer", "health", ...
    confidence: int  # 1 to 100: low 1-49, medium 50-79, high 80-100
    evidence: tuple[str, ...]  # codes of `EVIDENCE`, never text of the message
    value: str  # canonical number, or the class of health data ("diagnos"); equal = same person
    mask: str  # what a reviewer may see: "811228-****", "diagnos"

    def __post_init__(self) -> None:
        assert 1 <= self.confidence <= 100
        assert 0 <= self.start < self.end


class Sign(Enum):
    """What a message must hold before a detector finds anything in it (`search.prefilter`)."""

    NUMBER = auto()  # digits that crowd, letters for some of them, or numerals
    PARTS = auto()  # a word for the last digits, beside what may be digits of a number
    LINK = auto()  # the end of a service's name
    NOTHING = auto()  # asked of every message


class Detector(Protocol):
    """What a detector module offers; modules satisfy it, nobody inherits from it.

    `PERSONAL` says that its kinds are numbers of a person. From it follows that of such matches
    that overlap one is left, that persons are counted by them, and that none gets into an envelope
    or a receipt.

    `find` gets today's date, since a birth date cannot lie ahead and a century is the latest that
    fits; no detector asks a clock.
    """

    KINDS: tuple[str, ...]
    EVIDENCE: dict[str, str]  # evidence code → what it means, in Swedish
    PERSONAL: bool
    STARS: str  # what a notice shows in place of a number: "******-****"; empty if not `PERSONAL`
    NEEDS: Sign  # without it nothing is found

    def find(self, sources: Sequence[Source], today: date) -> Iterator[Match]:
        """All matches, overlapping ones included; `detectors.detect` sorts them out."""
        ...
