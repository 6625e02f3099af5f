"""The search field: what it takes, what it asks, what it shows, and what is written of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from markupsafe import escape

from mailfilter.pages.recent import Kept
from mailfilter.web.query import Unanswerable, understand
from mailfilter.web.words import load
from tests.web.mails import NOW, dossier, item
from tests.web.office import AUDITOR, EVERYTHING, REVIEWER, Visitor

ID = "K7Q2A-91ABC.1"
TO = "foralder@post.example"
FROM = "anna.berg@kommunen.example"
WORDS = load()["sv"]


@pytest.fixture
def office(office):
    told = office.settings.organisation.model_copy(update={"staff_informed": NOW.date()})
    office.settings = office.settings.model_copy(update={"organisation": told})
    return office


async def follow(visitor, **form):
    """The page that a search leads to, and its address."""
    answer = await visitor.post("/find", **form)
    assert answer.status == 303, answer.text
    place = answer.headers["location"]
    return place, await visitor.get(place)


# ---- what leads where ------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["K7Q2A-91ABC", "k7q2a-91abc", "K7Q2A 91ABC", "k7q2a91abc", ID])
async def test_a_case_number_leads_to_its_mail(rut, office, typed):
    place, page = await follow(rut, q=typed)
    assert place == f"/item/{ID}"
    assert page.status == 200
    [line] = [line for line in office.archive.lines if line.act == "search"]
    assert line.detail == {"how": "case"}


async def test_a_case_of_two_items_leads_to_both(rut, office):
    office.archive.keep(replace(item(), id="K7Q2A-91ABC.2"))
    place, page = await follow(rut, q="k7q2a-91abc")
    assert place == "/item/K7Q2A-91ABC"
    assert "har 2 delar" in page.text
    assert (await follow(rut, q="k7q2a-91abc.2"))[0] == "/item/K7Q2A-91ABC.2"


@pytest.mark.parametrize("typed", ["torsdag", "MÖTET inför", "  torsdag på mötet "])
async def test_words_of_the_subject_find_a_mail(rut, typed):
    place, page = await follow(rut, q=typed)
    assert place.startswith("/find/random-")
    assert ID in page.text
    assert "Mejl vars ämnesrad eller filnamn har alla orden" in page.text


async def test_words_of_a_file_name_find_a_mail(rut, office):
    office.archive.keep(item(contents=replace(dossier(), files=("Kallelse_2026.docx",))))
    assert ID in (await follow(rut, q="kallelse"))[1].text
    assert ID not in (await follow(rut, q="kallelse torsdag"))[1].text


async def test_what_finds_nothing_says_what_can_be_asked(rut):
    _, page = await follow(rut, q="torsda")
    assert "Inget mejl hittades" in page.text
    assert "hela ord" in page.text
    assert "Mottagarens hela e-postadress" in page.text
    assert "/item/" not in page.text


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("anna@", "address"),
        ("@kommunen.example", "address"),
        ("*@kommunen.example", "address"),
        ("anna berg@kommunen.example", "address"),
        ("tors*", "part"),
        ("t?rsdag", "part"),
        ("100%", "part"),
        ("...", "nothing"),
        ("", "nothing"),
        ("19121212-1212", "number"),
        ("ang 121212 1212", "number"),
        ("1212121212", "number"),
        ("19121212-1212@post.example", "number"),
    ],
)
async def test_what_hashes_cannot_answer_is_said(rut, office, typed, code):
    before = len(office.archive.lines)
    answer = await rut.post("/find", q=typed)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert escape(WORDS.sentences[f"find.no-{code}"]) in answer.text
    assert len(office.archive.lines) == before
    if code == "number":
        assert "1212" not in answer.text


def test_what_looks_like_a_number_and_is_none_may_be_searched():
    for text in ("SN 2026/0123-3", "faktura 12345", "7B 2026", "070-174 06 05", "KT6RP-K3JVX"):
        assert understand(text, by_sender=True).how == "words"
    with pytest.raises(Unanswerable):
        understand("personnummer 121212+1212", by_sender=True)


# ---- by person -------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [TO, TO.upper(), f"Förälder <{TO}>", FROM])
async def test_a_person_is_searched_for_a_purpose_that_is_logged_first(rut, office, typed):
    before = len(office.archive.lines)
    place, page = await follow(rut, q=typed)
    assert "Varför söker du efter en person?" in page.text
    assert ID not in page.text
    assert len(office.archive.lines) == before, "nothing was shown, nothing is logged"
    for fault in ({"purpose": "curiosity"}, {"purpose": ""}, {"purpose": "incident", "case": "x"}):
        answer = await rut.post("/find", q=typed, **fault)
        assert answer.status == 422
        assert ID not in answer.text
    assert ID not in (await rut.get(place)).text
    place, page = await follow(rut, q=typed, purpose="incident", case="SN 2026/1")
    assert ID in page.text
    assert "Ändamål: Utreda en incident" in page.text
    [line] = [line for line in office.archive.lines if line.act == "search"]
    assert line.detail == {"how": "address", "purpose": "incident", "case": "SN 2026/1"}
    assert line.object == ""


async def test_what_was_typed_stands_in_no_address_and_no_audit_line(rut, office):
    for typed in (TO, "torsdag", "hemligtord"):
        place, _ = await follow(rut, q=typed, purpose="incident")
        assert typed not in place
    assert not [
        line for line in office.archive.lines for word in (TO, "torsdag", "hemlig")
        if word in str(line)
    ]  # fmt: skip


@pytest.mark.parametrize("informed", [None, NOW.date() + timedelta(days=1), date(2026, 1, 1)])
async def test_by_sender_only_once_staff_know(office, informed):
    told = office.settings.organisation.model_copy(update={"staff_informed": informed})
    office.settings = office.settings.model_copy(update={"organisation": told})
    rut = await Visitor(office.app()).login(REVIEWER)
    known = informed == date(2026, 1, 1)
    _, page = await follow(rut, q=FROM, purpose="incident")
    assert (ID in page.text) == known
    assert ("Avsändare går inte att söka" in page.text) != known
    assert ID in (await follow(rut, q=TO, purpose="incident"))[1].text


async def test_only_her_departments_are_searched(rut, alla, office):
    for typed in (TO, "torsdag"):
        mine = (await follow(rut, q=typed, purpose="incident"))[1].text
        all_ = (await follow(alla, q=typed, purpose="incident"))[1].text
        assert "B2222" not in mine
        assert "B2222-22222.1" in all_
        assert "C3333" not in mine + all_
    place, page = await follow(rut, q="B2222-22222")
    assert place.startswith("/find/")
    assert "Inget mejl hittades" in page.text


async def test_filters_narrow_what_was_found(alla):
    place, page = await follow(alla, q="torsdag")
    assert ">5 mejl<" in page.text
    assert ">1 mejl<" in (await alla.get(f"{place}?tab=failed")).text
    assert "rensa filtret" in (await alla.get(f"{place}?department=Skolan")).text
    narrowed = await alla.get(f"{place}?kind=encrypted")
    assert "E5555-55555.1" in narrowed.text
    assert "B2222" not in narrowed.text
    assert f'href="{place}"' in narrowed.text, "the way back to all of them"


# ---- whose it is, and how long ----------------------------------------------------------------


async def test_a_search_is_its_askers_alone(rut, app, office):
    place, _ = await follow(rut, q="torsdag")
    for user in (EVERYTHING, AUDITOR):
        other = await Visitor(app).login(user)
        answer = await other.get(place)
        assert answer.status == 404
        unknown = await other.get("/find/nothing")
        assert answer.text.replace(place, "") == unknown.text.replace("/find/nothing", "")
    assert (await rut.get(place)).status == 200


async def test_a_search_ends_after_half_an_hour_or_with_the_session(office, app):
    rut = await Visitor(app).login(REVIEWER)
    place, _ = await follow(rut, q="torsdag")
    office.now += timedelta(minutes=29)
    assert (await rut.get(place)).status == 200
    office.now += timedelta(minutes=1)
    answer = await rut.get(place)
    assert answer.status == 404
    assert "sparas i 30 minuter" in answer.text
    place, _ = await follow(rut, q="torsdag")
    await rut.post("/logout")
    rut = await Visitor(app).login(REVIEWER)
    assert (await rut.get(place)).status == 404


def test_memory_is_bounded_and_everybodys_own():
    kept = Kept(timedelta(minutes=30), each=2, most=3)
    for n in range(3):
        kept.keep(f"a{n}", "a", n, NOW)
    assert [kept.get(f"a{n}", "a", NOW) for n in range(3)] == [None, 1, 2]
    kept.keep("b0", "b", 7, NOW)
    kept.keep("c0", "c", 8, NOW)
    assert kept.get("a1", "a", NOW) is None
    assert kept.get("b0", "a", NOW) is None
    assert kept.get("b0", "b", NOW) == 7
    kept.forget("b")
    kept.drop("c0")
    assert [kept.get(name, name[0], NOW) for name in ("a2", "b0", "c0")] == [2, None, None]
    assert kept.get("a2", "a", NOW + timedelta(minutes=30)) is None


# ---- the auditor -----------------------------------------------------------------------------


@pytest.fixture
def decided(office):
    office.archive.keep(replace(item(), decided_by="rut"))
    return office


async def test_an_auditor_searches_by_reviewer_for_a_purpose(rolf, decided):
    page = (await rolf.get("/find")).text
    assert '<option value="rut">' in page
    assert '<option value="adam">' not in page
    answer = await rolf.post("/find", reviewer="rut", purpose="decide")
    assert answer.status == 422
    _, page = await follow(rolf, reviewer="rut", purpose="oversight")
    assert ID in page.text
    assert f"/item/{ID}" not in page.text, "she may not open it"
    assert "anna.berg" not in page.text
    assert TO not in page.text
    assert "E5555" not in page.text
    [line] = [line for line in decided.archive.lines if line.act == "search"]
    assert (line.actor, line.detail) == ("rolf", {"how": "reviewer", "purpose": "oversight"})
    assert "Kontroll av hur beslut fattas" in (await rolf.get("/audit")).text


async def test_an_auditor_searches_by_case_number(rolf, office):
    _, page = await follow(rolf, q="k7q2a-91abc")
    assert ID in page.text
    assert TO not in page.text
    assert "Inget mejl hittades" in (await follow(rolf, q="C3333-33333"))[1].text


@pytest.mark.parametrize("form", [{"q": TO}, {"q": "torsdag mötet"}, {"reviewer": "nobody"}])
async def test_an_auditor_searches_by_nothing_else(rolf, form):
    assert (await rolf.post("/find", purpose="incident", **form)).status == 422


async def test_a_reviewer_does_not_search_by_reviewer(rut, decided):
    answer = await rut.post("/find", reviewer="rut", purpose="incident")
    assert answer.status == 422
    assert ID not in answer.text


# ---- protected mail --------------------------------------------------------------------------


async def test_asking_for_a_protected_case_is_asking_for_none(alla, office):
    said = []
    for typed in ("C3333-33333", "N3333-33333"):
        place, page = await follow(alla, q=typed)
        said.append((page.status, page.text.replace(place, "").replace(typed, "")))
    assert said[0] == said[1]
    searches = [line for line in office.archive.lines if line.act == "search"]
    assert [line.detail for line in searches] == [{"how": "words"}] * 2


async def test_in_english_too(rut):
    await rut.post("/language", language="en", back="/")
    assert "Search results" in (await follow(rut, q="torsdag"))[1].text
    assert "Why do you search for a person?" in (await follow(rut, q=TO))[1].text
