"""The supervisor: forks the processes of one installation, replaces those that die, stops them.

From → to: a list of `Role` → running processes until SIGTERM. It is single-threaded, holds no
keys, reads no mail, and has everything imported before the first fork, so that its children share
that memory.

A process that hangs is replaced too: its event loop writes the time into a page that all share
(`keep_beating`, once in `limits.HEARTBEAT` seconds, so mail pays nothing; the master of the scan
workers has no event loop and calls `beat`); who is silent for `limits.HANG_TIMEOUT` gets SIGKILL.
The clock starts at the fork, so that a start that hangs is seen too: a role begins to beat before
it does what may take long. Meanwhile what it should have done is a 451. Scan workers do not have
the page (`leave`): their master ends them by its own clock.

SIGHUP is passed on (reload of rules). SIGTERM and SIGINT stop the roles in their order: first
those that take mail, so that what is past the dot can still be stored by those behind them.

A process that cannot be forked (no memory, too many tasks) is tried again each second; the others
go on meanwhile.
"""

import asyncio
import ctypes
import mmap
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailfilter import failpoint, limits
from mailfilter.log import log

_QUICK = 5.0  # a child that lived shorter is started again only after a rest
_REST = 1.0
_PR_SET_PDEATHSIG = 1
_LOOK = 5.0  # seconds between looks for who hangs
_PLACES = 512  # processes that can be watched at a time
_PAGE = mmap.mmap(-1, _PLACES * 8)
_BEATS = memoryview(_PAGE).cast("d")  # when each was forked or last heard, or 0
_WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of process: `run` is called in the child and returns when it has stopped.

    `patience` is how long a stop may take before SIGKILL. `order`: lower stops earlier. One that
    is not `watched` never beats, and may hang.
    """

    name: str
    run: Callable[[], None]
    count: int = 1
    order: int = 0
    patience: float = 10.0
    watched: bool = True


@dataclass(slots=True)
class Supervisor:
    """Runs `roles` until told to stop."""

    roles: Sequence[Role]
    on_stop: Callable[[], None] = lambda: None  # called when the end begins
    on_reload: Callable[[], None] = lambda: None  # called before the others are told
    _alive: dict[int, tuple[Role, float]] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)  # of a process in _BEATS
    _looked: float = 0.0
    _missing: list[Role] = field(default_factory=list)  # could not be forked

    def run(self, when_up: Callable[[], None] = lambda: None) -> None:
        """Start all, call `when_up`, watch until SIGTERM or SIGINT, stop all."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        for role in self.roles:
            for _ in range(role.count):
                self._start(role)
        when_up()
        while True:
            told = self._next_signal()
            if time.monotonic() - self._looked >= _LOOK:
                self._kill_hung()
            match told:
                case 0:
                    continue
                case signal.SIGCHLD:
                    self._replace_dead()
                case signal.SIGHUP:
                    self._reload()
                    self._tell_all(signal.SIGHUP)
                case _:
                    break
        self.stop()

    def stop(self) -> None:
        """Stop the roles in their order, waiting for each."""
        self.on_stop()
        for order in sorted({role.order for role in self.roles}):
            pids = [pid for pid, (role, _) in self._alive.items() if role.order == order]
            patience = max((self._alive[pid][0].patience for pid in pids), default=0)
            self._stop(pids, patience)

    def _next_signal(self) -> int:
        """Wait for one; 0 when it is time to look for who hangs. While a process is missing only a
        moment, and then as if one had ended."""
        told = signal.sigtimedwait(_WATCHED, _REST if self._missing else _LOOK)
        if told is not None:
            return told.si_signo
        return signal.SIGCHLD if self._missing else 0

    def _reload(self) -> None:
        try:
            self.on_reload()
        except Exception as error:  # whatever it is, the processes that run go on
            log.error("reload", kind=type(error).__name__)

    def _kill_hung(self) -> None:
        """End who is silent; it is replaced like all who die. If we were stopped ourselves (a
        machine that slept), the others were too, and get another chance."""
        now = time.monotonic()
        slept = now - self._looked > _LOOK + limits.HANG_TIMEOUT / 2
        self._looked = now
        for pid, place in self._places.items():
            heard = _BEATS[place]
            if heard and slept:
                _BEATS[place] = now
            elif heard and now - heard > limits.HANG_TIMEOUT:
                log.error("process-hung", role=self._alive[pid][0].name, timeout="HANG_TIMEOUT")
                os.kill(pid, signal.SIGKILL)

    def _start(self, role: Role) -> None:
        global _place  # noqa: PLW0603 — of the child: its place is its own
        _place = next(n for n in range(_PLACES) if n not in self._places.values())
        _BEATS[_place] = time.monotonic() if role.watched else 0
        try:
            failpoint.reach("fork")
            supervisor = os.getpid()
            pid = os.fork()
        except OSError as error:
            log.error("process-not-started", role=role.name, cause=str(error.strerror))
            self._missing.append(role)
            return
        if pid:
            self._alive[pid] = (role, time.monotonic())
            self._places[pid] = _place
            return
        status = 1
        try:
            die_with(supervisor)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            failpoint.reach("child_began")
            role.run()
            status = 0
        except BaseException as error:
            log.error(
                "process-failed", role=role.name, kind=type(error).__name__, cause=_cause(error)
            )
        finally:
            os._exit(status)

    def _replace_dead(self) -> None:
        missing, self._missing = self._missing, []
        for late in missing:
            self._start(late)
        for pid, status in _ended():
            role, since = self._alive.pop(pid, (None, 0.0))
            self._places.pop(pid, None)
            if role is None:
                continue
            log.error("process-ended", role=role.name, status=status)
            failpoint.reach("child_ended")
            if time.monotonic() - since < _QUICK:
                time.sleep(_REST)
            self._start(role)

    def _tell_all(self, number: signal.Signals) -> None:
        for pid in self._alive:
            os.kill(pid, number)

    def _stop(self, pids: list[int], patience: float) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + patience
        while any(pid in self._alive for pid in pids):
            for pid, _status in _ended():
                self._alive.pop(pid, None)
            if time.monotonic() > end:
                for pid in set(pids) & set(self._alive):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


_place = 0


def beat() -> None:
    """This process tells the supervisor that it runs."""
    _BEATS[_place] = time.monotonic()


def leave() -> None:
    """This process loses the page: who takes it over speaks for no other."""
    _BEATS.release()
    _PAGE.close()


def keep_beating() -> None:
    """The running loop of this process beats from now on."""
    beat()
    asyncio.get_running_loop().call_later(limits.HEARTBEAT, keep_beating)


def die_with(parent: int) -> None:
    """End by SIGTERM when the supervisor is gone, however it went; nobody is left without one."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _ended() -> list[tuple[int, int]]:
    """Children that have ended, with their status."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended.append((pid, status))


def _cause(error: BaseException) -> str:
    """A configuration error's own sentence; of anything else only its type is told."""
    from mailfilter.errors import ConfigError

    return str(error) if isinstance(error, ConfigError | OSError) else ""
