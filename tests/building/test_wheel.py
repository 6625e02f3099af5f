"""The detectors alone: a wheel under an import name of its own, a command, doctests."""

import doctest
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import detectors

ROOT = Path(__file__).parent.parent.parent
TEXT = "Karin Berg, pnr 911112-2397, har diabetes"


def kinds(command: list[str], cwd: Path) -> list[str]:
    done = subprocess.run(command, input=TEXT, capture_output=True, text=True, cwd=cwd, check=True)
    assert "911112-2397" not in done.stdout
    return [json.loads(line)["kind"] for line in done.stdout.splitlines()]


def test_command_prints_a_finding_a_line():
    assert kinds([sys.executable, "-m", "detectors"], ROOT) == ["se.personnummer", "health"]


def test_examples_in_the_docstrings_are_true():
    result = doctest.testmod(detectors)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.system
def test_wheel_works_under_its_own_name(tmp_path):
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "detectors", tmp_path / "source", ignore=skip)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(tmp_path), str(tmp_path / "source")], check=True)
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    assert not (tmp_path / "installed" / "detectors").exists()
    command = [sys.executable, "-m", "mailfilter_detectors"]
    assert kinds(command, tmp_path / "installed") == ["se.personnummer", "health"]
    told = (
        "from mailfilter_detectors.health import judge;"
        "print(judge.load(), judge.odds('query: Hej'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        cwd=tmp_path / "installed",
        check=True,
    )
    assert done.stdout.startswith("True -"), done.stdout
