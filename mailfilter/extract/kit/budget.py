"""What reading one message may cost: work, bytes unpacked, parts, depth, characters, time for OCR.

From → to: every reader reports what it is about to take; `Budget` counts down and raises
`Unreadable` with a code of class over-limit when it is spent. Declared sizes are never trusted:
`inflate` counts the bytes that come out, step by step, and stops in the middle.

Work is counted in steps of about a microsecond (`detectors.search.cost`): the search of each text
by what it looks like from afar, and whatever costs a reader more than its text tells (`take_work`):
parts, tags, references, frames. One budget for all kinds, so that no two of them add up. Of a text
that is too dear the beginning is searched. Weighing costs as well: texts of which even the dearest
could be paid for are not weighed, until that is no longer so. Large office documents leave most
of the budget: README.md.

Invariants: a budget only shrinks; nothing is allocated before it is taken; one budget serves one
message, attached messages included.

Sources: limits.py for the figures; threats.md 2.4 for the bombs.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from detectors.search.cost import LEAST, affordable, effort
from mailfilter import limits
from mailfilter.extract.kit.remembered import Pictures
from mailfilter.extract.kit.watch import UNWATCHED, Watch

STEP = 256 * limits.KIB  # of input
OUTPUT = limits.MIB  # of output at a time
ENTRIES = 20_000  # office files hold hundreds of members that are not read as parts
PART = 500  # steps of typing a part and calling its reader
PICTURE = 5000  # steps of decoding a picture, and again of looking at it
DECODED, LOOKED_AT = 120, 40  # pixels in a step
SPECK = 4  # steps of each speck that the layout of a page is made of
SMALL = 10 * limits.MIB  # under this a part may grow by any factor


SPENT = (  # limits of the whole message
    "too-many-parts",
    "too-much-text",
    "too-much-work",
    "inflated-size",
)


class Unreadable(Exception):
    """A part cannot be read; `code` is a reason of ``mailfilter/not_examined.py``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Decompressor(Protocol):
    """What zlib, bz2 and lzma decompression objects share."""

    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@dataclass(slots=True)
