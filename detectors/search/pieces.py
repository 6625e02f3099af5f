"""Pieces of words that detectors ask a text for, all found in one pass.

From → to: folded text as Latin-1 → where each piece stands. A module asks for its pieces when it is
imported (`ask`), so that one automaton searches for those of all: 5 µs for a mail, where a search
for each takes 100.

Invariants: linear; a text is read in blocks, so that a piece costs eight bytes for each place.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

BLOCK = 1 << 16
_asked: list[bytes] = []


class Group(NamedTuple):
    """What one module asked for; the numbers of its pieces begin with `first`."""

    first: int
    pieces: tuple[str, ...]


def ask(pieces: Iterable[str]) -> Group:
    """Have `pieces` searched for in every text."""
    group = Group(len(_asked), tuple(pieces))
    _asked.extend(piece.encode("latin-1") for piece in group.pieces)
    _automaton.cache_clear()
    return group


@cache
def _automaton() -> tuple[BytesAhoCorasick, int]:
    """The automaton, and how many characters of a piece may lie before the edge of a block."""
    automaton = BytesAhoCorasick(
        _asked, matchkind=MatchKind.Standard, implementation=Implementation.DFA
    )
    return automaton, max(map(len, _asked)) - 1


class Pieces:
    """Where the pieces stand in one text."""

    def __init__(self, latin: bytes) -> None:
        self._found: dict[int, array[int]] = {}
        automaton, overlap = _automaton()
        for block in range(0, len(latin), BLOCK):
            low = max(block - overlap, 0)
            part = latin[low : block + BLOCK]
            for number, start, end in automaton.find_matches_as_indexes(part, overlapping=True):
                if low + end > block:  # the others have been found in the block before
                    if number not in self._found:
                        self._found[number] = array("Q")
                    self._found[number].append(low + start)

    def of(self, group: Group) -> Iterator[tuple[str, Sequence[int]]]:
        """Each piece of the group that stands in the text, with its offsets, rising."""
        first, pieces = group
        for number, places in self._found.items():
            if 0 <= number - first < len(pieces):
                yield pieces[number - first], places
