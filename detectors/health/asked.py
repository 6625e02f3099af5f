"""What the judge is asked: the passage around a sentence or row that the rules have flagged.

From → to: the `Judgement`s of one text → `Question`s. A question is one string: the subject, the
heading that the text stands under, and up to `WINDOW` characters around the sentence, which are
filled with its neighbours, so that a needle in a long mail is read in its own passage. The row of a
table is read under the table's first row.

Runs of digits are made zeros that keep their shape: whose number it is says nothing about health,
and the judge must not learn the official test numbers that it was trained with.
Invariants: linear in the number of questions; equal input gives equal strings, in training and in
use, for both call `question`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .plain import Plain
from .score import Judgement

GATE = 10  # a confidence by the rules from which a sentence is worth a question
STRONG = "strong-term"  # or an expression that is of health whatever stands around it
WINDOW = 320  # characters around a sentence; with heading and subject some 110 tokens
SUBJECT, HEADING = 90, 70
_EDGE = re.compile(r"[.!?…]\s|\n")
_BLANK = re.compile(r"\s+")
_LINES = re.compile(r"\s*\n\s*")
_NUMBER = re.compile(r"\d[\d \-–+/.:]{3,}\d")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Question:
    """`text` is what the judge reads; `at` are the numbers of the judgements that it is about."""

    text: str
    best: int  # the highest confidence by the rules
    start: int  # of the stretch, in the offsets of the text
    end: int
    at: tuple[int, ...]


def questions(plain: Plain, judged: Sequence[Judgement], subject: str) -> list[Question]:
    """One for each stretch with a flagged sentence; sentences in one stretch share it."""
    found: list[Question] = []
    flagged = [n for n, each in enumerate(judged) if is_flagged(each)]
    while flagged:
        first = flagged[0]
        unit = judged[first].unit
        stretch = (unit.start, unit.end) if unit.row else around(plain.cased, unit.start, unit.end)
        inside = [n for n in flagged if judged[n].unit.start < stretch[1]]
        inside = [n for n in inside if judged[n].unit.end <= stretch[1]] or [first]
        flagged = [n for n in flagged if n not in inside]
        best = max(judged[n].confidence for n in inside)
        text = question(plain.cased, stretch, subject, unit.row)
        found.append(Question(text, best, *stretch, tuple(inside)))
    return found


def is_flagged(each: Judgement) -> bool:
    """Is the sentence worth a question? In general text the rules lower a clear expression below
    the gate, and a needle stands there."""
    return each.confidence >= GATE or (each.confidence > 0 and STRONG in each.evidence)


def question(text: str, stretch: tuple[int, int], subject: str, row: bool) -> str:
    """The string for one stretch of a text."""
    start, end = stretch
    heading = _heading(text, start, row)
    parts = [_flat(subject[:SUBJECT]), heading, _flat(text[start:end])]
    return "query: " + " | ".join(part for part in parts if part)


def _heading(text: str, start: int, row: bool) -> str:
    """The first line of the text, of a table its first row: names the person or the columns."""
    if not start:
        return ""
    line = text[: min(start, 400)].lstrip().partition("\n")[0]
    return _flat(line[: 2 * HEADING if row else HEADING])


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence and its neighbours, up to `WINDOW` characters, cut where sentences end."""
    spare = max(WINDOW - (end - start), 0)
    low = max(start - spare // 2, 0)
    high = min(end + spare - (start - low), len(text))
    low = max(high - WINDOW, 0) if high - start < WINDOW else start
    low = min(low, start)
    return _first_edge(text, low, start), _last_edge(text, end, high)


def _first_edge(text: str, low: int, start: int) -> int:
    """Where the first whole sentence begins between `low` and `start`."""
    if not low:
        return 0
    edge = _EDGE.search(text, low, start)
    return edge.end() if edge else start


def _last_edge(text: str, end: int, high: int) -> int:
    """Where the last whole sentence ends between `end` and `high`."""
    if high >= len(text):
        return len(text)
    edges = [edge.end() for edge in _EDGE.finditer(text, end, high)]
    return edges[-1] if edges else end


def _flat(text: str) -> str:
    """One line: cells and lines keep a mark between them, long numbers only their shape."""
    text = _NUMBER.sub(lambda found: _DIGIT.sub("0", found.group()), text.strip())
    text = _LINES.sub(" / ", text.replace("\t", " ; "))
    return _BLANK.sub(" ", text)
