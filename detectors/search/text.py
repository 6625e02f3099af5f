"""Folding of look-alike characters, with a map back to the original offsets.

From → to: ``str`` → `Folded`: NFKC-like folding per character, every Unicode digit as an ASCII
digit, every dash as ``-``, every space but tab and line ends as `` ``, other line ends as a
newline, invisible characters dropped, combining marks composed with their letter and dropped
after anything else, lower case.

Invariants: ``len(folded.text) == len(folded.offsets)``; offsets never fall; linear. Nearly every
character keeps its place, so the map is a `range` unless something was dropped or expanded.

Sources: Unicode 15 categories by `unicodedata`; Default_Ignorable_Code_Point from
DerivedCoreProperties.txt. Known gaps: letters of other scripts stay but for
those that may stand for digits; fractions and most other compatibility characters longer than one
letter stay.
"""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Runs(Sequence[int]):
    """A rising sequence of runs: run k starts at ``starts[k]``, counts from ``origins[k]``."""

    starts: Sequence[int]
    origins: Sequence[int]
    length: int

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # a slice is never asked for
        at = index + self.length if index < 0 else index
        if not 0 <= at < self.length:
            raise IndexError(index)
        run = bisect_right(self.starts, at) - 1
        return self.origins[run] + at - self.starts[run]


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is folded and lower case; character i of it came from ``offsets[i]``."""

    text: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original (start, end) of the folded stretch, end exclusive."""
        return self.offsets[start], self.offsets[end - 1] + 1


# Dashes by looks, not by category Pd
DASHES = "\u02d7\u2043\u2212\u207b\u208b\u2500\u2501\u2796\u30fc\ufe63\uff0d"
INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
MOVING = re.compile(f"[{INVISIBLE}{MARKS}{''.join(LIGATURES)}]+")
MARK = re.compile(f"[{MARKS}]")
VISIBLE = re.compile(f"[{MARKS}{''.join(LIGATURES)}]")
# One in place of one, so that nearly all Swedish text can go by the fast way of Latin-1.
TYPOGRAPHY = dict(zip("‘’‚“”„•…€", "'''\"\"\"·.¤", strict=True))
SPECIAL = re.compile(r"[^\t\n\r -~\xa1-\xa9\xab\xac\xae-\xb1\xb4-\xb8\xbb-\xff]+")
DIGITS = "0123456789"
BLANK = "\u2800"  # Braille without dots: a blank by looks, a symbol by category
# Letters of other scripts that are drawn as the o, i, l and s that stand for digits
CONFUSABLE = dict(zip("оοօᴏⲟіӏѕОΟՕⲞІӀΙЅ", "oooooilsooooilis", strict=True))
CONFUSABLE |= dict(zip("ƧᒿƷȜЗӠƼбᏮȢȣꝮ", "223333566889", strict=True))
TAGS = frozenset(map(chr, range(0xE0030, 0xE003A)))
TAG_DIGITS = re.compile("[\U000e0030-\U000e0039]{6,}")  # fewer are part of a flag, or noise


def fold_character(character: str) -> str:
    """One character folded to one; its own lower case when nothing else fits."""
    if character in TYPOGRAPHY:
        return TYPOGRAPHY[character]
    if character in CONFUSABLE:
        return CONFUSABLE[character]
    if MOVING.match(character):
        return character  # before NFKC, which gives some of them another code
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in ("No", "Nl"):  # circled, Roman, counting rods; not the ideographs of a language
        value = unicodedata.numeric(character, -1)
        if value in range(10):
            return str(int(value))
    if "\U0001ccf0" <= character <= "\U0001ccf9":  # outlined digits of Unicode 16
        return str(ord(character) - 0x1CCF0)
    if category == "Cs":
        return "\ufffd"  # half a surrogate pair: no text, and nothing can encode it
    if category == "Pd" or character in DASHES:
        return "-"
    if category in ("Zl", "Zp") or character in "\x0b\x0c\x85":
        return "\n"
    if category == "Zs" or character == BLANK:
        return " "
    return _shortest(character)


