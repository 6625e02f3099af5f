"""Where single-use workers write by when they must have ended, and the master reads it.

A worker times itself out, but one that a hostile file has taken over may stop its clock. So it
writes its end here when it is given a job, before it sees a byte of mail, and then lets go of the
memory: it cannot take back what it wrote, and the master kills whoever is overdue.
"""

import mmap
import struct

_SIZE = 8


class Board:
    """Memory shared by the master and its children: one number a seat, 0 while it has no job."""

    def __init__(self, seats: int) -> None:
        self._memory = mmap.mmap(-1, seats * _SIZE)

    def clear(self, seat: int) -> None:
        """A new worker sits there."""
        self._write(seat, 0.0)

    def ends(self, seat: int, when: float) -> None:
        """This worker ends by the monotonic time `when`; from here on it cannot write."""
        self._write(seat, when)
        self._memory.close()

    def leave(self) -> None:
        """This process has no end to write."""
        self._memory.close()

    def overdue(self, seat: int, now: float) -> bool:
        """Whether it should have ended by now."""
        when: float = struct.unpack_from("d", self._memory, seat * _SIZE)[0]
        return 0 < when < now

    def _write(self, seat: int, when: float) -> None:
        struct.pack_into("d", self._memory, seat * _SIZE, when)
