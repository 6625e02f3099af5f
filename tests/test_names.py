"""Names of files in places: which are shown, and what of them is remembered from mail to mail."""

from dataclasses import replace
from datetime import date

import pytest

from detectors import Match, Role
from detectors.registers import NO_REGISTERS
from mailfilter import detect
from mailfilter.detect import Names
from mailfilter.place import Place, Step, StepKind

TODAY = date(2026, 11, 24)
HARMFUL = ("19121212-1212.pdf", "diabetes karin.docx", "Karin Andersson.docx")
HARMLESS = ("image001.png", "blankett.pdf", "protokoll 4.docx")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(detect, "_HARMLESS", set())


def place(name: str) -> Place:
    return Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, name, "pdf"),))


@pytest.mark.parametrize("again", [1, 2])
def test_harmful_names_are_dropped_however_often_they_come(again):
    for _ in range(again):
        names = Names(TODAY)
        assert [names.clean(place(name)).steps[0].name for name in HARMFUL] == [""] * len(HARMFUL)
        assert [names.clean(place(name)).steps[0].name for name in HARMLESS] == list(HARMLESS)
    assert len(detect._HARMLESS) == len(HARMLESS)


def test_a_name_seen_before_is_not_searched_again(monkeypatch):
    Names(TODAY).clean(place(HARMLESS[0]))
    monkeypatch.setattr(Names, "search", lambda *_: pytest.fail("searched"))
    assert Names(TODAY).clean(place(HARMLESS[0])).steps[0].name


def test_a_register_is_asked_for_names_seen_before_it_came():
    class Listed:
        lists = ("one",)

        def allows(self, _match):
            return False

        def find(self, sources, _today):
            return [Match(0, 0, 4, "register:x", 90, (), "x", "x")] * bool(sources)

    Names(TODAY).clean(place(HARMLESS[0]))
    assert not Names(TODAY, Listed()).clean(place(HARMLESS[0])).steps[0].name  # type: ignore[arg-type]
    assert Names(TODAY, replace(NO_REGISTERS)).clean(place(HARMLESS[0])).steps[0].name


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(detect, "_REMEMBERED", 3)
    for n in range(9):
        Names(TODAY).clean(place(f"blankett {'abcdefghi'[n]}.pdf"))
    assert 0 < len(detect._HARMLESS) <= 3
