"""Starting `serve` many times: a process that has imported everything forks one when it is asked.

What it runs is `app.run`, as the command does; only the seconds of importing are saved.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

_PATIENCE = 90.0  # seconds for an orderly stop


class Starter:
    """Make it before any thread of this process: it is a fork of it."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._told, tell = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._ask)
            _serve_starts(asked, tell)
        os.close(asked)
        os.close(tell)

    def start(self, file: Path, log: Path) -> int:
        """The process of a `serve` on this file."""
        os.write(self._ask, f"{file}\t{log}\n".encode())
        return int(os.read(self._told, 32))

    def close(self) -> None:
        """End it; what it started goes on."""
        os.close(self._ask)
        os.close(self._told)
        os.waitpid(self.pid, 0)


def _serve_starts(asked: int, tell: int) -> NoReturn:
    from mailfilter import app

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with os.fdopen(asked) as lines:
        for line in lines:
            file, log = map(Path, line.rstrip("\n").split("\t"))
            if not (pid := os.fork()):
                _run(app, file, log, tell)
            os.write(tell, f"{pid}".encode())
    os._exit(0)


def _run(app, file: Path, log: Path, tell: int) -> NoReturn:
    from mailfilter.errors import ConfigError

    status = 1
    try:
        os.setsid()
        os.close(tell)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(file.parent)
        app.run(file)
        status = 0
    except ConfigError as error:
        print(error, file=sys.stderr, flush=True)
        status = 2
    finally:
        os._exit(status)


def is_alive(pid: int) -> bool:
    """Whether the process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end(pid: int) -> None:
    """Ask it to stop, and wait; whatever is left of its group is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    due = time.monotonic() + _PATIENCE
    while is_alive(pid) and time.monotonic() < due:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
