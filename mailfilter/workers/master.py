"""The master of the scan workers: forks them warm, replaces those that end, ends the overdue.

From → to: the sockets of all classes and a number → that many confined workers of each class,
always. The master itself reads no mail. It has everything imported, and has read a letter of our
own (`rehearsal.py`), before the first fork, and lies in large pages (`memory.py`), so that a worker
costs some two milliseconds and shares its memory.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from detectors.health import judge
from mailfilter.extract import NOTHING, Has
from mailfilter.extract.image import picture
from mailfilter.log import log
from mailfilter.workers.board import Board
from mailfilter.workers.classes import NICENESS, RECOGNISING, Kind, counts, door
from mailfilter.workers.confine import LEVELS, confine, die_with, prepare
from mailfilter.workers.memory import freeze
from mailfilter.workers.rehearsal import get_ready, rehearse
from mailfilter.workers.slot import Slot
from mailfilter.workers.state import State
from mailfilter.workers.worker import Post, bell, work

QUEUE = 512  # jobs that wait for a worker of a class; a full queue answers 451
_WATCHED = {signal.SIGTERM, signal.SIGCHLD}
_RESTS = 0.2  # seconds between forks when workers end faster than they are made
_LOOKS = 1.0  # seconds between looks at the board


@dataclass(frozen=True, slots=True)
class Doors:
    """The sockets that jobs come on. `path` is that of text, which names the others."""

    path: Path
    listeners: dict[Kind, socket.socket]

    def close(self) -> None:
        """This process neither listens nor keeps others waiting."""
        for listener in self.listeners.values():
            listener.close()

    def stay_alone(self) -> None:
        """Close all other descriptors of this process, but for what it prints to.

        Its workers inherit what it has, and who takes one over could use it: the lock of the
        installation, say, or what the program that started this one left open.
        """
        kept = {0, 1, 2, *(listener.fileno() for listener in self.listeners.values())}
        for before, after in pairwise((*sorted(kept), os.sysconf("SC_OPEN_MAX"))):
            os.closerange(before + 1, after)


def listen(path: Path) -> Doors:
    """Make the sockets; only this user may connect."""
    return Doors(path, {kind: _listener(door(path, kind)) for kind in Kind})


def _listener(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(QUEUE)
    return listener


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the master has of whoever watches it: how it tells that it runs, how its workers lose
    the means, what all know of pictures."""

    beat: Callable[[], None] = lambda: None
    leave: Callable[[], None] = lambda: None
    pictures: Has = NOTHING  # which were read before, to look at only


def run(
    doors: Doors,
    workers: int,
    *,
    documents: int | None = None,
    quiet: bool = False,
    pulse: Pulse | None = None,
) -> None:
    """Keep `workers` workers for text, and their fellows, alive until SIGTERM; then end them.

    `documents` workers for documents are kept, if said, and not one fewer than there are cores.
    `quiet` for a command at a terminal: only what is amiss is said.

    Signals are waited for, not handled: a handler that runs in the middle of a fork can be lost.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pulse = pulse or Pulse()
    for package in picture.prepare():
        log.warning("ocr-degraded", missing=package)
    if why := judge.missing():
        log.warning("judge-missing", cause=why)
    pulse.beat()
    if quiet:
        rehearse()  # ends soon: settling memory costs it more than it saves
    else:
        get_ready()
    prepare()
    pulse.beat()
    level = _probe()
    _tell_level(level, quiet)
    freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    wanted = counts(workers, cores()) | ({Kind.DOCUMENT: documents} if documents else {})
    shop = Shop(doors, State(doors.path, level), wanted, pulse)
    pulse.beat()
    shop.fill()
    began = time.monotonic()
    while True:
        pulse.beat()
        told = signal.sigtimedwait(_WATCHED, _LOOKS)
        if told is not None and told.si_signo == signal.SIGTERM:
            break
        shop.end_overdue()
        if shop.bury() and time.monotonic() - began < _RESTS / 10:
            time.sleep(_RESTS)  # workers die as fast as they are made
        if told is not None:
            began = time.monotonic()
        shop.fill()
    shop.end()


class Shop:
    """All workers of one master. Each sits on a seat, and a seat belongs to one class."""

    def __init__(self, doors: Doors, state: State, wanted: dict[Kind, int], pulse: Pulse) -> None:
        self._doors, self._state, self._pulse = doors, state, pulse
        self._seats = [kind for kind, count in wanted.items() for _ in range(count)]
        self._board, self._slot = Board(len(self._seats)), Slot()
        self._alive: dict[int, int] = {}  # process id → seat

    def fill(self) -> None:
        """Fork a worker for each empty seat."""
        for seat in set(range(len(self._seats))) - set(self._alive.values()):
            self._board.clear(seat)
            self._alive[self._fork(seat)] = seat

    def _fork(self, seat: int) -> int:
        master = os.getpid()
        if pid := os.fork():
            return pid
        status = 1
        try:
            die_with(master)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            kind = self._seats[seat]
            os.nice(NICENESS[kind])
            self._leave_what_is_others(kind)
            listener = self._doors.listeners[kind]
            rung = bell(listener) if kind is Kind.TEXT else None
            confine()
            work(Post(kind, listener, self._slot, self._board, seat, rung, self._pulse.pictures))
            status = 0
        finally:
            os._exit(status)

    def _leave_what_is_others(self, kind: Kind) -> None:
        """A worker that is taken over must not take the jobs of other classes, nor their slot."""
        for other, listener in self._doors.listeners.items():
            if other is not kind:
                listener.close()
        if kind not in RECOGNISING:
            self._slot.leave()
        if kind is Kind.TEXT:
            self._board.leave()
        self._pulse.leave()

    def end_overdue(self) -> None:
        """Kill single-use workers that are past their time: starved, or their clock is stopped."""
        now = time.monotonic()
        for pid, seat in self._alive.items():
            if self._board.overdue(seat, now):
                log.warning("worker-overdue", kind=self._seats[seat])
                os.kill(pid, signal.SIGKILL)
                self._board.clear(seat)

    def bury(self) -> bool:
        """Take the dead out; True if one of them was killed or failed."""
        bad = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return bad
            if not pid:
                return bad
            seat = self._alive.pop(pid, None)
            if seat is not None and status:
                bad = True
                self._tell(self._seats[seat], status)

    def _tell(self, kind: Kind, status: int) -> None:
        """A worker that was killed is worth a line; one that had done its job is not."""
        if os.WIFSIGNALED(status):
            log.warning("worker-killed", kind=kind, signal=signal.Signals(os.WTERMSIG(status)).name)
        else:
            log.warning("worker-failed", kind=kind, status=os.WEXITSTATUS(status))
        self._state.ended(kind)

    def end(self) -> None:
        """Kill all and wait for them."""
        for pid in self._alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._alive:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


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
