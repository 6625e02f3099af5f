"""Bombs and exploits, each in an interpreter of its own.

What a worker uses and which descriptors it holds depends on the process that its master was forked
from; one that has run thousands of tests is no such master.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", ["bombs", "exploits"])
def test_alone(name):
    with tempfile.TemporaryDirectory(prefix="mf-") as folder:  # short: sockets have short paths
        done = _run(name, Path(folder) / "t")
    assert done.returncode == 0, done.stdout[-6000:]


def _run(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={folder}"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        [*command, str(HERE / f"alone_{name}.py")],
        check=False,
        cwd=HERE.parents[1],
        env=clean,
        capture_output=True,
        text=True,
    )
