"""Promises: each has a test that is there, and the code names no other."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "mailfilter" / "PROMISES.md"
ROW = re.compile(r"^\| ([PVK]\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
PROMISES = {mark: tests for mark, _, tests in ROW.findall(PAGE.read_text("utf-8"))}
MARK = re.compile(r"(?<![\w.:/\"'+-])([PVK]\d{1,2})(?![\w.:/\"'-])")
ELSEWHERE = re.compile(r"\bdesign \d")
HOLDS = ("mailfilter", "detectors", "deploy")


def texts() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *HOLDS],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [ROOT / line for line in done.stdout.splitlines()]
    return [path for path in found if path.suffix in {".py", ".md"} and path.is_file()]


def is_there(test: str) -> bool:
    """Whether a test that a promise names exists: a file or folder, and the function in it."""
    name, _, function = test.partition("::")
    path = ROOT / name
    if not path.exists():
        return False
    named = rf"^(async )?def {function}\b"
    return not function or re.search(named, path.read_text("utf-8"), re.MULTILINE) is not None


def strange(text: str) -> set[str]:
    """What a text names that is no promise: another mark, or a page that is not in the tree."""
    return {m for m in MARK.findall(text) if m not in PROMISES} | set(ELSEWHERE.findall(text))


def test_the_marks_are_without_a_gap():
    for letter, last in (("P", 13), ("V", 10), ("K", 1)):
        assert [m for m in PROMISES if m[0] == letter] == [f"{letter}{n + 1}" for n in range(last)]


@pytest.mark.parametrize("mark", PROMISES)
def test_a_promise_has_a_test_that_is_there(mark):
    named = re.findall(r"`(tests/[^`]+)`", PROMISES[mark])
    assert named, f"{mark} has no test: name one in {PAGE.name}"
    assert [test for test in named if not is_there(test)] == []


def test_the_code_names_no_other_mark():
    found = {path: strange(path.read_text("utf-8")) for path in texts()}
    assert {str(path.relative_to(ROOT)): marks for path, marks in found.items() if marks} == {}


def test_a_strange_mark_is_seen():
    assert strange("as P14 and V11 say (design 4.5)") == {"P14", "V11", "design 4"}
    assert strange("P1, P13 and V5; the type of UTF8-P99 is another thing") == set()
    assert not is_there("tests/test_canary.py::test_that_nobody_wrote")
