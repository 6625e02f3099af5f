"""Fast ways give what the slow ones give, and ten times the text takes ten times the steps."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detectors
from detectors import Match, Sign, Source, detect
from detectors.health import features, genre, people
from detectors.health.search import CROWD, Search
from detectors.search.candidates import MONTH_DAYS, Candidate, find_candidates, zeroed
from detectors.search.dense_scan import Sieve, is_dense
from detectors.search.digit_clusters import _ISLAND, find_islands
from detectors.search.text import fold
from detectors.tables import MOST_ROWS, MOST_WIDTH, Heading, Tables, cells_of, separator_of
from detectors.tables import _read as read_row
from tests.bench.detecting import HOSTILE, TODAY, repeated

MOST_TIMES, SOME = 11, 2000
PIECES = st.one_of(
    st.sampled_from(
        [*" -+./_\t\n;|,:oltza'", "0", "1", "12", "1234", "-\n", " - ", "streck", "19\t", "\n> "]
    ),
    st.text("0123456789", min_size=1, max_size=13),
    st.sampled_from(["811228", "19811228", "9874", "81 12 28", "1981-12-28", "12.05.1981"]),
)
DATES = [
    "811228", "19811228", "81 12 28", "81/12/28", "81.12.28", "1981-12-28", "1981/12/28",
    "19\t811228", "19; 811228", "8 1 1 2 2 8", "1 9 8 1 12 28", "131052",
]  # fmt: skip
GAPS = [
    "-", " ", " - ", "", "=(*)",
    "\t", " ; ", " streck ", "-\n", "\t\t\t\t-\t\t\t\t\n> ", " +\n", "a", " a "
]  # fmt: skip
LASTS = ["9874", "98 74", "98741", "9 8 7 4", "308t", "98-74"]
WHOLE = st.tuples(st.sampled_from(DATES), st.sampled_from(GAPS), st.sampled_from(LASTS))
TEXTS = st.lists(st.one_of(PIECES, WHOLE.map("".join)), max_size=12).map("".join)


def _of_use(found: tuple[Candidate, ...]) -> set[Candidate]:
    """Twelve digits without a month are no number of any country."""
    return {one for one in found if len(one.digits) != 12 or one.digits[-8:-4] in MONTH_DAYS}


@pytest.mark.parametrize("date", DATES)
def test_sieve_leaves_no_spelling_out(date: str) -> None:
    _compare("\n".join(f"x {date}{gap}{last} x" for gap in GAPS for last in LASTS))
    for gap in GAPS:
        for last in LASTS:
            _compare(f"{date}{gap}{last}")


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_sieve_leaves_no_candidate_out(raw: str) -> None:
    _compare(raw)


def _compare(raw: str) -> None:
    text = fold(raw).text
    shapes = zeroed(text)
    everywhere = [(0, len(text))]
    slow, sifted, islands = (
        _of_use(find_candidates(text, shapes, where))
        for where in (everywhere, None, [island.span() for island in _ISLAND.finditer(shapes)])
    )
    assert sifted == slow
    assert islands == slow


def test_sieve_has_fewer_places_than_the_table_numbers() -> None:
    row = "18611\t2012-05-04\t64938,97\t2225516707\t334\t12:50\n"
    shapes = zeroed(row * 100)
    assert is_dense(shapes.count(b"0"), len(shapes))
    assert find_islands(shapes) is None
    assert find_islands(zeroed("Möte klockan 10 i sal 3 med alla som vill komma dit. " * 9)) == []
    sieve = Sieve(row.encode("ascii") * 100)
    assert len(list(sieve.runs(10))) == 100
    assert len(list(sieve.parted())) <= 100  # of 1,000 numbers


_NUMBERED = ["1\t2\t3\t4567", "12345;x\t", "987654\t1\t22", "12345"]
ROWS = st.sampled_from([*_NUMBERED, "pnr\tnamn", "\tpnr\tnr;id\t1", "", "\t"])


def _walked(table: Tables, start: int, known: dict[tuple[int, str, int], Heading | None]) -> object:
    """`Tables.heading` row by row, as the way up is defined."""
    text = table.text
    line = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    separator = separator_of(text[line : end if end >= 0 else None])
    if separator is None:
        return None
    column = len(cells_of(text[line:start] + "x", separator)) - 1
    above = text[:line].split("\n")[:-1]
    at, found = line, None
    for row in above[: -MOST_ROWS - 1 : -1]:
        at -= len(row) + 1
        if len(row) + 1 >= MOST_WIDTH + (at == 0):
            break
        if (at, separator, column) in known:
            found = known[at, separator, column]
            break
        if separator not in row:
            break
        few = sum(character.isdigit() for character in row) <= 3
        if few and (found := read_row(row, separator, column)):
            break
    known[line, separator, column] = found
    return found


@given(
    st.lists(st.tuples(ROWS, st.sampled_from([1, 1, 2, 120, 399, 400])), max_size=8),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    st.sampled_from([0, 0, 1989, 1990, 1991, 1992, 1993, 1994, 1995]),
)
@settings(max_examples=150, deadline=None)
def test_headings_are_those_that_a_walk_row_by_row_finds(
    runs: list[tuple[str, int]], asked: list[int], wide: int
) -> None:
    rows = [row for row, times in runs for _ in range(times)]
    rows[len(rows) // 3 : len(rows) // 3] = [f"12345\t{'x' * wide}"] if wide else []
    text = "\n".join([*rows, "1\t2\t3\t4"])
    table, known = Tables(text, zeroed(text)), {}
    for place in sorted(place % len(text) for place in asked):
        start = text.rfind("\n", 0, place) + 1
        start += min(place - start, 8)
        assert table.heading(start) == _walked(table, start, known)


@pytest.mark.parametrize("above", [*range(MOST_ROWS - 3, MOST_ROWS + 3), 5])
@pytest.mark.parametrize("wide", [0, *range(MOST_WIDTH - 4, MOST_WIDTH + 3)])
def test_a_walk_ends_where_it_should_to_the_row_and_character(above: int, wide: int) -> None:
    between = ["1\t2345".ljust(wide, "x")] if wide else []
    text = "\n".join(["", "namn\tpnr", *between, *["1\t2345"] * above])
    start = len(text) - 1
    expected = _walked(Tables(text, zeroed(text)), start, {})
    assert Tables(text, zeroed(text)).heading(start) == expected
    assert (expected is not None) is (above + bool(wide) <= MOST_ROWS and wide <= MOST_WIDTH - 2)


WORDS = [
    "kol",
    "diabetes",
    "ont i magen",
    "b12-brist",
    "112",
    *(f"ont i kroppen{n}" for n in "abcdefghijkl"),
]


@given(st.lists(st.sampled_from([*WORDS, " ", " ", "-", "2", "a", "\n", ".", "ö"]), max_size=25))
@settings(max_examples=300, deadline=None)
def test_search_finds_every_expression_that_begins_a_word(pieces: list[str]) -> None:
    text = "".join(pieces).encode("latin-1")
    search = Search([f" {word}".encode("latin-1") for word in WORDS])
    found = {(one.start + 1, one.number) for one in search.find(text)}
    for number, word in enumerate(WORDS):
        at = text.find(word.encode())
        while at >= 0:
            if not text[at - 1 : at].decode("latin-1").isalnum() or at == 0:
                assert (at, number) in found
            at = text.find(word.encode(), at + 1)
    assert all(not text[at - 1 : at].decode("latin-1").isalpha() for at, _ in found if at)


def test_search_compares_few_expressions_at_a_place() -> None:
    search = Search([f" ont i kroppen {n:03}".encode() for n in range(300)])
    assert max(map(len, search._groups)) <= CROWD


# The same as the detectors' own, in the order in which one reads them.
IDENTITY = re.compile(
    r"(?<![\d-])(?:(?:19|20)\d{2}[01]\d[0-9]\d[-+ \t;,]{0,2}\d{4}|\d{2}[01]\d[0-9]\d[-+–]\d{4}"
    r"|[0-3]\d[01]\d\d\d[-+A-FU-Y]\d{3}[0-9A-Y]|[0-7]\d[0-5]\d{3} \d{5}"
    r"|\d{2}[/ ]\d{2}[/ ]\d{2}[-– ]\d{4})(?!\d)"
)
OLD_YEAR = re.compile(
    r"(?<![\d.:–-])(?<!\bkl )(?<!\bnr )(?<!\bi )(?<!\blgh )(?<!kl\. )1[5-8]\d\d(?![\d:-])"
    r"(?! ?(?:kr|sek|kcal|mg|ml|gr?|meter|st|kronor)\b)"
)
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
NAME = re.compile(r"(?<![.!?\n:])(?<!^)[ \t][A-ZÅÄÖ][a-zåäöé]+")
PAIRS = (
    (people.IDENTITY, IDENTITY),
    (genre._OLD_YEAR, OLD_YEAR),
    (features._SENTENCE, SENTENCE),
    (features._NAME, NAME),
)
YEARS = (
    "19|20|8112|28|9874|1600|1789|5| |-|–|/|kl |kl. |nr |i |lgh |a| kr|mg|\u0663|:|. |12/10/85|T|! "
)
WORDED = "Anna|Å|?|\n|\t|\xa0|\r\n|\u2028"


@given(st.lists(st.sampled_from(f"{YEARS}|{WORDED}".split("|")), max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_expressions_led_by_what_is_rare_find_the_same(text: str) -> None:
    for fast, slow in PAIRS:
        assert [m.span() for m in fast.finditer(text)] == [m.span() for m in slow.finditer(text)]


def _lines(text: str) -> int:
    """Lines of Python that all detectors execute on a text."""
    count = 0

    def seen(_code: object, _line: int) -> None:
        nonlocal count
        count += 1

    monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "steps")
    try:
        monitoring.register_callback(tool, monitoring.events.LINE, seen)
        monitoring.set_events(tool, monitoring.events.LINE)
        detect([Source(text)], TODAY)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)
    return count


def _is_in_proportion(unit: str) -> tuple[bool, tuple[int, int]]:
    short, long = (_lines(repeated(unit, size)) for size in (4_000, 40_000))
    return long <= MOST_TIMES * short + SOME, (short, long)


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_times_the_text_takes_ten_times_the_steps(name: str) -> None:
    """What a pattern does inside is not counted: `make bench-detectors` measures that."""
    right, steps = _is_in_proportion(HOSTILE[name])
    assert right, steps


class _Planted:
    """A detector that looks at every word, or at every pair of words, and finds nothing."""

    KINDS = ("planted",)
    PERSONAL, STARS, NEEDS = False, "", Sign.NOTHING
    EVIDENCE: ClassVar[dict[str, str]] = {}

    def __init__(self, *, pairs: bool) -> None:
        self.pairs = pairs

    def find(self, sources: Sequence[Source], today: date) -> Iterator[Match]:
        words = [word for source in sources for word in source.content.split()]
        for _first in words:
            for _second in words if self.pairs else words[:1]:
                yield from ()


@pytest.mark.parametrize("pairs", [False, True])
def test_a_quadratic_detector_is_told_from_a_linear_one(
    pairs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = (*detectors.DETECTORS, _Planted(pairs=pairs))
    monkeypatch.setattr(detectors, "DETECTORS", planted)
    right, steps = _is_in_proportion(f"{'a' * 99} ")
    assert right is not pairs, steps
