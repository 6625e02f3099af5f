"""The catalogue keeps its promises: found is found, a miss is a miss, and the test could fail."""

from collections import Counter
from datetime import date

import pytest

from detectors import contract
from detectors.search import text
from mailfilter.examine import Job, examine
from mailfilter.extract.image import ocr, picture
from mailfilter.selftest import numbers, techniques
from mailfilter.selftest.mails import addressed
from mailfilter.selftest.run import Result, judge

JOB = Job(b"k" * 32, date(2026, 11, 24))
SHOWN = [each for each in techniques() if each.needs_ocr]
PROMISED = [each for each in techniques() if not each.miss and not each.needs_ocr]
MISSED = [each for each in techniques() if each.miss]


def results(technique, chosen) -> Counter[Result]:
    return Counter(
        judge(
            examine(addressed(technique.make(n), "a@b.example", "c@d.example", "x@b.example"), JOB)[
                0
            ]
        )
        for n in chosen
    )


def test_the_catalogue_is_big_enough():
    assert len({each.name for each in techniques()}) == len(techniques())
    assert len(PROMISED) >= 60
    assert len(set(numbers())) == 20
    official = set(open_numbers())
    assert set(numbers()) <= official


def open_numbers() -> list[str]:
    from tests.running import ROOT

    return (ROOT / "tests/data/test_personnummer.txt").read_text("ascii").split()


def test_every_mail_is_another():
    made = {each.make(n) for each in techniques() for n in numbers()[:3]}
    assert len(made) >= 0.9 * 3 * len(
        techniques()
    )  # a letter that stands in no number changes none


def missing(chosen) -> dict[str, dict[Result, int]]:
    """The techniques that hide any of the numbers, with what became of them."""
    counts = {technique.name: results(technique, chosen) for technique in PROMISED}
    return {
        name: dict(count) for name, count in counts.items() if count[Result.STOPPED] < len(chosen)
    }


def test_what_is_promised_is_found():
    assert missing(numbers()[::7]) == {}


@pytest.mark.system
def test_what_is_promised_is_found_whatever_the_number():
    """Every second number; ``make evasion`` takes all twenty, for the figure of the README."""
    assert missing(numbers()[::2]) == {}


@pytest.fixture
def reader():
    """OCR as a worker has it."""
    if ocr.folder() is None:
        pytest.skip("no tesseract data: apt install tesseract-ocr-swe tesseract-ocr-eng")
    picture.prepare()
    yield
    ocr.forget()


@pytest.mark.system
@pytest.mark.parametrize("technique", SHOWN, ids=lambda technique: technique.name)
def test_what_a_picture_shows_is_found(technique, reader):
    assert results(technique, numbers()[::9])[Result.STOPPED] == 3


@pytest.mark.parametrize("technique", MISSED, ids=lambda technique: technique.name)
def test_what_is_called_missed_is_missed(technique):
    """Else the list of misses is out of date."""
    assert results(technique, numbers())[Result.STOPPED] <= 4


def test_without_folding_it_would_be_seen(monkeypatch):
    """A planted bug: characters stay as they are."""
    monkeypatch.setattr(
        contract, "fold", lambda content, _latin: text.Folded(content, range(len(content)))
    )
    lost = [t.name for t in PROMISED if results(t, numbers()[:1])[Result.STOPPED] == 0]
    assert len(lost) >= 30
    assert {"digits: full-width", "digits: Thai", "subject: full-width"} <= set(lost)
    assert "as it is" not in lost


def test_without_the_search_for_disguises_it_would_be_seen(monkeypatch):
    monkeypatch.setattr(
        "mailfilter.extract.decoded.disguise.readings", lambda content, **_: iter(())
    )
    lost = [t.name for t in PROMISED if results(t, numbers()[:1])[Result.STOPPED] == 0]
    assert {"coded: base64 on a line", "right to left: override", "coded: percent"} <= set(lost)


def test_without_the_search_for_what_is_woven_it_would_be_seen(monkeypatch):
    monkeypatch.setattr(
        "mailfilter.extract.html.generated_digits.readings", lambda source, shown: iter(())
    )
    monkeypatch.setattr(
        "mailfilter.extract.html.generated_digits.sandwiched", lambda page: iter(())
    )
    lost = [t.name for t in PROMISED if results(t, numbers()[:1])[Result.STOPPED] == 0]
    assert {
        "html: between digits, zoom",
        "html: style, a class a digit",
        "html: script, codes",
    } <= set(lost)


def test_no_mail_is_refused_for_its_line_ends():
    """The gateway refuses lone CR and LF, which would say nothing of the technique."""
    for technique in techniques():
        data = technique.make(numbers()[0]).replace(b"\r\n", b"")
        assert b"\n" not in data, technique.name
        assert b"\r" not in data, technique.name
        assert b"\0" not in data, technique.name
