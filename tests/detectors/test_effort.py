"""What a text takes is told from afar: dear ones take more, pieces add up, so much is afforded."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors import Source, health
from detectors.health import search
from detectors.health.search import Search
from detectors.search import dense_scan
from detectors.search.cost import LEAST, PIECE, affordable, effort
from detectors.search.dense_scan import Sieve

DAY = date(2026, 11, 24)
PLAIN = "Mötet flyttas till torsdag klockan nio. "
DEAR = ["Anna har diabetes. ", "19121212-1212 ", "1-", "1 ", "\u0301a", "a.com/", "\n"]


@pytest.mark.parametrize("unit", DEAR)
def test_dear_texts_take_more_than_prose(unit):
    assert effort(unit * (40_000 // len(unit))) > 2 * effort(PLAIN * 1000)


def test_a_text_of_many_pieces_takes_what_they_take():
    text = (PLAIN + DEAR[0] + DEAR[1]) * 4000
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    assert effort(text) - LEAST == sum(effort(piece) - LEAST for piece in pieces)


def test_so_much_can_be_afforded():
    text = (PLAIN + DEAR[0]) * 8000
    whole = effort(text)
    assert affordable(text, whole) == len(text)
    assert affordable(text, whole - 1) < len(text)
    assert affordable(text, LEAST) == affordable(text, 0) == 0
    half = affordable(text, whole // 2)
    assert 0 < half < len(text)
    assert effort(text[:half]) <= whole // 2


WORDS = [b" kol", b" diabetes", b" ont i magen", b" 112", b" sjukskriven"]


@given(st.lists(st.sampled_from([*WORDS, b" ", b"a", b"2", b".", b" on"]), max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_windows_find_is_what_one_look_finds(monkeypatched_window, pieces):
    text = b"".join(pieces)
    whole = sorted(Search(WORDS).find(text))
    with monkeypatched_window:
        assert sorted(Search(WORDS).find(text)) == whole


TEXTS = st.lists(
    st.lists(st.sampled_from([*WORDS, b"orkar ", b" ", b"a", b"2", b" on"]), max_size=20).map(
        b"".join
    ),
    max_size=5,
)


@example([b"kol", b"a"], 40)  # between them stand two blanks, as for a comma and a blank
@given(TEXTS, st.sampled_from([3, 40, 1 << 13]))
@settings(max_examples=300, deadline=None)
def test_one_look_at_all_texts_is_a_look_at_each(texts, piece):
    """Nothing is found over a joint, nothing is lost at one, wherever the pieces are cut."""
    one = Search(WORDS, [b"orkar inte", b"magen ", b"kol, a"])
    alone = [next(one.look(text)) for text in texts]
    before, search.PIECE = search.PIECE, piece
    try:
        within = one.begun_within(texts, 10_000)
    finally:
        search.PIECE = before
    assert list(map(one.found, one.begun(texts))) == alone
    assert list(map(one.found, within)) == alone


def test_too_many_expressions_end_the_look():
    one = Search(WORDS)
    assert one.begun_within([b"kol"] * 5, 5) is not None
    assert one.begun_within([b"kol"] * 5, 4) is None
    assert one.begun_within([b"kol " * search.PIECE], 4000) is None


def test_a_search_goes_on_from_what_was_seen_from_afar():
    texts = ["Karin har diabetes.", "Hon är sjukskriven och har ont i magen. " * 200, "Hej"]
    fresh, asked = ([Source(text) for text in texts] for _ in range(2))
    assert not health.is_heavy(asked, 2000)
    assert all("begun" in source.memo for source in asked)
    assert list(health.find(asked, DAY)) == list(health.find(fresh, DAY)) != []
    assert health.is_heavy([Source(text) for text in texts], 300)


@pytest.fixture(scope="module")
def monkeypatched_window():
    class Narrow:
        def __enter__(self):
            self.before, search.WINDOW = search.WINDOW, 7

        def __exit__(self, *_):
            search.WINDOW = self.before

    return Narrow()


def test_a_flood_is_found_window_by_window():
    """Not more than one window's worth of what is found is in memory at once."""
    text, seen = b" kol" * search.WINDOW, []
    for found, _marked in Search(WORDS).look(text):
        seen.append(len(found))
    assert sum(seen) == search.WINDOW
    assert max(seen) <= search.WINDOW // 4 + 1


@pytest.mark.parametrize("width", [1, 7, 64])
def test_places_are_the_same_whatever_the_window(monkeypatch, width):
    text = b"Nr 19121212-1212, 1912 12 12 1212 och 191212121212;" * 9
    whole = [list(Sieve(text).parted()), list(Sieve(text).runs(12))]
    assert all(whole)
    monkeypatch.setattr(dense_scan, "WINDOW", width)
    assert [list(Sieve(text).parted()), list(Sieve(text).runs(12))] == whole
