"""Reading a mail in a real worker, and what that cost the worker.

From → to: a mail → `Cost`: the examination, wall time, CPU seconds and peak memory of the process
that read it. The worker writes its own counters into shared memory when it is done; for one that
was killed, the master does, from what the kernel tells it.
"""

import asyncio
import mmap
import os
import resource
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailfilter.model import Class, Coverage, Examination
from mailfilter.workers import worker
from mailfilter.workers.pool import Pool
from tests.test_workers import JOB, running

_FORM = struct.Struct("<2d")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and MiB of memory at the peak, what it shares with its master included."""

    found: Examination
    wall: float
    cpu: float
    memory: float

    @property
    def hit(self) -> bool:
        return self.found.coverage is Coverage.HIT or any(
            f.kind == "se.personnummer" for f in self.found.findings
        )

    @property
    def crashed(self) -> bool:
        return any(n.cls is Class.CRASHED for n in self.found.not_examined)

    @property
    def reasons(self) -> str:
        return " ".join(sorted({n.reason for n in self.found.not_examined}))


class Meter:
    """Workers on a socket in `folder` that write down what they use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "scan.sock"
        self._shared = mmap.mmap(-1, _FORM.size)
        self.pool = Pool(self._path, wait=100, seconds=100)  # the CPU counts, not the clock

    def _answer(self, original, *given):
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            return original(*given)
        finally:
            after = resource.getrusage(resource.RUSAGE_SELF)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self._add(spent, after.ru_maxrss / 1024)

    def _add(self, seconds: float, memory: float) -> None:
        """A mail may pass through several workers; the largest counts."""
        already, most = _FORM.unpack(self._shared[:])
        self._shared[:] = _FORM.pack(already + seconds, max(most, memory))

    @contextmanager
    def running(self, workers: int = 1):
        """The pool is alive within; each worker of it reads one mail."""
        real = worker._answer, worker.JOBS_PER_WORKER, os.waitpid

        def waitpid(pid, options):
            found, status, used = os.wait4(pid, options)
            if status:
                self._add(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
            return found, status

        worker._answer = partial(self._answer, real[0])  # in the master that is forked now
        worker.JOBS_PER_WORKER, os.waitpid = 1, waitpid
        try:
            with running(self._path, workers):
                worker._answer, worker.JOBS_PER_WORKER, os.waitpid = real
                yield self
        finally:
            worker._answer, worker.JOBS_PER_WORKER, os.waitpid = real

    async def read(self, mail: bytes) -> Cost:
        self._shared[:] = bytes(_FORM.size)
        began = time.monotonic()
        found = await self.pool.examine(mail, JOB)
        wall = time.monotonic() - began
        if not any(self._shared):
            await asyncio.sleep(0.2)  # until the master has heard of the death
        return Cost(found, wall, *_FORM.unpack(self._shared[:]))
