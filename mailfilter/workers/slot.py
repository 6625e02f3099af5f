"""The one slot for recognising pictures, shared by two workers.

The worker whose client is waiting holds the slot from before it takes a job until it ends. The one
for patient jobs holds it for a page at a time. Who is waiting says so by a lock of its own, which
it keeps: while that is held the patient one does not try, so the other waits for one page at most.

Locks of the kernel on two bytes of a memory file: they are let go when their process ends, however
it ends.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

_ASKS = 0.01  # seconds between tries
_WANTED, _TAKEN = 0, 1  # bytes of the file


class Slot:
    """Made by the master before it forks; each worker locks for itself."""

    def __init__(self) -> None:
        self._file = os.memfd_create("slot", os.MFD_CLOEXEC)

    def leave(self) -> None:
        """This process recognises no pictures."""
        os.close(self._file)

    def take(self) -> None:
        """Wait for the slot and keep it for the life of this process."""
        for byte in (_WANTED, _TAKEN):
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)

    @contextmanager
    def turn(self, until: float) -> Iterator[None]:
        """Hold the slot; by the monotonic time `until` the wait is given up and nothing is held."""
        while not self.grab() and time.monotonic() < until:
            time.sleep(_ASKS)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def grab(self) -> bool:
        """Take the slot if it is free and nobody waits for it; whether it is ours now."""
        try:
            for byte in (_WANTED, _TAKEN):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except BlockingIOError:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
            return False
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _WANTED)
        return True
