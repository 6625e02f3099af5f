"""Numbers written as words: "två ett två ett", "tjugotre åttiofem", "tretton".

From → to: folded words → digits. Swedish, English; Norwegian and Danish digits.
"""

import re

_ONES = {
    "noll": 0, "nolla": 0, "ett": 1, "en": 1, "etta": 1, "två": 2, "tvåa": 2, "tre": 3, "trea": 3, "fyra": 4,
    "fem": 5, "femma": 5, "sex": 6, "sexa": 6, "sju": 7, "sjua": 7, "åtta": 8, "nio": 9, "nia": 9,
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "null": 0, "to": 2, "fire": 4, "seks": 6, "syv": 7, "otte": 8, "åtte": 8, "ni": 9,
}  # fmt: skip
_TEENS = {
    "tio": 10, "elva": 11, "tolv": 12, "tretton": 13, "fjorton": 14, "femton": 15, "sexton": 16, "sjutton": 17,
    "arton": 18, "nitton": 19, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "tjugo": 20, "trettio": 30, "fyrtio": 40, "femtio": 50, "sextio": 60, "sjuttio": 70, "åttio": 80, "nittio": 90,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_PAIRS = {
    **_TEENS,
    **_TENS,
    **{f"{ten}{joint}{one}": tens + ones
       for ten, tens in _TENS.items() for one, ones in _ONES.items() for joint in ("", "-") if ones},
}  # fmt: skip


def _alternatives(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_ONE = f"(?:{_alternatives(_ONES)})"
_TWO = f"(?:(?:{_alternatives(_TENS)})-?(?:{_alternatives(_ONES)})|(?:{_alternatives(_TEENS)})|(?:{_alternatives(_TENS)}))"
_JOINT = r"[ ,-]{1,3}"
WORD_DIGITS = rf"\b(?:{_ONE}(?:{_JOINT}{_ONE}){{3}}|{_TWO}{_JOINT}{_TWO})\b"
_WORD = re.compile(rf"\b(?:{_TWO}|{_ONE})\b")


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
