"""Numbers written as words: "två ett två ett", "tjugotre åttiofem", "tretton", "770923 två 388".

From → to: folded words → digits. Swedish, English; Norwegian and Danish digits.
"""

import re
from collections.abc import Iterator

from .lists import read_sections
from .search.pieces import Pieces, ask

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


# Numerals mixed with digits, and what people say between the parts.
_SAID = r"(?:är|och|sen|sedan|streck|bindestreck|minus|dash|sista|fyra sista|sista fyra)"
_TOKEN = rf"(?:{_TWO}|{_ONE}|\d{{1,8}})"
_LINK = rf"[ ,.;\n-]{{1,3}}(?:{_SAID}[ ,.:;\n-]{{1,3}}){{0,2}}"
_MIXED = re.compile(rf"(?<![\w.,:-]){_TOKEN}(?:{_LINK}{_TOKEN}){{1,11}}\b")
_LINKED = re.compile(rf"(?:{_TWO}|{_ONE}){_LINK}{_TOKEN}\b")
_MIX_TOKEN = re.compile(rf"\b(?:(?P<said>fyra sista|sista fyra)|{_TWO}|{_ONE}|\d+)\b")
_FOUR = re.compile(r"\d{4}")
_FEWEST = 2  # digits beside three numerals; four beside fewer
_MIX_BEFORE, _MIX_BEHIND = 40, 90  # characters around a numeral in which digits may belong to it


def mixed_runs(text: str, shapes: bytes, pieces: Pieces) -> Iterator[tuple[int, int, str]]:
    """(start, end, digits) where numerals and digits together are ten or twelve digits."""
    done = 0
    starts = sorted(at for _beginning, places in pieces.of(_BEGINNINGS) for at in places)
    for at, place in enumerate(starts):
        if place < done or not _beside_digits(shapes, place):
            continue
        digits_near = shapes.count(b"0", max(place - _MIX_BEFORE, 0), place + _MIX_BEHIND)
        crowd = starts[at + 2] - place <= _MIX_BEHIND if at + 2 < len(starts) else False
        if digits_near < (_FEWEST if crowd else 4) or not _is_linked(text, place):
            continue
        low = max(place - _MIX_BEFORE, done)
        for found in _MIXED.finditer(text, low, place + _MIX_BEHIND):
            digits = _mixed_digits(found[0])
            if len(digits) in (10, 12) and _are_parts(found[0]):
                yield found.start(), found.end(), digits
            done = max(done, found.end())


def _is_linked(text: str, place: int) -> bool:
    """Whether digits or a numeral stand next to the one behind `place`, as in a number."""
    before = text[max(place - 3, 0) : place + 1].rstrip(" ,.;\n-")
    return before[-1:].isdigit() or _LINKED.match(text, place + 1) is not None


def may_be_mixed(shapes: bytes, pieces: Pieces) -> bool:
    """Whether a numeral stands beside digits."""
    return any(
        _beside_digits(shapes, at) for _beginning, places in pieces.of(_BEGINNINGS) for at in places
    )


def _beside_digits(shapes: bytes, place: int) -> bool:
    """Whether digits stand shortly before the numeral or soon behind."""
    return shapes.find(b"0", max(place - 12, 0), place + 24) >= 0


def _are_parts(text: str) -> bool:
    """Two numerals, or four digits side by side: a row of pages has neither."""
    return len(_WORD.findall(text)) > 1 or _FOUR.search(text) is not None


def _mixed_digits(text: str) -> str:
    tokens = [found[0] for found in _MIX_TOKEN.finditer(text) if not found["said"]]
    return "".join(token if token[0].isdigit() else digits_of(token) for token in tokens)


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
