"""How many sessions each smtp process has, in memory that all of them see.

They share one listening socket, and whoever is awake first could take every connection that waits:
ten clients that keep theirs would then be served by one core. So who has more than another leaves
the door to that one for a moment (``server.py``).

A number in a page of memory that was mapped before the fork; each process writes its own only, and
a torn or stale one costs a moment's wait. The process that replaces a dead one begins with zero.
"""

import mmap

from mailfilter import limits

_MORE = 2  # sessions more than another has, before it matters


class Share:
    """The view of one process: `place` is its number among them."""

    def __init__(self, table: "memoryview[int]", place: int) -> None:
        self._table, self._place = table, place
        self.set(0)

    def set(self, sessions: int) -> None:
        """Say how many there are here."""
        self._table[self._place] = sessions

    @property
    def larger(self) -> bool:
        """Some other process has clearly fewer."""
        return self._table[self._place] >= min(self._table) + _MORE


def table(processes: int) -> "memoryview[int]":
    """The numbers of so many processes; made before they are forked."""
    return memoryview(mmap.mmap(-1, limits.KIB * 4 * processes)).cast("I")[:processes]
