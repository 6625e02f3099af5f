"""Landlock: after `restrict` this process can open nothing but the program's own files, to read.

What a worker may still need is what Python imports late and what libraries read: the interpreter,
its packages, our own, the system's libraries and shared data. Keys, database, sockets, mail and
configuration lie elsewhere. Where the kernel knows TCP and scopes (ABI 4 and 6), those are closed
as well.

Sources: Documentation/userspace-api/landlock.rst, linux/landlock.h. Binds root, too. Known gap:
a file that was open before stays open; the worker has none but its socket and standard error.
"""

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import detectors
import mailfilter
from mailfilter.workers.memory import libc

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1  # flag of _CREATE: the answer is the ABI
_BENEATH = 1
_READ = 1 << 2 | 1 << 3  # files and folders
_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # rights on files that an ABI knows; later ones as 5
_TCP = 1 << 0 | 1 << 1  # bind, connect
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets, signals to others
_NO_NEW_PRIVILEGES = 38
_READ_FILE = 1 << 2
_SYSTEM = (
    *("/lib", "/lib64", "/usr/share", "/usr/local/lib"),
    *("/proc/meminfo", "/proc/cpuinfo", "/sys/devices/system/cpu"),  # libraries size their buffers
)
_PYTHON = ("stdlib", "platstdlib", "purelib", "platlib")


@cache
def readable() -> frozenset[Path]:
    """Folders and files that a worker may read; found once, before the first fork."""
    paths = sysconfig.get_paths()
    own = (Path(module.__file__ or "/").parent for module in (mailfilter, detectors))
    python = (Path(paths[name]) for name in _PYTHON)
    prefixes = (Path(sys.prefix) / "lib", Path(sys.base_prefix) / "lib", Path("/usr/lib"))
    system = (Path(name) for name in _SYSTEM)
    return frozenset(
        path.resolve() for path in (*own, *python, *prefixes, *system) if path.exists()
    )


@cache
def ruleset() -> int:
    """A descriptor of what is allowed, -1 where the kernel has no Landlock; made once, as above."""
    return _made(_TCP, _SCOPES, readable())


def _made(tcp: int, scopes: int, paths: Iterable[Path]) -> int:
    abi = libc.syscall(_CREATE, None, 0, _VERSION)
    if abi < 1:
        return -1
    attributes = struct.pack("=QQQ", (1 << _BITS[min(abi, 5)]) - 1, tcp, scopes)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    made = int(libc.syscall(_CREATE, attributes, size, 0))
    for path in paths if made >= 0 else ():
        _allow(made, path)
    return made


def restrict_files(also: Iterable[Path]) -> bool:
    """For a process that serves: it can read the program's own files and those of `also`, and open
    no other, nor write any; its sockets stay as they are. False without Landlock."""
    there = frozenset(path.resolve() for path in also if path.exists())
    return _in_force(_made(0, 0, readable() | there))


def restrict() -> bool:
    """Close everything else for good; False where the kernel has no Landlock."""
    return _in_force(ruleset())


def _in_force(rules: int) -> bool:
    if rules < 0:
        return False
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = int(libc.syscall(_RESTRICT, rules, 0)) == 0
    os.close(rules)
    return done


def _allow(rules: int, folder: Path) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ if folder.is_dir() else _READ_FILE
        rule = struct.pack("=Qi", rights, descriptor)
        if libc.syscall(_ADD, rules, _BENEATH, rule, 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule")
    finally:
        os.close(descriptor)
