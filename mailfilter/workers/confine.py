"""Confinement of a scan worker: limits on memory, CPU and files, Landlock, seccomp (P11).

A worker that a hostile file has taken over can neither start a program, nor make a process or a
socket, nor open a file for writing, nor read a file that is not the program's own, nor touch
another process. RLIMIT_NPROC would not bind root, so fork is denied by seccomp. `confine` returns
what is in force, and the master logs it: a degraded state must be seen.

Sources: seccomp(2), linux/filter.h, linux/audit.h; system-call numbers of x86-64.
Known gap: the filter exists for x86-64 only.
"""

import ctypes
import os
import platform
import resource
import signal
import struct

from mailfilter import limits
from mailfilter.workers.landlock import readable, restrict

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_MODE_FILTER = 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38
_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG1, _ARG2 = 0, 4, 24, 32  # offsets in struct seccomp_data, low words

_OPEN, _OPENAT = 2, 257
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# "no such call" makes the C library fall back to the older one, which is filtered by argument
_ABSENT = (435, 437, 425, 426, 427)  # clone3 openat2 io_uring_*
_DENIED = (
    *(56, 57, 58, 59, 322),  # clone fork vfork execve execveat
    *(41, 42, 49, 50, 53),  # socket connect bind listen socketpair
    *(62, 200, 234, 101, 310, 311, 434, 438),  # kill tkill tgkill ptrace process_vm_* pidfd_*
    *(82, 83, 84, 85, 86, 87, 88, 133, 259, 258, 263, 264, 265, 266, 316),  # names in the tree
    *(76, 77, 90, 91, 92, 93, 94, 260, 268, 452, 280, 132),  # truncate chmod chown utime
    *(161, 155, 165, 166, 272, 308, 428, 429, 430, 432, 442),  # chroot mount unshare setns
    *(105, 106, 113, 114, 117, 119, 126),  # setuid and its like
    *(321, 298, 323, 246, 320, 175, 176, 313, 304, 303),  # bpf perf userfaultfd kexec modules
    *(250, 248, 249, 135, 169, 167, 168, 153),  # keyrings personality reboot swap
)


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def program() -> bytes:
    """The filter: a list of struct sock_filter."""
    code = [
        _instruction(_LOAD, _ARCH),
        _instruction(_JEQ, _ARCH_X86_64, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NR),
        _instruction(_JGE, _X32_BIT, 0, 1),
        _instruction(_RETURN, _KILL),
    ]
    for calls, error in ((_DENIED, _EPERM), (_ABSENT, _ENOSYS)):
        for call in calls:
            code += [_instruction(_JEQ, call, 0, 1), _instruction(_RETURN, _ERRNO | error)]
    for call, flags in ((_OPEN, _ARG1), (_OPENAT, _ARG2)):
        code += [
            _instruction(_JEQ, call, 0, 4),
            _instruction(_LOAD, flags),
            _instruction(_JSET, _WRITING, 0, 1),
            _instruction(_RETURN, _ERRNO | _EPERM),
            _instruction(_RETURN, _ALLOW),
        ]
    return b"".join([*code, _instruction(_RETURN, _ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _filter() -> bool:
    """Install the seccomp filter; False where this machine has none to offer."""
    if platform.machine() != "x86_64":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = program()
    buffer = ctypes.create_string_buffer(code)
    filtering = _Program(len(code) // 8, ctypes.addressof(buffer))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filtering), 0, 0)
    return int(refused) == 0


LEVELS = ("limits", "landlock", "seccomp", "full")


def confine() -> str:
    """Confine this process for good; what is in force, one of `LEVELS`."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_AS, limits.WORKER_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))
    os.environ.clear()
    landlock, seccomp = restrict(readable()), _filter()
    return LEVELS[landlock + 2 * seccomp]


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
