"""A list of persons is said as a list: one line, with how many, in which column and rows."""

from dataclasses import replace

from mailfilter.place import Step, StepKind
from mailfilter.web.show import Found, preview
from mailfilter.web.words import load
from tests.web.mails import HEALTH, NUMBER, dossier, item


def row(n: int, person: str, confidence: int = 95):
    steps = (*NUMBER.place.steps[:-1], Step(StepKind.ROW, n))
    place = replace(NUMBER.place, steps=steps)
    return replace(NUMBER, place=place, person=person, confidence=confidence)


def found(*findings, language: str = "sv") -> tuple[Found, ...]:
    return preview(item(contents=dossier(findings=findings)), load()[language]).found


def test_thirty_four_persons_are_one_line():
    listed, health = found(HEALTH, *(row(n, f"p{n}") for n in range(2, 36)))
    assert listed.masked == "34 personer"
    assert listed.place == "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 2–35"
    assert health.kind != listed.kind


def test_in_english_too():
    [listed] = found(*(row(n, f"p{n}") for n in range(2, 6)), language="en")
    assert listed.masked == "4 persons"
    assert listed.place.endswith("column Personnr, row 2–5")


def test_the_same_person_on_many_rows_is_no_list():
    assert [one.masked for one in found(*(row(n, "p1") for n in range(2, 9)))] == [
        NUMBER.masked
    ] * 7


def test_persons_are_counted_once_and_the_surest_gives_the_level():
    rows = [row(2, "p2", 55), row(3, "p3", 90), row(4, "p3", 60), row(6, "p4", 60)]
    [listed] = found(*rows)
    assert (listed.masked, listed.level, listed.count) == ("3 personer", "high", 4)
    assert listed.place.endswith("rad 2–4, 6")
