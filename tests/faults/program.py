"""The real program with its fail points armed: what ``tests/faults`` starts in its place.

    python -m tests.faults.program PAGE serve -c FILE

PAGE is a `control.Page`, by which a test also puts in a bug of ``plants.py``. A fault is what the
world can do to a process at that moment; an error is of the kind that the code there can meet, with
the driver's own words.
"""

import errno
import os
import signal
import sqlite3
import sys
import time
from datetime import timedelta
from pathlib import Path

import asyncpg

from mailfilter import failpoint
from mailfilter.app import clock, supervisor
from tests.faults import plants
from tests.faults.control import Page

WORDS = {
    "locked": "database is locked",
    "read-only": "attempt to write a readonly database",
    "gone": "unable to open database file",
}


class PlantedError(Exception):
    """An error that nobody foresaw."""


def happen(fault: str, hang: float) -> None:
    """Let it happen, here and now."""
    match fault:
        case "exception":
            raise PlantedError("planted")
        case "hang":
            time.sleep(hang)
        case "kill":
            die()
        case "ENOSPC" | "EIO":
            number = getattr(errno, fault)
            raise OSError(number, os.strerror(number))
        case "gone" if os.environ.get("FAULTS_DATABASE") == "postgresql":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")
        case _:
            raise sqlite3.OperationalError(WORDS[fault])


def die() -> None:
    """kill -9; a confined worker may not signal, but it may end without a word."""
    try:
        os.kill(os.getpid(), signal.SIGKILL)
    except OSError:
        os._exit(137)
    time.sleep(60)
    os._exit(137)


def main() -> None:
    page = Page.of(Path(sys.argv[1]))
    now, today = clock.now, clock.today

    def act(point: str) -> None:
        if fault := page.due(point):
            happen(fault, page.hang)

    failpoint.arm(act)
    clock.now = lambda: now() + timedelta(seconds=page.clock)
    clock.today = lambda: clock.now().astimezone(clock.STOCKHOLM).date() if page.clock else today()
    supervisor._REST = 0.1  # many deaths in a row are what we are here for
    plants.install(page)
    sys.argv[1:2] = []
    from mailfilter.__main__ import main as program

    program()


if __name__ == "__main__":
    main()
