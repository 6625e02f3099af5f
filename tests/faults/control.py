"""The page by which a test reaches into a running program: which point fails how, and the clock.

A file of 4 KiB that both sides map. The program maps it before it forks, so its children share it,
confined workers too. What is written here works at once, in every process, without a restart.
"""

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path

SIZE = 4096
NAME, KIND, SKIP, FIRED, AT, CLOCK, HANG, PLANT, END = 0, 48, 49, 50, 56, 64, 72, 80, 128
FAULTS = ("exception", "hang", "kill", "ENOSPC", "EIO", "locked", "read-only", "gone")
LASTS = 0x80  # the fault stays until `disarm`


@dataclass(frozen=True)
class Page:
    """`of` maps a file, which is made if it is not there."""

    map: mmap.mmap

    @staticmethod
    def of(path: Path) -> "Page":
        if not path.exists():
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            return Page(mmap.mmap(file.fileno(), SIZE))

    def _number(self, at: int, value: float | None = None) -> float:
        if value is not None:
            struct.pack_into("d", self.map, at, value)
        return struct.unpack_from("d", self.map, at)[0]

    # ---- the test's side ----

    def arm(self, point: str, fault: str, *, skip: int = 0, hang: float = 3.0, lasts=False) -> None:
        """The next time that any process is at `point`, or after `skip` times, `fault` happens."""
        self.disarm()
        self.map[NAME:KIND] = point.encode().ljust(KIND, b"\0")
        self.map[SKIP], self.map[FIRED] = skip, 0
        self._number(HANG, hang)
        self.map[KIND] = (FAULTS.index(fault) + 1) | (LASTS if lasts else 0)

    def disarm(self) -> None:
        self.map[KIND] = 0

    @property
    def fired(self) -> int:
        """How often it has happened since `arm`."""
        return self.map[FIRED]

    @property
    def fired_at(self) -> float:
        """When (`time.monotonic`)."""
        return self._number(AT)

    def step_clock(self, seconds: float) -> None:
        """From now on the program's clock is so many seconds off."""
        self._number(CLOCK, seconds)

    def plant(self, bug: str = "") -> None:
        """From now on the program has this bug of ``plants.py``, and no other."""
        self.map[PLANT:END] = bug.encode().ljust(END - PLANT, b"\0")

    # ---- the program's side ----

    @property
    def planted(self) -> str:
        return self.map[PLANT:END].rstrip(b"\0").decode()

    @property
    def clock(self) -> float:
        return self._number(CLOCK)

    def due(self, point: str) -> str:
        """The fault that happens at this point now, or nothing."""
        kind = self.map[KIND]
        if not kind or self.map[NAME:KIND].rstrip(b"\0") != point.encode():
            return ""
        if self.map[SKIP]:
            self.map[SKIP] -= 1
            return ""
        if not kind & LASTS:
            self.map[KIND] = 0
        self.map[FIRED] = min(self.map[FIRED] + 1, 255)
        self._number(AT, time.monotonic())
        return FAULTS[(kind & ~LASTS) - 1]

    @property
    def hang(self) -> float:
        return self._number(HANG)
