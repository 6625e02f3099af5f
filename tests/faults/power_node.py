"""What a disk holds of a file or a folder: as programs see it, and as a power cut leaves it."""

import random
import stat
from dataclasses import dataclass, field

SECTOR = 4096


@dataclass
class Node:
    """A file or a folder: `live` is what programs see, `safe` what a power cut leaves."""

    live: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)  # sectors that may differ
    names: dict[bytes, int] = field(default_factory=dict)  # of a folder
    safe_names: dict[bytes, int] = field(default_factory=dict)
    mode: int = stat.S_IFREG
    owner: tuple[int, int] = (0, 0)
    within: int = 1  # the folder that names it

    def write(self, at: int, data: bytes) -> None:
        self.live += bytes(max(0, at - len(self.live)))
        self.live[at : at + len(data)] = data
        self.dirty.update(range(at // SECTOR, (at + len(data) - 1) // SECTOR + 1))

    def resize(self, size: int) -> None:
        del self.live[size:]
        self.live += bytes(size - len(self.live))
        self.dirty.add(size // SECTOR)

    def sync(self) -> None:
        self.keep(self.dirty, len(self.live))
        self.dirty.clear()

    def keep(self, sectors: set[int], size: int) -> None:
        """These sectors and this length are on the disk now."""
        del self.safe[size:]
        self.safe += bytes(size - len(self.safe))
        for start in (n * SECTOR for n in sectors if n * SECTOR < size):
            piece = self.live[start : min(start + SECTOR, size)]
            self.safe[start : start + len(piece)] = piece

    def lose(self, chance: random.Random | None) -> None:
        """The power goes: some of the rest was written already, or nothing."""
        if chance is not None:
            size = len(chance.choice((self.live, self.safe)))
            self.keep({n for n in self.dirty if chance.random() < 0.5}, size)
            self.safe_names = chance.choice((self.names, self.safe_names))
        self.dirty.clear()
        self.live[:], self.names = self.safe, dict(self.safe_names)
