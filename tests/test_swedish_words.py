"""One word for one thing in the Swedish that people read: a brev is on paper, mail is mejl."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "mailfilter"
FILES = [
    *ROOT.glob("**/sv.toml"),
    ROOT / "decide" / "reasons.py",
    ROOT / "place.py",
    ROOT / "report" / "words.py",
    ROOT / "not_examined.py",
]
PAPER = re.compile(
    r"papper|skriva ut|Skriv ut|skriva brev|telefon, brev|löstes per brev|visas bara en"
)
NOBODYS = {  # the word that is not said → what is said
    r"\bbrev(et|en|ets)?\b": "mejl",
    r"händelselogg": "granskningslogg",
    r"räkneverk": "antal",
    r"\bpers\.": "personer",
    r"\bslag\b": "typ",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join(path.parts[-3:]))
def test_clerks_swedish_has_one_word_for_one_thing(path):
    section = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        section = line if line.startswith("[") else section
        if section == "[paper]" or PAPER.search(line) or re.match(r"\s*(letter|#)", line):
            continue
        for word, better in NOBODYS.items():
            found = re.search(word, line, re.IGNORECASE)
            assert not found, f"{path.name}:{number}: {better!r} instead of {found[0]!r}"
