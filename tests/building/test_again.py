"""What `.ci/run` may try again: a test of the whole program or of sockets, and no other."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.again import MOST, main, may_try
from tests.conftest import TALKING, FailedList

ROOT = Path(__file__).parents[2]
PLANTED = """
import pytest
from pathlib import Path

@pytest.mark.system
def test_of_the_program():
    seen = Path(__file__).with_suffix(".seen")
    before = seen.exists()
    seen.touch()
    assert before or {always}

@pytest.mark.skipif({quiet}, reason="not planted")
def test_of_a_function():
    raise AssertionError

def test_that_is_right():
    pass
"""


@dataclass(frozen=True)
class Failed:
    """A report of pytest, as far as the list reads it."""

    nodeid: str
    failed: bool = True
    keywords: tuple[str, ...] = ()


def suite(folder: Path, *, quiet: bool) -> Path:
    """The list that a suite leaves whose first test fails at its first run."""
    test, failed = folder / "test_planted.py", folder / "failed"
    test.write_text(PLANTED.format(always=False, quiet=quiet))
    options = ("-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "-n", "2")
    command = [sys.executable, "-m", "pytest", *options, f"--failed-list={failed}", str(test)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return failed


def test_the_list_names_each_test_that_failed_and_its_kind(tmp_path):
    lines = suite(tmp_path, quiet=False).read_text().splitlines()
    names = {line.rpartition("::")[2]: line.split("\t")[0] for line in lines}
    assert names == {"test_of_the_program": "system", "test_of_a_function": "other"}


def test_a_test_that_talks_is_one_of_the_program(tmp_path):
    """A room of sockets counts, a room of functions does not; nor does a room that is not there."""
    kept = FailedList(tmp_path / "list")
    for room in ("receive", "detectors"):
        kept.pytest_runtest_logreport(Failed(f"tests/{room}/test_a.py::test"))
    kept.pytest_sessionfinish()
    lines = (tmp_path / "list").read_text().splitlines()
    assert lines == [
        "system\ttests/receive/test_a.py::test",
        "other\ttests/detectors/test_a.py::test",
    ]
    assert all((ROOT / room).is_dir() for room in TALKING)


def test_a_list_of_the_program_alone_may_be_tried(tmp_path):
    lines = suite(tmp_path, quiet=True).read_text().splitlines()
    assert [name.rpartition("::")[2] for name in may_try(lines)] == ["test_of_the_program"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["other\ttests/a.py::test"],
        ["system\ttests/a.py::test", "other\ttests/b.py::test"],
        [f"system\ttests/a.py::test{n}" for n in range(MOST + 1)],
    ],
    ids=["nothing", "a function", "a function, too", "too many"],
)
def test_nothing_else_is_tried(lines):
    assert may_try(lines) == []


def test_a_suite_that_left_no_list_has_failed(tmp_path):
    assert main(tmp_path / "none") == 1


def test_what_fails_alone_has_failed(tmp_path):
    failed = tmp_path / "failed"
    failed.write_text("system\ttests/building/test_again.py::test_of_nothing\n")
    assert main(failed) == 1
