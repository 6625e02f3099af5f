"""Each folder of bad_configs: a configuration, and the sentence that it must give (P13)."""

from pathlib import Path

import pytest

from mailfilter.commands.serve import checked
from mailfilter.errors import ConfigError

CASES = sorted((Path(__file__).parent / "bad_configs").glob("*/"))
FILE = Path("mailfilter.toml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_config(case, monkeypatch, request):
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        checked(FILE)
    golden = case / "expected.txt"
    if request.config.getoption("--update-golden"):
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == golden.read_text("utf-8")


def test_there_are_cases():
    assert len(CASES) >= 20
