"""`mailfilter calibrate`: counts, proposals, and sentences that name nobody."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from detectors.levels import LEVELS
from mailfilter.commands.calibrate import Seen, masked, proposal, thresholds

LETTER = (
    "From: {who}@kommun.example\r\nTo: b@firma.example\r\nSubject: Hej\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailfilter", "calibrate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_thresholds_keep_to_the_shares():
    tops = [1] * 2990 + [40, 41, 42, 43, 44, 45, 46, 47, 48, 49]
    found = thresholds(tops)
    assert sum(top >= found["medium"] for top in tops) <= 3
    assert sum(top >= found["high"] for top in tops) <= 1


def test_few_mails_give_no_proposal_and_many_never_one_below_the_shipped():
    few = Seen(mails=10, tops={"health": [1] * 10, "identity": [1] * 10})
    assert "too few" in proposal(few)
    many = Seen(mails=2000, tops={"health": [1] * 2000, "identity": [0] * 2000})
    assert f"health_medium = {LEVELS.health.medium} " in proposal(many)


def test_a_shown_sentence_names_nobody():
    text = "Idag ringde Elias Bergqvist, 911112-2397, e@firma.example, Storgatan 5: har ADHD."
    shown = masked(text, "ADHD")
    assert "ADHD" in shown
    for secret in ("Elias", "Bergqvist", "911112", "2397", "firma", "Storgatan", "5"):
        assert secret not in shown


@pytest.mark.system
def test_it_counts_a_folder_and_keeps_nothing(tmp_path: Path):
    texts = {
        "a": "Vi ses på torsdag.",
        "b": "Min son Elias har fått diagnosen ADHD och äter medicin mot ångest.",
        "c": "Personnummer 911112-2397.",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.eml").write_text(LETTER.format(who=name, text=text))
    done = run(str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "3 mails" in done.stdout
    for word in ("health", "se.personnummer", "övriga", "too few"):
        assert word in done.stdout
    assert "Elias" not in done.stdout
    assert "911112" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.eml", "b.eml", "c.eml"]


@pytest.mark.system
def test_examples_need_that_staff_are_informed(tmp_path: Path):
    (tmp_path / "a.eml").write_text(LETTER.format(who="a", text="Hej"))
    done = run(str(tmp_path), "--examples")
    assert done.returncode == 2
    assert "staff_informed" in done.stderr
    assert json.dumps(done.stdout) == '""'
