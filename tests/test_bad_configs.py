"""Each folder of bad_configs: a configuration, and the sentence that it must give (P13)."""

from pathlib import Path

import pytest

from mailfilter.app import preflight

CASES = sorted((Path(__file__).parent / "bad_configs").glob("*/"))
FILE = Path("mailfilter.toml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_config(case, monkeypatch, request):
    monkeypatch.chdir(case)
    report = preflight.read(FILE)
    said = "".join(f"{sentence}\n" for sentence in preflight.sentences(report.faults, FILE))
    golden = case / "expected.txt"
    if request.config.getoption("--update-golden"):
        golden.write_text(said, encoding="utf-8")
    assert preflight.status(report.faults) == 2
    assert said == golden.read_text("utf-8")


def test_there_are_cases():
    assert len(CASES) >= 20
