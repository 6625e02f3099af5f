"""The detectors, from data files: `tests/detectors/<kind>.txt`, read as its first lines say."""

import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import DETECTORS, IDENTITY, Match, Source, detect, likeliest
from detectors.levels import LEVELS, Level
from detectors.search.text import fold

TODAY = date(2026, 11, 24)
HERE = Path(__file__).parent
RANK = list(Level)


def unescape(text: str) -> str:
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|(.))",
        lambda found: chr(int(found[1], 16)) if found[1] else {"n": "\n", "t": "\t"}[found[2]],
        text,
    )


def rows() -> Iterator[tuple[str, str, str]]:
    """(kind, section, row) of all files."""
    for path in sorted((HERE / "detectors").glob("*.txt")):
        section = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                yield path.stem, section, line


def counts(match: Match) -> bool:
    """Is it of medium level or higher?"""
    return LEVELS.of(match.kind, match.confidence) is not Level.LOW


def hits(text: str) -> list[Match]:
    sources = [Source(unescape(part)) for part in text.split(" || ")]
    return [match for match in detect(sources, TODAY) if counts(match)]


ROWS = list(rows())


@pytest.mark.parametrize(
    ("kind", "section", "row"), ROWS, ids=[f"{k}:{s}:{r[:60]}" for k, s, r in ROWS]
)
def test_row(kind: str, section: str, row: str) -> None:
    if section == "prose":
        text, expected = row.rsplit(" => ", 1)
        if expected == "none":
            found = [m for m in hits(text) if m.kind in IDENTITY or m.kind == kind]
            assert not found, found
        else:
            wanted, level = expected.split()
            sources = [Source(unescape(part)) for part in text.split(" || ")]
            found = [m for m in detect(sources, TODAY) if m.kind == wanted]
            reached = [RANK.index(LEVELS.of(m.kind, m.confidence)) for m in found]
            assert max(reached, default=-1) >= RANK.index(Level(level)), found
    else:
        found = [m for m in detect([Source(unescape(row))], TODAY) if m.kind == kind and counts(m)]
        assert bool(found) is (section == "valid"), found


def numbers(name: str) -> list[str]:
    return (HERE / "data" / name).read_text(encoding="ascii").split()


SPELLINGS = {
    "hyphen": lambda n: f"{n[2:8]}-{n[8:]}",
    "century": lambda n: f"{n[:8]}-{n[8:]}",
    "bare": lambda n: f"personnummer {n[2:]}",
    "twelve": lambda n: n,
    "dash": lambda n: f"{n[2:8]}\u2013{n[8:]}",
    "minus": lambda n: f"{n[:8]} \u2212 {n[8:]}",
    "thin": lambda n: f"personnr {n[2:8]}\u2009{n[8:]}",
    "dots": lambda n: f"pnr {n[2:4]}.{n[4:6]}.{n[6:8]}.{n[8:]}",
    "iso": lambda n: f"pnr {n[:4]}-{n[4:6]}-{n[6:8]}-{n[8:]}",
    "slashes": lambda n: f"pnr {n[2:4]}/{n[4:6]}/{n[6:8]}-{n[8:]}",
    "pairs": lambda n: "pnr " + "\u00a0".join(n[at : at + 2] for at in range(2, 12, 2)),
    "single": lambda n: "pnr " + " ".join(n[2:]),
    "wide": lambda n: n.translate({48 + d: 0xFF10 + d for d in range(10)}),
    "arabic": lambda n: n.translate({48 + d: 0x660 + d for d in range(10)}),
    "zero-width": "\u200b".join,
    "quoted": lambda n: f"> pnr {n[:8]}-\n> {n[8:]}",
    "cell": lambda n: f"Personnr\tSista fyra\n{n[:8]}\t{n[8:]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("test_personnummer.txt", "se.personnummer"),
        ("test_samordningsnummer.txt", "se.samordningsnummer"),
    ],
)
def test_official_numbers_in_all_spellings(spelling: str, name: str, kind: str) -> None:
    lost = []
    for number in numbers(name):
        found = detect([Source(SPELLINGS[spelling](number))], TODAY)
        full = {m.value for m in found if counts(m) and m.kind == kind}
        if not any(value[5:] == number[2:] for value in full):
            lost.append(number)
    assert not lost, (len(lost), lost[:5])


def test_one_person_has_one_value() -> None:
    found = hits("911112-2397, 19911112-2397, 199111122397 och 91 11 12 - 2397")
    assert {match.value for match in found} == {"se:199111122397"}
    assert {match.mask for match in found} == {"911112-****"}
    assert len(found) == 4


def test_century_follows_sign_and_date() -> None:
    assert {m.value for m in hits("pnr 121212+1212")} == {"se:191212121212"}
    assert {m.value for m in hits("pnr 911112-2397")} == {"se:199111122397"}
    assert not detect([Source("20271207-2380")], TODAY)


def test_likeliest_keeps_one_of_overlapping() -> None:
    def match(start: int, end: int, confidence: int, kind: str = "se.personnummer") -> Match:
        return Match(0, start, end, kind, confidence, (), "v", "m")

    assert likeliest([match(0, 10, 50), match(0, 11, 60, "dk.cpr")]) == [match(0, 11, 60, "dk.cpr")]
    assert likeliest([match(0, 5, 50), match(5, 9, 60)]) == [match(0, 5, 50), match(5, 9, 60)]


ALPHABET = st.text(
    st.one_of(
        st.sampled_from("0123456789-+ .\t\n>;|:,aoliåsexX\u200b\u0301\u00adﬁ１"), st.characters()
    ),
    max_size=200,
)


@given(st.lists(ALPHABET, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_offsets_lie_within(texts: list[str]) -> None:
    sources = [Source(text) for text in texts]
    for match in detect(sources, TODAY):
        assert 0 <= match.start < match.end <= len(texts[match.source])
        assert set(match.evidence) <= {code for detector in DETECTORS for code in detector.EVIDENCE}


@given(ALPHABET)
@settings(max_examples=150, deadline=None)
def test_folding_keeps_the_way_back(text: str) -> None:
    folded = fold(text)
    offsets = [folded.offsets[at] for at in range(len(folded.text))]
    assert len(folded.text) == len(folded.offsets)
    assert offsets == sorted(offsets)
    assert all(0 <= at < len(text) for at in offsets)


@pytest.mark.parametrize("text", ["040110-2389 112", "38,5\nEhost/Ronja", "temp. 38,5 860411-2394"])
def test_a_health_hit_without_words_around_is_read(text: str) -> None:
    assert any(match.kind == "health" for match in detect([Source(text)], TODAY))


def test_random_digits_are_rarely_taken() -> None:
    chance = random.Random(1)  # a seed, so that no number is written down
    texts = ["".join(chance.choices("0123456789", k=10)) for _ in range(3000)]
    assert sum(bool(hits(f"se {text} igen")) for text in texts) == 0
