"""Confinement of a scan worker: limits, no capabilities, Landlock, seccomp (P11).

A worker that a hostile file has taken over can neither start a program, nor make a process or a
socket, nor open a file for writing, nor read a file that is not the program's own, nor touch
another process, nor print, nor raise its limits. RLIMIT_NPROC would not bind root, so fork is
denied by the list of system calls (`seccomp.py`). `confine` returns what is in force, and the
master logs it: a degraded state must be seen.

Sources: capabilities(7), capset(2), setrlimit(2), prctl(2).
"""

import os
import platform
import resource
import signal
import struct

from mailfilter import limits
from mailfilter.workers.landlock import restrict, ruleset
from mailfilter.workers.memory import libc
from mailfilter.workers.seccomp import filter_calls, for_all

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CAPSET, _CAPABILITIES = 126, 0x20080522  # on x86-64; elsewhere root keeps what it has
_READ_ANY = 1 << 2  # CAP_DAC_READ_SEARCH, within what Landlock shows: root's own packages

LEVELS = ("limits", "landlock", "seccomp", "full")


def prepare() -> None:
    """Make what all workers are confined by, once, before the first of them is forked."""
    ruleset()
    for_all()


def die_with(master: int) -> None:
    """End by SIGKILL when the master is gone, also if it went while this process was being made."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:
        os.kill(os.getpid(), signal.SIGKILL)


def confine() -> str:
    """Confine this process for good; what is in force, one of `LEVELS`."""
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_AS, limits.WORKER_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))
    os.environ.clear()
    _mute()
    _drop_capabilities()
    landlock, seccomp = restrict(), filter_calls()
    return LEVELS[landlock + 2 * seccomp]


def _mute() -> None:
    """Nothing is heard from a worker but its answer: what libraries print may quote a mail."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _drop_capabilities() -> None:
    """Root's powers, such as raising its own limits, are gone for good."""
    if platform.machine() != "x86_64":
        return
    header = struct.pack("II", _CAPABILITIES, 0)
    libc.syscall(_CAPSET, header, struct.pack("6I", _READ_ANY, _READ_ANY, 0, 0, 0, 0))


def start_clock(seconds: float, cpu_seconds: int, *, final: bool) -> None:
    """Give the job its time. The kernel ends the process when it is up, inside C code too.

    `final`: this is the last job, and the limit on CPU cannot be raised again (but by root).
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + cpu_seconds + 1
    hard = spent + 1 if final else resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent, hard))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def stop_clock() -> None:
    """The job is done."""
    signal.setitimer(signal.ITIMER_REAL, 0)
