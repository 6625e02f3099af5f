"""Long health words with one letter wrong, missing, doubled or changed place: "deppresion".

From → to: all texts of a message → the misspelt words in them; one of them and the hits that are
known already → further `Hit`s of listed single words of `LEAST` letters or more, with or without an
inflection. The first letter must be right.

Ordinary words that are one letter from a term stand in ``health_data/look_alikes.txt``.
Invariant: linear; only the first `READ` characters (people misspell in what they type themselves).
Known gaps: short words; two faults in one word; a fault in the first letter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from .plain import Plain
from .terms import ENDINGS, Hit, Lexicon, Term, read_lines

READ = 8192
LEAST = 8
MOST = 20
REMEMBERED = 30_000  # words that are no misspelt ones: two megabytes
_WORD = re.compile(rf"(?<![\w-])[^\W\d_]{{{LEAST - 1},{MOST + 4}}}(?![\w-])")
# What parts words becomes a blank, what makes a word none of `_WORD` a hyphen.
_CHARACTERS = "".join(
    " " if re.match(r"[^\w-]", char) else "-" if re.match(r"[\d_-]", char) else char
    for char in bytes(range(256)).decode("latin-1").lower()
).encode("latin-1")


class Misspelt:
    """The long words of the lexicon, keyed by what is left when one letter is taken away."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._terms: dict[str, Term] = {}
        self._shorter: dict[str, str] = {}
        self._ordinary_marks: set[int] = set()  # 64-bit hashes with the process's own key, no words
        self._heads: dict[str, int] = {}  # beginnings → lengths of words, a bit for each
        self._tails: dict[str, int] = {}  # first letters with endings → the same
        self._ordinary = frozenset(" ".join(read_lines("look_alikes")).split())

    def wrong(self, plains: Sequence[Plain]) -> set[str]:
        """The misspelt words of some texts; most mail has none, which shows in C."""
        if not self._terms:
            self._prepare()
        words = _words(plains)
        if self._ordinary_marks.issuperset(map(hash, words)):
            return set()
        new = {word for word in words if hash(word) not in self._ordinary_marks}
        return {text for word in new if (text := self._misspelt(word))}

    def hits(self, plain: Plain, known: Sequence[Hit], wrong: Iterable[str]) -> Iterator[Hit]:
        """Those of the words that stand in a text outside the known hits."""
        taken = iter(known)
        hit = next(taken, None)
        for start, word in sorted(_places(plain.text, wrong)):
            while hit is not None and hit.end <= start:
                hit = next(taken, None)
            if hit is not None and hit.start < start + len(word):
                continue
            if term := self.term(word):
                yield Hit(start, start + len(word), term.group, term.weight)

    def _misspelt(self, word: str | bytes) -> str | None:
        """The word, if it is a misspelt one."""
        if len(word) >= LEAST - 1:
            text = word if isinstance(word, str) else word.decode("latin-1")
            if _WORD.fullmatch(text) and self.term(text):
                return text
        self._remember(hash(word))
        return None

    def _remember(self, mark: int) -> None:
        """A word that is none: common words are tried once, not in every mail."""
        if len(self._ordinary_marks) >= REMEMBERED:
            self._ordinary_marks.clear()
        self._ordinary_marks.add(mark)

    def term(self, word: str) -> Term | None:
        """The listed word that `word` was meant to be."""
        stems = [stem for stem in _stems(word) if self._may_be(stem)]
        if not stems or word in self._ordinary or self._lexicon.is_other(word):
            return None
        return next(filter(None, map(self._near, stems)), None)

    def _may_be(self, word: str) -> int:
        """Whether a term of about that length has the same first or the same second half.

        One fault leaves one half as it is. Four of five words go no further, at a tenth of the
        cost.
        """
        size = len(word)
        half, length = size >> 1, 1 << size
        return self._heads.get(word[:half], 0) & length or (
            self._tails.get(word[0] + word[half + 1 :], 0) & length
        )

    def _near(self, word: str) -> Term | None:
        for at in range(1, len(word)):
            less = word[:at] + word[at + 1 :]
            if term := self._terms.get(less):
                return term
            meant = self._shorter.get(less)
            if meant and _one_fault(word, meant):
                return self._terms[meant]
        meant = self._shorter.get(word)
        return self._terms[meant] if meant else None

    def _prepare(self) -> None:
        for term in self._lexicon.words():
            word = term.text
            if LEAST <= len(word) <= MOST and word.isalpha() and not (term.exact or term.back):
                self._terms.setdefault(word, term)
        for word in self._terms:
            self._note_halves(word)
            for at in range(1, len(word)):
                self._shorter.setdefault(word[:at] + word[at + 1 :], word)

    def _note_halves(self, word: str) -> None:
        lengths = 0b111 << (len(word) - 1)
        for at in range(3, len(word)):
            self._heads[word[:at]] = self._heads.get(word[:at], 0) | lengths
        for at in range(1, len(word) - 2):
            tail = word[0] + word[at:]
            self._tails[tail] = self._tails.get(tail, 0) | lengths


def _words(plains: Sequence[Plain]) -> list[str | bytes]:
    """All that `_WORD` finds; in Latin-1 all others, too, at a tenth of the cost."""
    whole = b" ".join([plain.latin[:READ] for plain in plains if plain.whole])
    words: list[str | bytes] = [*whole.translate(_CHARACTERS).split()]
    for plain in plains:
        if not plain.whole:
            words += _WORD.findall(plain.text, 0, READ)
    return words


def _places(text: str, words: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Where each of the words stands by itself."""
    for word in words:
        at = text.find(word, 0, READ)
        while at >= 0:
            found = _WORD.match(text, at, READ)
            if found and found.group() == word:
                yield at, word
            at = text.find(word, at + 1, READ)


def _stems(word: str) -> Iterator[str]:
    """The word, and what is left of it without an ordinary inflection of up to three letters."""
    if len(word) >= LEAST - 1:
        yield word
    for cut in range(1, min(4, len(word) - LEAST + 2)):
        if word[-cut:] in ENDINGS:
            yield word[:-cut]


def _one_fault(written: str, meant: str) -> bool:
    """One letter another, or two neighbours in each other's place; equal lengths."""
    if len(written) != len(meant):
        return False
    wrong = [at for at in range(len(meant)) if written[at] != meant[at]]
    if len(wrong) == 2:
        first, second = wrong
        crossed = written[first] == meant[second] and written[second] == meant[first]
        return crossed and second == first + 1
    return len(wrong) == 1