class Budget:
    """Counts down; the defaults are those of ``limits.py``.

    Without `recognise` pictures are only looked at, but for the first `small` ones that are small:
    another one that holds lines of text ends the time for all that follow, for somebody else will
    have to read them. `turn` is held while a page is recognised; taking it may use up the time.
    `patient` are those whose pictures only the clock ends. Who is `light` opens no document: the
    reading ends with `weight.Heavy`. `watch` hears of each part before it is opened, `pictures`
    knows which were read before.
    """

    inflated: int = limits.INFLATED_SIZE
    ratio: int = limits.INFLATED_RATIO
    parts: int = limits.PARTS
    entries: int = ENTRIES
    depth: int = limits.DEPTH
    text: int = limits.TEXT_SIZE
    work: int = limits.WORK
    cells: int = limits.CELLS
    ocr: float = limits.OCR_SECONDS
    recognise: bool = True
    small: int = limits.SMALL_PICTURES
    patient: bool = False
    light: bool = False
    turn: Callable[[], AbstractContextManager[None]] = nullcontext
    watch: Watch = UNWATCHED
    pictures: Pictures = field(default_factory=Pictures)
    clock: Callable[[], float] = monotonic
    began: float = field(init=False)
    _unweighed: list[str] = field(default_factory=list, init=False)
    _characters: int = field(default=0, init=False)  # of them

    def __post_init__(self) -> None:
        self.began = self.clock()

    def seconds(self) -> float:
        """What is left for reading pictures, 0 at the end. All else that is read takes from it."""
        return max(self.began + self.ocr - self.clock(), 0)

    def take_picture(self, pixels: int) -> None:
        """One more picture or frame that is decoded; who may take minutes stops for its clock."""
        if not self.patient:
            self.take_work(PICTURE + pixels // DECODED)

    def may_look(self, pixels: int, specks: int) -> bool:
        """Whether work is left for the quick look at a grey picture; half of all is kept for texts
        where somebody else will look again."""
        steps = PICTURE + pixels // LOOKED_AT + specks * SPECK
        if not self.patient:
            if not self._has(steps + (limits.WORK // 10 if self.recognise else limits.WORK // 2)):
                return False
            self.work -= steps
        return True

    def may_recognise(self, pixels: int) -> bool:
        """Whether a picture of this size is read here."""
        if self.recognise:
            return True
        self.small -= pixels <= limits.SMALL_PICTURE
        return pixels <= limits.SMALL_PICTURE and self.small >= 0

    def leave_pictures(self) -> None:
        """No more time for reading pictures."""
        self.ocr = 0

    def take_part(self, depth: int) -> None:
        """One more part at `depth` levels below the message."""
        if depth > self.depth:
            raise Unreadable("too-deep")
        self.parts -= 1
        if self.parts < 0:
            raise Unreadable("too-many-parts")
        self.take_work(PART)

    def take_entry(self) -> None:
        """One more line of an archive's directory, read or not."""
        self.entries -= 1
        if self.entries < 0:
            raise Unreadable("too-many-parts")

    def take_work(self, steps: int) -> None:
        """So many steps more, before they are done."""
        if not self._has(steps):
            self.work -= steps
            raise Unreadable("too-much-work")
        self.work -= steps

    def take_text(self, content: str) -> int:
        """One more text for the detectors; returns how much of its beginning may be searched."""
        room = max(self.text, 0)
        self.text -= len(content)
        content = content[:room]
        if self._has(LEAST + _dearest(len(content))):
            self.work -= LEAST
            self._unweighed.append(content)
            self._characters += len(content)
            return len(content)
        steps = effort(content)
        kept = len(content) if steps <= self.work else affordable(content, self.work)
        self.work -= steps
        return kept

    def settle(self) -> None:
        """Weigh the texts that were let through while the dearest could have been paid for."""
        self.work -= sum(effort(content) - LEAST for content in self._unweighed)
        self._unweighed, self._characters = [], 0

    def _has(self, steps: int) -> bool:
        """Whether so many steps are left, whatever the texts that are not weighed yet may take."""
        if self.work - steps < _dearest(self._characters):
            self.settle()
        return self.work >= steps

    def take_bytes(self, size: int) -> None:
        """So many unpacked bytes more."""
        self.inflated -= size
        if self.inflated < 0:
            raise Unreadable("inflated-size")

    def grow(self, packed: int) -> "Growth":
        """A counter for one packed stream of `packed` bytes."""
        return Growth(self, packed)


def _dearest(characters: int) -> int:
    """Steps of the dearest text that is so long."""
    return characters * 9 // 8


@dataclass(slots=True)
class Growth:
    """Counts what comes out of one packed stream against budget and ratio."""

    budget: Budget
    packed: int
    size: int = 0

    def add(self, size: int) -> None:
        """So many bytes came out."""
        self.size += size
        self.budget.take_bytes(size)
        if self.size > SMALL and self.size > self.packed * self.budget.ratio:
            raise Unreadable("inflated-ratio")


@dataclass(frozen=True, slots=True)
class Inflated:
    """What came out; whether the stream had its end; how many bytes lie behind that end."""

    data: bytes
    ended: bool
    left: int


def inflate(
    packed: bytes | memoryview, make: Callable[[], Decompressor], budget: Budget
) -> Inflated:
    """Unpack one stream in bounded steps.

    Errors of the library itself pass through: zlib.error, OSError, EOFError, lzma.LZMAError.
    """
    stream, growth, chunks = make(), budget.grow(len(packed)), []
    at, full = 0, False
    while not stream.eof:
        pending = getattr(stream, "unconsumed_tail", b"")  # zlib's way of taking less
        if not pending and getattr(stream, "needs_input", True):
            pending = bytes(packed[at : at + STEP])
            at += len(pending)
            if not pending and not full:
                break
        out = stream.decompress(pending, OUTPUT)
        full = len(out) == OUTPUT
        growth.add(len(out))
        chunks.append(out)
    behind = len(getattr(stream, "unused_data", b"")) + len(packed) - at
    return Inflated(b"".join(chunks), stream.eof, behind)
