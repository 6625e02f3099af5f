"""Numbers written as words: "två ett två ett", "tjugotre åttiofem", "tretton".

From → to: folded words → digits. Swedish, English; Norwegian and Danish digits.
"""

import re
from collections.abc import Iterator

from .lists import read_sections
from .pieces import Pieces, ask

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
_PAIR = re.compile(rf"(?:{_TWO}|{_ONE})[ ,.;\n-]{{1,3}}(?:{_TWO}|{_ONE})\b")
_ARTICLES = frozenset(("ett", "en", "one", "to", "ni"))  # more often no numerals
_NUMERALS = sorted({*_ONES, *_TEENS, *_TENS} - _ARTICLES)
_BEGINNINGS = ask(f"{sign}{word}" for word in _NUMERALS for sign in " ,.;\n-")
_OPENINGS = tuple(_NUMERALS)  # at the beginning of a text no sign stands before
_CROWD, _CROWDED = 3, 160  # so many within so many characters
_LONGEST = 200  # characters of a run


def runs(text: str, pieces: Pieces) -> Iterator[re.Match[str]]:
    """Runs of five to twelve numerals, three of which are no articles."""
    done = 0
    for low, high in _crowds(text, pieces):
        for found in _RUN.finditer(text, max(low - _LONGEST, done), high + _LONGEST):
            done = found.end()
            yield found


def may_be_run(pieces: Pieces) -> bool:
    """Whether there are as many numerals as a run has; a text must begin behind a sign."""
    return sum(len(places) for _beginning, places in pieces.of(_BEGINNINGS)) >= _CROWD


def _crowds(text: str, pieces: Pieces) -> Iterator[tuple[int, int]]:
    """Stretches in which numerals crowd, each once."""
    found = {at + 1 for _beginning, places in pieces.of(_BEGINNINGS) for at in places}
    if text.startswith(_OPENINGS):
        found.add(0)
    starts = sorted(found)
    low = high = -1
    paired = False  # whether two of them are next to each other
    for first, last in zip(starts, starts[_CROWD - 1 :], strict=False):
        if last - first > _CROWDED:
            continue
        if first > high:
            if paired:
                yield low, high
            low, paired = first, False
        high = last
        paired = paired or _PAIR.match(text, first) is not None
    if paired:
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
