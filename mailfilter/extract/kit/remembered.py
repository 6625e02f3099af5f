"""The pictures of one message: which are known to say nothing, what the others say, tiles.

From → to: `Pictures` is asked by `weight.py` and `image.py` whether a picture is known (the memory
is lent by ``mailfilter/pictures.py``), hears what is read in those that are not, and gives it to
``examine.py``, which decides what may be remembered.

Tiles are pictures that lie in a row or a column: each by itself may hold half a line, so what they
make together is read as well (`tiles.py`), and known by a hash of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from mailfilter import limits
from mailfilter.model import NotExamined, Part, Text
from mailfilter.pictures import digest


class Has(Protocol):
    """The memory of clean pictures, as far as a reader sees it."""

    def has(self, digest: bytes, /) -> bool: ...


class _Nothing:
    def has(self, digest: bytes, /) -> bool:  # noqa: ARG002 - nothing is remembered
        return False


NOTHING: Has = _Nothing()
SIDE = 300  # pixels: one side of a tile is shorter, or it holds lines that can be read
TILES = 300  # of a message


@dataclass(slots=True)
class Said:
    """What one picture says: in letters, and in the properties of its file."""

    written: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture that may be a piece of a larger one."""

    part: Part
    width: int
    height: int


@dataclass(slots=True)
class Pictures:
    """One for each message; without `key` nothing is known."""

    key: bytes = b""
    memory: Has = NOTHING
    heard: dict[bytes, Said] = field(default_factory=dict)
    tiles: list[Tile] = field(default_factory=list)
    _current: Said | None = None

    def meet(self, part: Part, width: int, height: int) -> None:
        """One more picture of the message, as its header says."""
        small = 0 < min(width, height) < SIDE and max(width, height) <= 10 * SIDE
        if small and len(self.tiles) < TILES:
            self.tiles.append(Tile(part, width, height))

    def knows(self, *files: bytes) -> bool:
        """Whether this picture, or the one that these make together, was read and says nothing."""
        return bool(self.key) and self.memory.has(self.digest(*files))

    def digest(self, *files: bytes) -> bytes:
        """The hash of a picture, or of some in their order."""
        if len(files) == 1:
            return digest(self.key, files[0])
        return digest(self.key, b"".join(digest(self.key, each) for each in files))

    @contextmanager
    def hearing(self, *files: bytes) -> Iterator[Said]:
        """Hears what is read in these; kept if reading comes to its end."""
        before, self._current = self._current, Said()
        try:
            yield self._current
            if self._current.sure and self.key and len(self.heard) < limits.PICTURES_TOLD:
                self.heard[self.digest(*files)] = self._current
        finally:
            self._current = before

    def doubt(self) -> None:
        """What is being read was not understood, or not whole."""
        if self._current is not None:
            self._current.sure = False

    def hear(self, found: object) -> None:
        """A thing that was found in what is being read."""
        if self._current is None:
            return
        match found:
            case Text():
                is_property = found.places[0][1].role.value == "property"
                said = self._current.properties if is_property else self._current.written
                said.append(found.content)
            case NotExamined():
                self.doubt()
