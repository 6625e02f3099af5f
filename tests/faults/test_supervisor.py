"""The supervisor when the machine has no room for another process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import errno, os, signal, time
from mailfilter import failpoint, supervisor

forks = []

def full(point):
    if point == "fork":
        forks.append(point)
        if len(forks) in (2, 3):
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

def work():
    print("up", len(forks), flush=True)
    if len(forks) == 4:
        os.kill(os.getppid(), signal.SIGTERM)
        signal.pause()

failpoint.arm(full)
supervisor._REST = supervisor._QUICK = 0.05
supervisor.Supervisor([supervisor.Role("work", work)]).run()
"""


def test_a_process_that_cannot_be_forked_is_tried_again():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [row for row in done.stdout.splitlines() if row[:2] == "up"] == ["up 1", "up 4"]
    assert done.stdout.count("process-not-started") == 2 or "process-not-started" in done.stderr
