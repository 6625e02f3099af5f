"""Numbers written as words: "två ett två ett", "tjugotre åttiofem", "tretton".

From → to: folded words → digits. Swedish, English; Norwegian and Danish digits.
"""

import re

from ahocorasick_rs import BytesAhoCorasick

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

# A whole identity number; `may_spell` says cheaply whether it is worth looking for one.
RUN = re.compile(rf"\b(?:{_TWO}|{_ONE})(?:[ ,.;\n-]{{1,3}}(?:{_TWO}|{_ONE})){{4,11}}\b")
_SPELLING = BytesAhoCorasick([
    f" {word}".encode("latin-1") for word in
    ("noll", "zero", "oh", "null", "tre", "three", "fyra", "four", "fire", "fem", "five", "sju",
     "seven", "syv", "åtta", "eight", "otte", "åtte", "nio", "nine", "elva", "tolv", "twelve")
])  # fmt: skip


def may_spell(text: str) -> bool:
    """Whether three different numerals occur; most texts have few beside "en" and "ett"."""
    found = _SPELLING.find_matches_as_indexes(text.encode("latin-1", "replace"), overlapping=True)
    return len({index for index, _start, _end in found}) >= 3


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
