"""Numbers written as words: "två ett två ett", "tjugotre åttiofem", "tretton".

From → to: folded words → digits. Swedish, English; Norwegian and Danish digits.
"""

import re
from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation

from .lists import read_sections

_SECTIONS = {
    name: {word: int(value) for value, _, word in (entry.partition(":") for entry in entries)}
    for name, entries in read_sections("label_data/numerals.txt").items()
    if name
}
_ONES, _TEENS, _TENS = _SECTIONS["ones"], _SECTIONS["teens"], _SECTIONS["tens"]
_COMPOUNDS = {
    f"{ten}{joint}{one}": tens + ones
    for ten, tens in _TENS.items()
    for one, ones in _ONES.items()
    for joint in ("", "-")
    if ones
}
_PAIRS = {**_TEENS, **_TENS, **_COMPOUNDS}


def _alternatives(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_ONE = f"(?:{_alternatives(_ONES)})"
_TEN = f"(?:{_alternatives(_TENS)})"
_TWO = f"(?:{_TEN}-?{_ONE}|(?:{_alternatives(_TEENS)})|{_TEN})"
_JOINT = r"[ ,-]{1,3}"
WORD_DIGITS = rf"\b(?:{_ONE}(?:{_JOINT}{_ONE}){{3}}|{_TWO}{_JOINT}{_TWO})\b"
_WORD = re.compile(rf"\b(?:{_TWO}|{_ONE})\b")

# A whole identity number, searched where numerals crowd: anywhere it takes 80 ms a megabyte.
_RUN = re.compile(rf"\b(?:{_TWO}|{_ONE})(?:[ ,.;\n-]{{1,3}}(?:{_TWO}|{_ONE})){{4,11}}\b")
_ARTICLES = frozenset(("ett", "en", "one", "to", "ni"))  # more often no numerals
_NUMERALS = sorted({*_ONES, *_TEENS, *_TENS} - _ARTICLES)
_SPELLING = BytesAhoCorasick(
    [f" {word}".encode("latin-1") for word in _NUMERALS], implementation=Implementation.DFA
)
_TO_SPACE = bytes.maketrans(b",.;\n-", b" " * 5)
_CROWD, _CROWDED = 3, 160  # so many within so many characters
_LONGEST = 200  # characters of a run


def runs(text: str) -> Iterator[re.Match[str]]:
    """Runs of five to twelve numerals, three of which are no articles."""
    done = 0
    for low, high in _crowds(text):
        for found in _RUN.finditer(text, max(low - _LONGEST, done), high + _LONGEST):
            done = found.end()
            yield found


def _crowds(text: str) -> Iterator[tuple[int, int]]:
    """Stretches in which numerals crowd, each once."""
    latin = b" " + text.encode("latin-1", "replace").translate(_TO_SPACE)
    starts = [start for _index, start, _end in _SPELLING.find_matches_as_indexes(latin)]
    low = high = -1
    for first, last in zip(starts, starts[_CROWD - 1 :], strict=False):
        if last - first > _CROWDED:
            continue
        if first > high:
            if high >= 0:
                yield low, high
            low = first
        high = last
    if high >= 0:
        yield low, high


def digits_of(text: str) -> str:
    """The digits of a stretch that is digits or matches `WORD_DIGITS`."""
    digits = re.sub(r"\D", "", text)
    if digits:
        return digits
    words = [match[0] for match in _WORD.finditer(text)]
    return "".join(f"{_PAIRS[word]:02}" if word in _PAIRS else str(_ONES[word]) for word in words)


def age_of(word: str) -> int | None:
    """An age, in digits or in a word."""
    if word.isdigit():
        return int(word)
    return _PAIRS.get(word, _ONES.get(word))
