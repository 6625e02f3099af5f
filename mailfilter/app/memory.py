"""Memory of all processes, settled once before they are forked.

The C library gives freed memory back to the kernel as soon as 128 KiB lie at the end of the heap,
and takes large blocks from the kernel one by one: each message of a MiB then costs some 300 page
faults, 0.5 ms of CPU. So a bounded rest is kept, and only what is larger than most messages is a
block of its own, which goes back at once.

What was made before the fork lives as long as the process. `get_ready` (workers) keeps the garbage
collector from looking at it again, and from writing into pages that all processes share.
"""

import ctypes
import gc

from mailfilter import limits

KEPT = 32 * limits.MIB  # free memory that a process keeps at the end of its heap
OWN_BLOCK = 8 * limits.MIB
COLLECT_AFTER = 20_000  # new containers that outlive those let go: some 20 messages in hand
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # malloc.h


def settle() -> None:
    """Set both, before the first fork."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc
        mallopt(_MMAP_THRESHOLD, OWN_BLOCK)
        mallopt(_TRIM_THRESHOLD, KEPT)
        mallopt(_TOP_PAD, limits.MIB)
    gc.set_threshold(COLLECT_AFTER, 10, 10)
