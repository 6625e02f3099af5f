"""What a command imports: counted, since a clock would measure the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from mailfilter import commands

MAIL = Path(__file__).parent / "messages" / "gmail-web.eml"
ALL_HELP = 550  # modules, with Python's own; 1,800 when each command imported all
HEAVY = {"mailfilter.config", "detectors", "sqlalchemy", "starlette", "jinja2", "onnxruntime"}
OF_SERVE = {"sqlalchemy", "alembic", "starlette", "uvicorn", "babel", "pygal", "mailfilter.app"}


def imported(*words: str) -> set[str]:
    """The modules that the program has when it ends."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        "from mailfilter.__main__ import main\n"
        f"sys.argv = ['mailfilter', *{list(words)!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["quarantine", "--help"]])
def test_help_imports_nothing_that_works(words):
    modules = imported(*words)
    assert modules & HEAVY == set()
    assert len(modules) < ALL_HELP


def test_help_says_of_each_command_what_its_file_says():
    shown = subprocess.run(
        [sys.executable, "-m", "mailfilter", "--help"],
        capture_output=True, text=True, check=True, env={"COLUMNS": "300", "TERM": "dumb"},
    ).stdout  # fmt: skip
    for name in commands.COMMANDS:
        said = commands._summary(name).split("\n\n")[0].split("\n")[0]
        assert said
        assert f" {name} " in shown
        assert said in shown


def test_a_misspelt_command_is_told_what_was_meant():
    command = [sys.executable, "-m", "mailfilter", "sevre"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "serve" in done.stderr


def test_scan_of_a_mail_imports_what_reads_and_decides_and_no_more():
    modules = imported("scan", str(MAIL))
    assert modules & OF_SERVE == set()
    assert {"detectors", "mailfilter.decide"} <= modules
