"""Folding of look-alike characters, with a map back to the original offsets.

From → to: ``str`` → `Folded`: NFKC-like folding per character, every Unicode digit as an ASCII
digit, every dash as ``-``, every space but tab and line ends as `` ``, invisible characters and
combining marks between digits dropped, lower case.

Invariant: ``len(folded.text) == len(folded.offsets)``; linear.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is folded and lower case; character i of it came from ``offsets[i]``."""

    text: str
    offsets: tuple[int, ...] | range

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original (start, end) of the folded stretch, end exclusive."""
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(content: str) -> Folded:
    """Fold `content`; the identity-number detector's author makes this real."""
    return Folded(content.lower(), range(len(content)))
