"""The system calls of a worker: a list of what is allowed; all else is refused.

A list of what is forbidden is never complete: it lacks what the next kernel brings, and what nobody
thought of (System V memory, extended attributes, a signal that a descriptor sends). What reading
mail needs is little and known: memory, clocks, its socket, files to read where Landlock lets it. A
call that is not in `CALLS` is refused with EPERM, one that is younger than the list with ENOSYS,
so that the C library falls back to an older one. 32-bit and x32 calls end the process.

`FLAGS`, `CHOICES` and `OWN` are calls that are allowed with certain arguments: files are opened to
read; descriptors send no signals, and nothing but data; the limit on CPU is one's own; whoever
wants to send a signal sends it to himself.

Found by watching workers read the corpora and the bombs of ``tests/containment`` under strace, and
from what the C library and CPython call on errors. A call that is missing makes one message
"crashed", never clean.

Sources: seccomp(2), syscalls(2), linux/filter.h, linux/audit.h; numbers of x86-64.
Known gaps: x86-64 only; memory may be made executable, since libraries may still be loaded; what
exists in the file system can be asked (stat), though it cannot be opened.
"""

import ctypes
import os
import platform
import struct
from functools import cache

from mailfilter.workers.memory import libc

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_MODE_FILTER = 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38
_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument has two words
_YOUNG = 424  # from here on numbers were given when the list was old

CALLS = (
    *(0, 1, 3, 8, 17, 19, 20, 32, 33, 292, 436),  # read write close lseek pread readv writev dup
    *(4, 5, 6, 21, 79, 89, 137, 138, 217, 221, 262, 267, 269, 332),  # what is there: stat and kin
    *(9, 10, 11, 12, 25, 28),  # mmap mprotect munmap brk mremap madvise
    *(13, 14, 15, 131),  # signals that come
    *(7, 23, 24, 35, 36, 37, 38, 219, 232, 270, 271),  # poll select yield sleep timers epoll_wait
    *(96, 100, 201, 228, 229, 230, 318),  # clocks, random
    *(39, 63, 97, 98, 99, 102, 104, 107, 108, 110, 186, 204),  # who and where am I
    *(43, 45, 47, 48, 51, 55, 288),  # accept, receive, shutdown, names and options of a socket
    *(60, 202, 231, 273, 324, 334),  # exit, futex, what threads keep
)
_OPEN, _OPENAT, _SENDTO, _SETRLIMIT, _PRLIMIT = 2, 257, 44, 160, 302
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FLAGS = ((_OPEN, 1, _WRITING), (_OPENAT, 2, _WRITING))  # call, argument, bits that must be absent
CHOICES = (  # call, argument, what it may be
    (72, 1, (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1034)),  # fcntl: dup, flags, locks, seals; no owner
    (16, 1, (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)),  # ioctl: is it a terminal, FIONBIO, FIOCLEX
    (_SETRLIMIT, 0, (0,)),  # CPU
)
OWN = (62, 234)  # kill, tgkill: the first argument is this process
_NOBODY = 0xFFFFFFFF  # stands for this process until it is known


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def _load(argument: int, *, high: bool = False) -> bytes:
    return _instruction(_LOAD, _ARGUMENTS + 8 * argument + 4 * high)


_ALLOWED, _REFUSED = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _ERRNO | _EPERM)


def _must_be(argument: int, value: int) -> list[bytes]:
    return [_load(argument), _instruction(_JEQ, value, 1, 0), _REFUSED]


def _null(argument: int) -> list[bytes]:
    high = [_load(argument, high=True), _instruction(_JEQ, 0, 1, 0), _REFUSED]
    return [*_must_be(argument, 0), *high]


def _case(call: int, code: list[bytes]) -> list[bytes]:
    """What is looked at for this call only; its end is to allow."""
    return [_instruction(_JEQ, call, 0, len(code) + 1), *code, _ALLOWED]


def _cases() -> list[bytes]:
    code = [part for call in CALLS for part in _case(call, [])]
    for call, argument, flags in FLAGS:
        absent = [_load(argument), _instruction(_JSET, flags, 0, 1), _REFUSED]
        code += _case(call, absent)
    for call, argument, values in CHOICES:
        tried = [part for value in values for part in (_instruction(_JEQ, value, 0, 1), _ALLOWED)]
        code += _case(call, [_load(argument), *tried, _REFUSED])
    for call in OWN:
        code += _case(call, _must_be(0, _NOBODY))
    code += _case(_SENDTO, _null(4))  # no address
    cpu = [_load(1), _instruction(_JEQ, 0, 0, 1), _ALLOWED]
    return code + _case(_PRLIMIT, [*_must_be(0, 0), *cpu, *_null(2)])  # other limits: to ask


def program() -> bytes:
    """The filter for this process: a list of struct sock_filter."""
    (_, asked, _), (_, own, _) = _must_be(0, _NOBODY), _must_be(0, os.getpid())
    return for_all().replace(asked, own)


@cache
def for_all() -> bytes:
    """The filter but for the process's own number; built once, before the first fork."""
    code = [
        _instruction(_LOAD, _ARCH),
        _instruction(_JEQ, _ARCH_X86_64, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NR),
        _instruction(_JGE, _X32_BIT, 0, 1),
        _instruction(_RETURN, _KILL),
        *_cases(),
        _instruction(_LOAD, _NR),
        _instruction(_JGE, _YOUNG, 0, 1),
        _instruction(_RETURN, _ERRNO | _ENOSYS),
        _REFUSED,
    ]
    return b"".join(code)


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def filter_calls() -> bool:
    """Install the filter for good; False where this machine has none to offer."""
    if platform.machine() != "x86_64":
        return False
    code = program()
    buffer = ctypes.create_string_buffer(code)
    filtering = _Program(len(code) // 8, ctypes.addressof(buffer))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filtering), 0, 0)
    return int(refused) == 0
