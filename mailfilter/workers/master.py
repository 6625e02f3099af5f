"""The master of the scan workers: forks them warm, replaces those that end.

From → to: a listening Unix socket and a number → that many confined workers, always. The master
itself reads no mail. It has everything imported before the first fork, so that a worker costs
some two milliseconds and shares its memory.
"""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

from mailfilter.examine import warm
from mailfilter.extract import picture
from mailfilter.log import log
from mailfilter.workers.confine import LEVELS, confine
from mailfilter.workers.landlock import readable
from mailfilter.workers.worker import work

OCR_NICENESS = 19  # a worker that reads a picture lets all others go first
QUEUE = 512  # jobs that wait for a worker; a full queue answers 451
_WATCHED = {signal.SIGTERM, signal.SIGCHLD}
_RESTS = 0.2  # seconds between forks when workers end faster than they are made


def listen(path: Path) -> socket.socket:
    """The socket that jobs come on; only this user may connect."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(QUEUE)
    return listener


def run(listener: socket.socket, workers: int, *, quiet: bool = False) -> None:
    """Keep `workers` workers alive until SIGTERM; returns after they have ended.

    `quiet` for a command at a terminal: only what is amiss is said.

    Signals are waited for, not handled: a handler that runs in the middle of a fork can be lost.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    warm()
    for package in picture.prepare(OCR_NICENESS):
        log.warning("ocr-degraded", missing=package)
    readable()
    _tell_level(_probe(), quiet)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    alive: set[int] = set()
    began = time.monotonic()
    while True:
        while len(alive) < workers:
            alive.add(_fork(listener))
        if signal.sigwait(_WATCHED) == signal.SIGTERM:
            break
        if _bury(alive) and time.monotonic() - began < _RESTS / 10:
            time.sleep(_RESTS)  # workers die as fast as they are made
        began = time.monotonic()
    _end(alive)


def _probe() -> str:
    """What confinement comes to on this machine, tried by a child that reads no mail."""
    if not (pid := os.fork()):
        level = 0
        try:
            level = LEVELS.index(confine())
        finally:
            os._exit(level)
    _, status = os.waitpid(pid, 0)
    return LEVELS[os.waitstatus_to_exitcode(status)]


def _tell_level(level: str, quiet: bool) -> None:
    if level != LEVELS[-1]:
        log.error("workers", confinement=level)
    elif not quiet:
        log.info("workers", confinement=level)


def _bury(alive: set[int]) -> bool:
    """Take the dead out of `alive`; True if one of them was killed or failed."""
    bad = False
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return bad
        if not pid:
            return bad
        alive.discard(pid)
        bad = bad or status != 0
        _tell(status)


def _tell(status: int) -> None:
    """A worker that was killed is worth a line; one that had done its job is not."""
    if os.WIFSIGNALED(status):
        log.warning("worker-killed", signal=signal.Signals(os.WTERMSIG(status)).name)
    elif os.WEXITSTATUS(status):
        log.warning("worker-failed", status=os.WEXITSTATUS(status))


def _fork(listener: socket.socket) -> int:
    if pid := os.fork():
        return pid
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        confine()
        work(listener)
        status = 0
    finally:
        os._exit(status)


def _end(alive: set[int]) -> None:
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in alive:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
