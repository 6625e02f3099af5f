"""Passages: stretches of a few sentences that the model judges as a whole.

From → to: a text and where its findings stand → `Passage`s. What a person's health is told in is
seldom one sentence. What the model sees in a passage: `features`.

Invariant: linear; a passage has at most `LIMIT` characters.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .score import Judgement

LIMIT = 1500
LEAST = 300  # shorter paragraphs are read together with the next
_BREAK = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text and the judgements in it."""

    start: int
    end: int
    judged: tuple[Judgement, ...]

    @property
    def best(self) -> int:
        """The highest confidence that the rules give."""
        return max((each.confidence for each in self.judged), default=0)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the message around a passage."""

    subject: frozenset[str]  # its concepts
    letter: bool
    attached: bool
    general: float


def passages(text: str, judged: Sequence[Judgement]) -> Iterator[Passage]:
    """The passages with judgements in them; the whole text if it is short."""
    if len(text) <= LIMIT:
        yield Passage(0, len(text), tuple(judged))
        return
    at = 0
    for start, end in _stretches(text):
        first = at
        while at < len(judged) and judged[at].unit.start < end:
            at += 1
        if at > first:
            yield Passage(start, end, tuple(judged[first:at]))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, short ones together, long ones cut at a line or a blank."""
    start = 0
    while start < len(text):
        end = start + LIMIT
        if end < len(text):
            found = [m.end() for m in _BREAK.finditer(text, start + LEAST, end)]
            end = found[0] if found else max(text.rfind("\n", start, end), start + LIMIT // 2) + 1
        yield start, min(end, len(text))
        start = end
