"""Lists: persons are said as one line, with how many, in which column and rows; from a mail there
is a way back to the list that it was opened from."""

import re
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urlencode

import pytest

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


# ---- the way back to a list ------------------------------------------------------------------

ASKED = "/?tab=failed&kind=health"
TO_IT = "/item/D4444-44444.1?list=%2F%3Ftab%3Dfailed%26kind%3Dhealth"


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page)]


async def test_back_keeps_filter_tab_and_page(rut):
    assert TO_IT in links((await rut.get(ASKED)).text)
    page = await rut.get(TO_IT)
    assert ASKED in links(page.text)
    assert TO_IT.replace("?", "/delete?", 1) in links(page.text)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert unescape(fields["list"]) == ASKED
    form = {"reason": "sensitive", "list": ASKED}
    answer = await rut.post("/item/D4444-44444.1/refuse", **form)
    assert answer.headers["location"] == f"{TO_IT}&said=refuse"
    page = await rut.get(answer.headers["location"])
    assert ASKED in links(page.text)
    assert "Avsändaren får besked" in page.text


async def test_back_from_the_text_and_from_a_fault(rut):
    listed = f"{ASKED}&page=2"
    text = await rut.post("/item/D4444-44444.1/text", purpose="decide", list=listed)
    assert f"{TO_IT}%26page%3D2" in links(text.text)
    fault = await rut.post("/item/D4444-44444.1/refuse", list=listed)
    assert (fault.status, listed in links(fault.text)) == (422, True)


async def test_back_to_what_was_found(rut):
    place = (await rut.post("/find", q="torsdag")).headers["location"]
    narrowed = f"{place}?tab=failed"
    (there,) = [link for link in links((await rut.get(narrowed)).text) if "/item/" in link]
    assert narrowed in links((await rut.get(there)).text)


@pytest.mark.parametrize(
    "list_",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/users", "/find/../users",
     "/?tab=x#y", "javascript:alert(1)", "/item/x/release"],
)  # fmt: skip
async def test_back_leads_to_lists_only(rut, list_):
    page = await rut.get(f"/item/D4444-44444.1?{urlencode({'list': list_})}")
    assert page.status == 200
    assert list_ not in page.text.replace(escape(list_), list_).partition("<main")[2]
    assert 'class="crumb"><a href="/">' in page.text
