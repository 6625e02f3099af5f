"""Health words written so that a filter should not see them: "d.e.p.r.e.s.s.i.o.n", "c*nc3r".

From → to: `Plain` → `Hit`s of listed words of five or more letters. Two ways: single letters with
one and the same separator between them, and letters replaced by digits or stars.

Invariant: linear; only the first `READ` characters (disguised words are typed by hand in a mail).
Known gaps: mixed separators, letters left out, one word over two lines.
"""

import re
from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick

from .plain import Plain
from .terms import Hit, Lexicon, Term

READ = 65_536
_SPACED = re.compile(
    r"(?<![^\W_])[^\W\d_]([ .\-_*·/|+~]{1,2})[^\W\d_](?:\1[^\W\d_]){2,40}"
    r"(?![^\W_])"
)
_SIGNS = re.compile(r"[*@$!013457](?=[^\W\d_])")
_RUN = re.compile(r"[\w*@$!]*")
LONGEST = 24
# Both are rare and dear to search for, so bytes of one class a character are searched first: "a"
# for letters, "." for separators, "#" for signs. What Latin-1 lacks may be a letter.
_CHARACTERS = [bytes([code]).decode("latin-1") for code in range(256)]
_LETTERS = bytes(code for code, char in enumerate(_CHARACTERS) if re.match(r"[^\W\d_]", char))


def _classes(**others: str) -> bytes:
    """A table that makes "a" of letters, and of other characters the sign of their class."""
    signs = {"dot": ".", "hash": "#", "star": "*"}
    marks = {char: signs[name] for name, chars in others.items() for char in chars}
    letters = {*_LETTERS, *b"?"}
    return bytes(
        ord("a" if code in letters else marks.get(char, " "))
        for code, char in enumerate(_CHARACTERS)
    )


_SEPARATED, _SIGNED = _classes(dot=" .-_*·/|+~"), _classes(hash="*@$!013457")
_BOTH = _classes(dot=" .-_·/|+~", hash="@$!013457", star="*")  # one look at a text without stars
# What must stand there, and a part of it that ends with the rarer class: twice as fast to search.
_SPACED_HINTS = ((b".a.a.", b"a.a.a.a"), (b"..a..a..", b"a..a..a..a"))
_SIGN_BEFORE_LETTER = BytesAhoCorasick([b"#a"]).find_matches_as_indexes  # 5 times `bytes.find`
_LEET = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
_LEAST = 5
# Letters and what may stand for them; one letter at the least.
_MAY_STAND_FOR = re.compile(r"[*@$!013457]*[^\W\d_](?:[^\W\d_]|[*@$!013457])*")


class Disguises:
    """The words of the lexicon, keyed so that a disguised one is found in constant time."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._words: dict[str, Term] = {}
        self._by_shape: dict[tuple[str, int], list[Term]] = {}
        for term in lexicon.words():
            if len(term.text) >= _LEAST and term.text.isalpha():
                self._words.setdefault(term.text, term)
                self._by_shape.setdefault((term.text[0], len(term.text)), []).append(term)
        for word in ("chemo", "breast"):
            self._words.setdefault(word, Term(word, "behandling", 2))
            self._by_shape.setdefault((word[0], len(word)), []).append(self._words[word])

    def places_in(self, text: str) -> int:
        """How many disguised words may stand in a text, seen from afar."""
        return _places(text[:READ].encode("latin-1", "replace"))

    def places(self, plain: Plain) -> int:
        """The same; in most texts none, which shows by one look."""
        latin = plain.latin[:READ]
        signed = latin.translate(_BOTH)
        if b"*" in signed or _SIGN_BEFORE_LETTER(signed) or _is_spaced(signed):
            return _places(latin)
        return 0

    def hits(self, plain: Plain) -> Iterator[Hit]:
        """Disguised words, in no order."""
        latin = plain.latin[:READ]
        separated = signed = latin.translate(_BOTH)
        if b"*" in signed:
            separated, signed = latin.translate(_SEPARATED), latin.translate(_SIGNED)
        if _is_spaced(separated):
            yield from self._spaced(plain.text[:READ])
        if signs := _SIGN_BEFORE_LETTER(signed):
            yield from self._masked(plain.text[:READ], signs)

    def _spaced(self, text: str) -> Iterator[Hit]:
        for found in _SPACED.finditer(text):
            word = "".join(char for char in found.group() if char.isalpha())
            if term := self._known(word):
                yield Hit(*found.span(), term.group, term.weight, disguised=True)

    def _masked(self, text: str, signs: list[tuple[int, int, int]]) -> Iterator[Hit]:
        done = 0
        for _, at, _ in signs:
            if at >= done and _SIGNS.match(text, at):
                start, done = _around(text, at, done)
                if term := self._unmask(text[start:done]):
                    yield Hit(start, done, term.group, term.weight, disguised=True)

    def _known(self, word: str) -> Term | None:
        """The word, or it without one to four letters of inflection."""
        for cut in range(5):
            stem = word[: len(word) - cut]
            if len(stem) < _LEAST:
                return None
            if term := self._words.get(stem):
                return term
        return None

    def _unmask(self, word: str) -> Term | None:
        if not (_LEAST <= len(word) <= LONGEST and _MAY_STAND_FOR.fullmatch(word)):
            return None  # most: numbers, names of files
        if 2 * sum(map(str.isalpha, word)) < len(word):
            return None  # at least half of its letters stand as they are
        first = _LEET.get(word[0], word[0])[0]
        same = self._by_shape.get((first, len(word)), ())
        if len(same) > 64:
            same = same[:64]
        return next((term for term in same if _alike(word, term.text)), None)


def _places(latin: bytes) -> int:
    separated = latin.translate(_SEPARATED)
    spaced = sum(separated.count(hint) for _, hint in _SPACED_HINTS)
    return spaced + latin.translate(_SIGNED).count(b"#a") // 4


def _is_spaced(separated: bytes) -> bool:
    """Whether single letters stand in a row."""
    (near, hint), (far, far_hint) = _SPACED_HINTS
    return (near in separated and hint in separated) or (far in separated and far_hint in separated)


def _around(text: str, at: int, done: int) -> tuple[int, int]:
    """The run of letters, digits and signs around `at`; the end may lie far behind."""
    start = at
    low = max(done, at - LONGEST)
    while start > low and (text[start - 1].isalnum() or text[start - 1] in "*@$!"):
        start -= 1
    found = _RUN.match(text, at)
    return start, max(found.end() if found else at, at + 1)


def _alike(written: str, word: str) -> bool:
    """Letter by letter: the same, a star, or a digit for it."""
    for sign, letter in zip(written, word, strict=True):  # most end at the second
        if sign != letter and sign not in "*#" and letter not in _LEET.get(sign, ""):
            return False
    return True
