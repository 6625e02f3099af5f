"""Thousands of expressions found in one pass: an automaton of beginnings, then the rest compared.

From → to: a list of expressions → `Search`; Latin-1 text → `Found`s, by end, and whether any of
some further expressions, the marks, stands there: what they mean is for others to find out.

Letters and digits stand for themselves, every other character for a blank: so a blank before an
expression asks that a word begins there, and what stands in the middle of words is not found at
all. A digit before a letter is a blank, too ("2diabetes"). What differs from the expression in its
signs is found as well; the caller compares.

An automaton of whole expressions as fast as this one takes 80 MB, one of their beginnings 8.
Invariant: linear; at most `CROWD` expressions share a beginning.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

CROWD = 8
PIECE = 1 << 14  # bytes that a look which may end early goes on by
WINDOW = 1 << 18  # bytes that are looked at together: a flood of what is found takes little memory
LENGTH = 9  # of a beginning; more where more than `CROWD` share it
_DIGITS = b"0123456789"
_LETTERS = bytes(code for code in range(256) if chr(code).isalpha())
_LOWER = bytes(range(256)).decode("latin-1").lower().encode("latin-1")
_WORDS = bytes(_LOWER[code] if code in _LETTERS + _DIGITS else ord(" ") for code in range(256))
_KINDS = bytes(
    ord("a") if code in _LETTERS else ord("0") if code in _DIGITS else ord(" ")
    for code in range(256)
)
_NUMBERED = BytesAhoCorasick([b"0a"]).find_matches_as_indexes  # by vectors: 5 times `bytes.find`


Place = tuple[int, int, int]  # a `Found` without its names: tables have many
Beginning = tuple[int, int, int]  # number of a group or mark, start, end


class Found(NamedTuple):
    """Expression `number` at ``text[start:end]``; the blank before it belongs to it."""

    end: int
    start: int
    number: int


class Begun(NamedTuple):
    """A text folded, between two blanks, and what begins in it, by end."""

    folded: bytes
    places: list[Beginning]


def fold(latin: bytes) -> bytes:
    """The text of equal length and in lower case in which expressions are sought."""
    folded = latin.translate(_WORDS)
    kinds = latin.translate(_KINDS)
    if len(kinds) <= PIECE and not _NUMBERED(kinds):
        return folded
    at = kinds.find(b"0a")
    if at < 0:
        return folded
    changed = bytearray(folded)
    while at >= 0:
        changed[at] = ord(" ")
        at = kinds.find(b"0a", at + 2)
    return bytes(changed)


class Search:
    """The expressions and their automaton; `marks` are only told to be there, or not."""

    def __init__(self, expressions: Sequence[bytes], marks: Iterable[bytes] = ()) -> None:
        numbers: dict[bytes, tuple[int, ...]] = {}
        for number, expression in enumerate(expressions):
            for pattern in _patterns(expression):
                numbers[pattern] = (*numbers.get(pattern, ()), number)
        groups = _grouped(list(numbers), LENGTH)
        self._groups = [
            tuple((pattern, len(pattern) - 1, numbers[pattern]) for pattern in patterns)
            for patterns in groups.values()
        ]
        told = {pattern: None for mark in marks for pattern in _patterns(mark)}
        self._reach = max(map(len, [*groups, *told])) - 1
        self._automaton = BytesAhoCorasick(
            [*groups, *told], matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def begun(self, latins: Sequence[bytes]) -> list[Begun]:
        """What begins in each of some short texts, by one look at all of them."""
        folded = _folded(latins)
        return _parted(folded, latins, self._beginnings(folded))

    def begun_within(self, latins: Sequence[bytes], most: int) -> list[Begun] | None:
        """The same; None if that is more than `most` expressions, which few more have to show."""
        folded = _folded(latins)
        places: list[Beginning] = []
        for at in range(0, len(folded), PIECE):
            for index, begin, end in self._beginnings(folded[at : at + PIECE + self._reach]):
                if begin < PIECE:
                    places.append((index, at + begin, at + end))
            if self._expressions(places) > most:
                return None
        places.sort(key=itemgetter(2))  # what reaches into the next piece came before that one's
        return _parted(folded, latins, places)

    def found(self, begun: Begun) -> tuple[list[Place], bool]:
        """What `look` finds in a text, told from what begins in it."""
        folded, groups, most = begun.folded, self._groups, len(self._groups)
        size = len(folded) - 1
        found: list[Place] = []
        marked = False
        for index, start, _ in begun.places:
            if index >= most:
                marked = True
                continue
            for pattern, length, numbers in groups[index]:
                if folded.startswith(pattern, start, size):
                    found += [(start + length, start - 1, number) for number in numbers]
        found.sort()
        return found, marked

    def _expressions(self, places: Iterable[Beginning]) -> int:
        most = len(self._groups)
        return sum(index < most for index, _, _ in places)

    def count(self, latin: bytes) -> int:
        """How many expressions stand there, or begin to."""
        return self._expressions(self._beginnings(fold(b" " + latin)))

    def find(self, latin: bytes) -> Iterator[Found]:
        """All of them, window by window, there by end and then by start."""
        for found, _marked in self.look(latin):
            yield from (Found(*each) for each in found)

    def look(self, latin: bytes) -> Iterator[tuple[list[Place], bool]]:
        """What begins in each `WINDOW`, and whether a mark stands there; the end of the text is a
        blank to marks."""
        folded = fold(b" " + latin + b" ")
        for at in range(0, len(folded) - 1, WINDOW):
            yield self._window(folded, at)

    def _window(self, folded: bytes, at: int) -> tuple[list[Place], bool]:
        size = len(folded) - 1
        window = folded if size < WINDOW else folded[at : at + WINDOW + self._reach]
        groups = self._groups
        most = len(groups)
        found: list[Place] = []
        marked = False
        for index, begin, _end in self._beginnings(window):
            if index >= most:
                marked = True
                continue
            if begin >= WINDOW:
                continue
            start = at + begin
            for pattern, length, numbers in groups[index]:
                if folded.startswith(pattern, start, size):
                    found += [(start + length, start - 1, number) for number in numbers]
        found.sort()
        return found, marked

    def _beginnings(self, folded: bytes) -> list[Beginning]:
        return self._automaton.find_matches_as_indexes(folded, overlapping=True)


def _folded(latins: Sequence[bytes]) -> bytes:
    return fold(b"".join([b" %b " % latin for latin in latins]))


def _parted(folded: bytes, latins: Sequence[bytes], places: list[Beginning]) -> list[Begun]:
    """Each text's own; what goes over a joint is nobody's."""
    if len(latins) == 1:
        return [Begun(folded, places)]
    parted = []
    n = edge = 0
    for latin in latins:
        front, edge = edge, edge + len(latin) + 2
        own = []
        while n < len(places) and (place := places[n])[2] <= edge:
            n += 1
            if place[1] >= front:
                own.append((place[0], place[1] - front, place[2]))
        parted.append(Begun(folded[front:edge], own))
    return parted


def _patterns(expression: bytes) -> list[bytes]:
    """The expression folded; a digit at its end may stand before a letter in a text."""
    folded = fold(expression)
    return [folded, folded[:-1] + b" "] if folded[-1:].isdigit() else [folded]


def _grouped(patterns: list[bytes], length: int) -> dict[bytes, list[bytes]]:
    """Patterns by beginning, such that few share one."""
    groups: dict[bytes, list[bytes]] = {}
    for pattern in patterns:
        groups.setdefault(pattern[:length], []).append(pattern)
    for start, crowd in list(groups.items()):
        if len(crowd) > CROWD:
            del groups[start]
            groups |= _grouped(crowd, length + 1)
    return groups
