"""The fuzz targets in the default suite: kept corpora, a little of hypothesis, fixed slowness."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailfilter.extract.kit.references import unescape
from tests.extract import test_archives
from tests.extract.reading import read, reasons
from tests.fuzz import run
from tests.fuzz.keep import is_harmless
from tests.fuzz.measure import SHARE, keep, stretched
from tests.fuzz.measure import run as measured
from tests.fuzz.planted import PLANTED
from tests.fuzz.target import NUMBER
from tests.fuzz.targets import TARGETS
from tests.fuzz.targets import find as target_of

HERE = Path(__file__).parent
OFFICIAL = HERE.parent / "data" / "test_personnummer.txt"
KEPT = sorted((HERE / "corpus").glob("*/*"))
PATIENCE = 30.0  # seconds of CPU: a hang is minutes
BY_NAME = {target.name: target for target in TARGETS}
_EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def holds(name, data):
    assert measured(BY_NAME[name], data, PATIENCE).failure == ""


@pytest.mark.parametrize("name", sorted({path.parent.name for path in KEPT}))
def test_kept_inputs_hold(name):
    for path in KEPT:
        if path.parent.name == name:
            assert not measured(BY_NAME[name], path.read_bytes(), PATIENCE).failure, path.name


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_seeds_hold(target):
    for data in (b"", *target.seeds()):
        holds(target.name, data)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_any_bytes_hold(target):
    """The target's own words, its seeds with pieces changed, and bytes in any order."""
    seeds = [b"", *target.seeds()]
    pieces = st.one_of(st.sampled_from([b" ", *target.words]), st.binary(max_size=12))

    @_EXAMPLES
    @given(
        st.sampled_from(seeds),
        st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 8), pieces), max_size=8),
    )
    def any_bytes(seed, changes):
        data = bytearray(seed)
        for at, size, piece in changes:
            start = at % (len(data) + 1)
            data[start : start + size] = piece
        holds(target.name, bytes(data[: target.most]))

    any_bytes()


SLOW = {  # once took time by the square of their length; at this length that would be hours
    "xml": [b"<a>" + b"A>" * 2_000_000],
    "texts": [b"\0" + b"data:;a,b" * 200_000],
    "office": [b"\4" + b">" * 4_000_000],  # a sheet
    "html": [
        b"1234567890 " * 200_000,
        b"<bdo dir=rtl>" * 100 + b"&gt;" * 100_000,
        b"<img " + b"<!--" * 300_000,
        b"<div hidden>" * 900 + b"A" * 20_000,
    ],
}


@pytest.mark.parametrize(("name", "data"), [(n, d) for n, all_ in SLOW.items() for d in all_])
def test_what_was_slow_is_linear(name, data):
    holds(name, data)


@pytest.mark.parametrize("name", ["html", "xml", "office", "texts", "disguise"])
def test_long_references_are_no_error_and_hide_no_digit(name):
    long = b"&#" + b"0" * 5000 + b"49;912" + NUMBER[4:].encode() + b"<b>&#" + b"9" * 5000 + b";&#x"
    for mark in range(8):
        holds(name, bytes([mark]) + b"<a>" + long + b"</b></a>")
    assert unescape(
        "&#" + "0" * 5000 + "49;&#x" + "0" * 5000 + "31;&#xe5; &#9999999999 &#;&amp"
    ) == ("11å \ufffd &#;&")


def test_more_uris_than_are_read_are_said():
    found = read(b"data:,a " * 201, "a.txt")
    assert reasons(found) == ["too-many-parts"]
    assert reasons(read(b"data:,a " * 200, "a.txt")) == []


def test_tags_without_end_hide_no_attribute():
    holds("html", b"<a>" * 1100 + b"<img alt='" + NUMBER.encode() + b"'>")


@pytest.mark.parametrize("spoiled", [False, True])
def test_what_stands_behind_a_tape_or_its_broken_header_is_said(spoiled):
    text = f"Hej {NUMBER}".encode()
    tape = bytearray(test_archives.tape({"a.txt": b"hej", "b.txt": text}))
    if spoiled:
        tape[1024 + 148] ^= 1  # the checksum of the second header
    else:
        tape = bytearray(test_archives.tape({"a.txt": b"hej"})) + text
    holds("streams", b"\4" + bytes(tape))


def test_namespaces_are_not_spelt_otherwise_without_end():
    many = b" ".join(b"xmlns:a%d='urn:a'" % n for n in range(20_000))
    holds("xml", b"<x " + many + b">" + NUMBER.encode() + b"</x>")


# ---- the harness -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("planted-crash", b"MAGIaa", "crash: IndexError"),
        ("planted-square", b"<" * 5_000, "slow"),
        ("planted-drop", b"#" + NUMBER.encode(), "promise: Broken (nothing is lost)"),
    ],
)
def test_planted_bugs_are_failures(name, data, kind, tmp_path):
    limit = 0.001 if kind == "slow" else PATIENCE
    result = measured(target_of(name), data, limit)
    assert result.failure.startswith(kind)
    assert keep(tmp_path, result, data + b"longer")
    assert not keep(tmp_path, result, data)
    assert [path.read_bytes() for path in tmp_path.glob("*.bin")] == [data]
    assert measured(target_of(name), b"harmless", PATIENCE).failure == ""


@given(st.binary(min_size=1, max_size=50), st.integers(0, 2**32))
@settings(max_examples=30)
def test_stretching_makes_long_inputs_of_the_same_pieces(data, dice):
    long = stretched(data, dice)
    assert abs(len(long) - SHARE) <= len(data)
    assert set(long) == set(data)


def test_names_are_unique_and_every_target_has_a_row_in_the_readme():
    names = [target.name for target in (*TARGETS, *PLANTED)]
    assert len(names) == len(set(names))
    told = set(
        re.findall(r"^\| `([\w-]+)` \|", (HERE / "README.md").read_text("utf-8"), re.MULTILINE)
    )
    assert told == set(BY_NAME)
    assert {path.parent.name for path in KEPT} <= set(BY_NAME)


def test_the_ledger_holds_twenty_minutes_of_what_must_be_fuzzed():
    minutes: dict[str, float] = {}
    for line in run.LEDGER.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 3 and cells[1] in BY_NAME:
            minutes[cells[1]] = minutes.get(cells[1], 0) + float(cells[2])
    for name in ("tokenizer", "shown", "html", "zip", "streams", "archives"):
        assert minutes.get(name, 0) >= 20


def test_the_corpus_is_small_and_holds_no_number_of_a_person():
    """Mutation makes numbers; what is kept has the well-known test number or none."""
    assert sum(path.stat().st_size for path in KEPT) < 1_000_000
    assert [path.name for path in KEPT if not is_harmless(path.read_bytes())] == []
    assert not is_harmless(OFFICIAL.read_text("utf-8").split()[0].encode())
