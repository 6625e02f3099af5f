"""Where a number may begin in a text full of digits, worked out for all characters at once.

From → to: a folded text as Latin-1 → offsets, rising. Each character is one bit of a big integer,
the first the highest; ``digits << 3`` tells of each place whether a digit stands three further on.
An operation on a megabyte takes 0.1 ms, so a table in which numbers stand as close as words in
prose costs little more, and the patterns of `candidates` are tried only where they may match.

Invariant: a place at which ``_BARE`` or ``_PATTERN`` matches is left out only where it begins
twelve digits without a month; a place that is given may match neither. Linear. Worth its price
from one digit in `DENSE` characters of more than `SHORT`.
"""

from collections.abc import Iterator
from itertools import accumulate

DENSE = 16
WINDOW = 1 << 16  # characters whose offsets are worked out together
SHORT = 128  # characters: the sieve takes 20 us even for none
_GAP = 4  # characters between a date and the last four digits on the same line
_BREAK = 11  # the same up to a line end, and that
_LONGEST = 11  # characters that a number in groups has at the least
_WORDS = (b"streck", b"dash", b"hyphen", b"minus", b"plus")  # may stand for the hyphen


_DIGIT, _MONTH, _JOINED, _LINE_END, _DAY, _FAR_MONTH = range(6)  # bits in `_CLASSES`
_OF_CLASS = (
    b"0123456789",
    b"01",  # with which a month begins
    b"0123456789 -+./_*\xb7abcdefghijklmnopqrstuvwxy",  # what stands in a number in groups
    b"\n",
    b"01234567",  # with which a day begins, of countries that write it first: 40 may be added
    b"014589",  # and a month of theirs: 40 or 80 may be
)
_CLASSES = bytes(
    sum((code in characters) << number for number, characters in enumerate(_OF_CLASS))
    for code in range(256)
)
_NO_LETTERS = bytes(code for code in range(256) if not 97 <= code <= 122)
_LANES = 8  # characters whose bits make a byte


def is_dense(digits: int, characters: int) -> bool:
    """Whether so many digits stand in a text that the sieve is worth its price."""
    return digits * DENSE > characters > SHORT


class Sieve:
    """The runs of digits of one text."""

    def __init__(self, latin: bytes) -> None:
        self._text = latin
        classes = latin.translate(_CLASSES) + bytes(-len(latin) % _LANES)
        self._lanes = [int.from_bytes(classes[lane::_LANES]) for lane in range(_LANES)]
        self._ones = int.from_bytes(b"\1" * (len(classes) // _LANES))
        self._digits = self._bits(_DIGIT)
        self._starts = self._digits & ~(self._digits >> 1)

    def runs(self, length: int) -> Iterator[int]:
        """Offsets of the runs of exactly so many digits."""
        return self._offsets(self._run(length))

    def dated(self, length: int) -> Iterator[int]:
        """The same for ten or eleven, without most of those that hold no date."""
        swedish = self._bits(_MONTH) << (length - 8)
        others = self._bits(_DAY) & self._bits(_FAR_MONTH) << 2
        return self._offsets(self._run(length) & (swedish | others))

    def parted(self) -> Iterator[int]:
        """Offsets at which a number in groups may begin."""
        digits = self._digits
        one, two, four, six, eight = map(self._run, (1, 2, 4, 6, 8))
        joined = self._bits(_JOINED)
        sign = joined & ~digits
        group = _all(joined, _LONGEST)
        breaks = self._breaks()
        last = four | two & sign << 2 & digits << 3
        behind = breaks | _any(last, _GAP) << 2
        far_behind = behind | _any(self._run(5), _GAP) << 2
        return self._offsets(
            six & (far_behind << 5 | group)
            | eight & (far_behind << 7 | group)
            | two & sign << 2 & sign << 5 & behind << 7
            | four & sign << 4 & sign << 7 & behind << 9
            | two & (self._centuries(sign) | group)
            | (one & sign << 1 | four & sign << 4) & group
        )

    def _centuries(self, sign: int) -> int:
        """Two digits before a sign, or in a cell before one that holds a month."""
        rest = self._starts & _all(self._digits, 6)
        dated = rest & self._bits(_MONTH) << 2
        return (rest << 3 | rest << 4) & sign << 2 | dated << 3 | dated << 4

    def _breaks(self) -> int:
        """Characters behind which the last digits may follow on another line, or after a word."""
        letters = self._text.translate(None, _NO_LETTERS)  # few, in most such texts
        if any(word in letters for word in _WORDS):
            return self._digits
        return _any(self._bits(_LINE_END), _BREAK) << 1

    def _run(self, length: int) -> int:
        return self._starts & _all(self._digits, length) & ~(self._digits << length)

    def _bits(self, number: int) -> int:
        """The characters of one class. `_lanes` holds each eighth character, a byte for each: one
        bit of all bytes, moved to where its lane belongs. Reading a number in base two takes ten
        times as long."""
        bits = 0
        for lane in self._lanes:
            bits = bits << 1 | lane >> number & self._ones
        return bits >> -len(self._text) % _LANES

    def _offsets(self, bits: int) -> Iterator[int]:
        """Where bits are set; by windows, for as objects all of them took thirty times the text."""
        if not bits:
            return
        written = f"{bits:b}"
        first = len(self._text) - len(written)
        for at in range(0, len(written), WINDOW):
            gaps = written[at : at + WINDOW].split("1")
            gaps.pop()
            yield from (at + ones for ones, at in enumerate(accumulate(map(len, gaps)), first + at))


def _all(bits: int, count: int) -> int:
    """Places from which on `count` characters are all set."""
    done = 1
    while done < count:
        step = min(done, count - done)
        bits &= bits << step
        done += step
    return bits


def _any(bits: int, count: int) -> int:
    """Places from which on one of `count` characters is set."""
    done = 1
    while done < count:
        step = min(done, count - done)
        bits |= bits << step
        done += step
    return bits
