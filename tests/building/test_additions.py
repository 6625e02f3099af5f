"""What adding something takes: tried in a copy of the program, with one file and one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DETECTOR = '''"""Estonian isikukood, made up for this test: "EE" and eleven digits."""

import re

from .contract import Match, Sign

KINDS = ("ee.isikukood",)
EVIDENCE = {"shape": "form"}
PERSONAL = True
STARS = "***********"
NEEDS = Sign.NOTHING
_SHAPE = re.compile(r"\\bEE\\d{11}\\b")


def find(sources, today):
    """All matches."""
    for index, source in enumerate(sources):
        for m in _SHAPE.finditer(source.content):
            yield Match(index, *m.span(), KINDS[0], 90, ("shape",), m[0], m[0][:5] + "******")
'''
ASKED = """
from datetime import date
from detectors import find
from mailfilter.connectors.contract import carries_number
from mailfilter.examine import Job, examine
from mailfilter.letters import notice_lines

MAIL = (
    b"From: a@kommun.example\\r\\nTo: b@example.org\\r\\nSubject: Hej\\r\\n\\r\\n"
    b"Barnen ar EE00000000000 och EE00000000001.\\r\\n"
)
assert [m.kind for m in find("Hej EE00000000000")] == ["ee.isikukood"]
assert carries_number("ee00000000000@EE00000000000"), "it would stand in an envelope (P10)"
seen, *_ = examine(MAIL, Job(b"k" * 32, date(2026, 12, 4)))
assert [f.kind for f in seen.findings] == ["ee.isikukood"] * 2, seen.findings
assert seen.persons == 2, "its persons are not counted"
assert notice_lines.IDENTITY["ee.isikukood"] == "***********"
print("good")
"""


@pytest.fixture
def copy(tmp_path):
    """The program's code, to be changed."""
    for name in ("detectors", "mailfilter"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def asked(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    where = {"PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=where, capture_output=True, text=True, check=False
    )


def with_line(folder: Path) -> None:
    """The one line: the module in `DETECTORS`, and its import."""
    file = folder / "detectors" / "__init__.py"
    text = file.read_text("utf-8")
    text = text.replace("    dk_cpr,\n", "    dk_cpr,\n    ee_isikukood,\n")
    file.write_text(text, "utf-8")


def test_a_detector_of_a_persons_number_is_a_file_and_a_line(copy):
    (copy / "detectors" / "ee_isikukood.py").write_text(DETECTOR, "utf-8")
    with_line(copy)
    done = asked(copy, ASKED)
    assert done.stdout == "good\n", done.stderr


def test_one_that_forgets_to_say_it_is_a_persons_is_not_counted(copy):
    """The test above can fail: the same without `PERSONAL`."""
    text = DETECTOR.replace("PERSONAL = True", "PERSONAL = False")
    (copy / "detectors" / "ee_isikukood.py").write_text(text, "utf-8")
    with_line(copy)
    assert "it would stand in an envelope" in asked(copy, ASKED).stderr


def test_one_that_forgets_a_name_of_the_contract_does_not_start(copy):
    text = DETECTOR.replace("PERSONAL = True\n", "")
    (copy / "detectors" / "ee_isikukood.py").write_text(text, "utf-8")
    with_line(copy)
    assert "has no attribute 'PERSONAL'" in asked(copy, ASKED).stderr
