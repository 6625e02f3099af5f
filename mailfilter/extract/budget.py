"""What reading one message may cost: bytes unpacked, parts, depth, characters, time for OCR.

From → to: every reader reports what it is about to take; `Budget` counts down and raises
`Unreadable` with a code of class over-limit when it is spent. Declared sizes are never trusted:
`inflate` counts the bytes that come out, step by step, and stops in the middle.

Invariants: a budget only shrinks; nothing is allocated before it is taken; one budget serves one
message, attached messages included.

Sources: limits.py for the figures; threats.md 2.4 for the bombs.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from mailfilter import limits
from mailfilter.extract.watch import UNWATCHED, Watch

STEP = 256 * limits.KIB  # of input
OUTPUT = limits.MIB  # of output at a time
ENTRIES = 20_000  # office files hold hundreds of members that are not read as parts
SMALL = 10 * limits.MIB  # under this a part may grow by any factor


SPENT = ("too-many-parts", "too-much-text", "inflated-size")  # limits of the whole message


class Unreadable(Exception):
    """A part cannot be read; `code` is a reason of ``mailfilter/unread.py``."""

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

    Without `recognise` pictures are only looked at: the first one that holds lines of text ends the
    time for all that follow, for somebody else will have to read them. `turn` is held while a page
    is recognised; taking it may use up the time. `watch` hears of each part before it is opened.
    """

    inflated: int = limits.INFLATED_SIZE
    ratio: int = limits.INFLATED_RATIO
    parts: int = limits.PARTS
    entries: int = ENTRIES
    depth: int = limits.DEPTH
    text: int = limits.TEXT_SIZE
    lines: int = limits.TEXT_LINES
    cells: int = limits.CELLS
    ocr: float = limits.OCR_SECONDS
    recognise: bool = True
    turn: Callable[[], AbstractContextManager[None]] = nullcontext
    watch: Watch = UNWATCHED
    clock: Callable[[], float] = monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def seconds(self) -> float:
        """What is left for reading pictures, 0 at the end. All else that is read takes from it."""
        return max(self.began + self.ocr - self.clock(), 0)

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

    def take_entry(self) -> None:
        """One more line of an archive's directory, read or not."""
        self.entries -= 1
        if self.entries < 0:
            raise Unreadable("too-many-parts")

    def take_text(self, content: str) -> None:
        """One more text for the detectors."""
        self.text -= len(content)
        self.lines -= content.count("\n")
        if self.text < 0 or self.lines < 0:
            raise Unreadable("too-much-text")

    def take_bytes(self, size: int) -> None:
        """So many unpacked bytes more."""
        self.inflated -= size
        if self.inflated < 0:
            raise Unreadable("inflated-size")

    def grow(self, packed: int) -> "Growth":
        """A counter for one packed stream of `packed` bytes."""
        return Growth(self, packed)


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