def _shortest(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    single = folded if len(folded) == 1 else character
    lower = single.lower()
    return lower if len(lower) == 1 else lower[0] if character == "İ" else single


class _Table(dict[int, str]):
    """Folded characters by code point, filled as texts need them."""

    def __missing__(self, code: int) -> str:
        return self.setdefault(code, fold_character(chr(code)))


class _Crowd(dict[int, str]):
    """The same for special characters; all others stay."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _TABLE[code] if SPECIAL.match(character) else character
        return self.setdefault(code, folded)


_TABLE, _CROWD = _Table(), _Crowd()
FREQUENT = TYPOGRAPHY | {"–": "-", "—": "-"}
# Control codes that no text has, for them to sit on: such text is one byte a character, too.
SEATS = dict(zip(FREQUENT, b"\x0e\x0f\x10\x11\x12\x16\x17\x18\x19\x1a\x1b", strict=True))
_SEATS = tuple(SEATS.values())
_FEW_MARKS = 500  # characters of a text that Latin-1 lacks, or a sixteenth of all
MOVED = 0  # what one becomes that does not keep its place


def _fold_seated(code: int) -> int:
    character = next((mark for mark, seat in SEATS.items() if seat == code), chr(code))
    if character == "\xb5":
        return code  # the micro sign folds to a Greek letter, which Latin-1 lacks
    plain = FREQUENT.get(character) or fold_character(character)
    return MOVED if MOVING.match(character) else ord(plain)


SEATED = bytes(map(_fold_seated, range(256)))


def seated(content: str) -> bytes | None:
    """A byte a character, if the text is Latin-1 with `SEATS`, as Swedish mail mostly is."""
    try:
        latin = content.encode("latin-1")
    except UnicodeEncodeError:
        latin = content.encode("latin-1", "replace")
        if latin.count(b"?") > max(_FEW_MARKS, len(latin) >> 4):
            return None
        return None if _has_seats(latin) else _seat(content, bytearray(latin))
    return None if _has_seats(latin) else latin


def _has_seats(latin: bytes) -> bool:
    for seat in _SEATS:  # noqa: SIM110 - asked of every text; `any` takes twice as long
        if seat in latin:
            return True
    return False


def _seat(content: str, latin: bytearray) -> bytes | None:
    """Each ``?`` that stands for something else becomes that one's seat."""
    at = latin.find(b"?")
    while at >= 0:
        character = content[at]
        if character != "?":
            if character not in SEATS:
                return None
            latin[at] = SEATS[character]
        at = latin.find(b"?", at + 1)
    return bytes(latin)


def fold(content: str, latin: bytes | None = None) -> Folded:
    """Fold `content`; one table look-up a character, if `latin` is what `seated` makes of it."""
    latin = latin or seated(content)
    if latin is not None:
        folded = latin.translate(SEATED)
        if MOVED not in folded:
            return Folded(folded.decode("latin-1"), range(len(content)))
    for character, plain in FREQUENT.items():
        content = content.replace(character, plain)
    return _fold_wide(content)


_ESCAPE = re.compile(r"%(?:2[0-9a-f]|3[a-f])")


def unescaped(folded: Folded) -> Folded:
    """Signs that addresses write as ``%2d`` and the like, each followed by blanks, so that what
    stands around keeps its place."""
    if "%" not in folded.text:
        return folded
    text = _ESCAPE.sub(lambda found: f"{chr(int(found[0][1:], 16))}  ", folded.text)
    return Folded(text, folded.offsets)


def _fold_wide(content: str) -> Folded:
    odd = "".join(SPECIAL.findall(content))
    special = set(odd)
    if not TAGS.isdisjoint(special):
        content = TAG_DIGITS.sub(
            lambda run: "".join(chr(ord(c) - 0xE0000) for c in run[0]), content
        )
    text = _fold_places(content, special, crowded=len(odd) > len(content) >> 3)
    moving = set(MOVING.findall("".join(f"{character} " for character in special)))
    if not moving:
        return Folded(text, range(len(text)))
    # A set of the few that occur searches ten times faster than the whole of MOVING.
    pattern = re.compile(f"[{''.join(sorted(moving))}]+") if len(moving) <= 8 else MOVING
    if moving.isdisjoint(LIGATURES) and not any(map(MARK.match, moving)):
        return _dropped(text, pattern)
    return _Build().fold(text, pattern)


def _dropped(text: str, pattern: re.Pattern[str]) -> Folded:
    """`text` without the characters of `pattern`, of which none leaves anything: the usual case."""
    starts, origins, gone = array("I", [0]), array("I", [0]), 0
    for run in pattern.finditer(text):
        start, end = run.span()
        gone += end - start
        starts.append(end - gone)
        origins.append(end)
    if len(starts) > 1 and not starts[1]:  # the text began with some
        del starts[0], origins[0]
    folded = pattern.sub("", text)
    return Folded(folded, Runs(starts, origins, len(folded)))


def _fold_places(content: str, special: set[str], *, crowded: bool) -> str:
    """Every character folded in its place."""
    if len(special) > 24 and crowded:  # as noise is: a call for each run would cost five times more
        return content.translate(_CROWD).lower()
    if len(special) > 24:
        return SPECIAL.sub(lambda run: run[0].translate(_TABLE), content).lower()
    for character in special:
        content = content.replace(character, _TABLE[ord(character)])
    return content.lower()


@dataclass(slots=True)
class _Build:
    """The folded text so far, in pieces, with the runs of its offsets."""

    pieces: list[str] = field(default_factory=list)
    # a list takes nine times more
    starts: MutableSequence[int] = field(default_factory=lambda: array("I"))
    origins: MutableSequence[int] = field(default_factory=lambda: array("I"))
    length: int = 0

    def fold(self, text: str, pattern: re.Pattern[str]) -> Folded:
        """`text`, folded in its places, without the characters of `pattern`."""
        at = 0
        for run in pattern.finditer(text):
            start, end = run.span()
            if start > at:
                self.add(text[at:start], at)
            if VISIBLE.search(text, start, end):
                for offset in range(start, end):
                    self._moving(text[offset], offset)
            at = end
        if at < len(text):
            self.add(text[at:], at)
        return Folded("".join(self.pieces), Runs(self.starts, self.origins, self.length))

    def add(self, folded: str, origin: int) -> None:
        """Append a stretch that kept its length."""
        self.pieces.append(folded)
        self.starts.append(self.length)
        self.origins.append(origin)
        self.length += len(folded)

    def _moving(self, character: str, offset: int) -> None:
        if letters := LIGATURES.get(character):
            for letter in letters:
                self.add(letter, offset)
        elif MARK.match(character) and self.pieces and self.pieces[-1][-1].isalpha():
            self._mark(character, offset)

    def _mark(self, mark: str, offset: int) -> None:
        composed = unicodedata.normalize("NFC", self.pieces[-1][-1] + mark)
        if len(composed) == 1:
            self.pieces[-1] = self.pieces[-1][:-1] + composed
        else:
            self.add(mark, offset)
