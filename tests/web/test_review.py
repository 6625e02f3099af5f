"""The reviewers' work: the list, a mail, its text, and the four acts."""

import re
from dataclasses import replace

import pytest

from mailfilter.model import State
from mailfilter.record.archive.sender_rows import Request
from tests.web.mails import HEALTH, NUMBER, SUBJECT, dossier, item

ID = "K7Q2A-91ABC.1"


async def test_list_shows_what_waits_in_her_departments(rut):
    page = (await rut.get("/")).text
    assert "anna.berg<wbr>@kommunen.example" in page
    assert "foralder@post.example" in page
    assert "Personnummer" in page
    assert "/item/K7Q2A-91ABC.1" in page
    assert "/item/E5555-55555.1" in page
    assert "Krypterat" in page
    for hidden in ("B2222", "C3333", "D4444", "F6666"):
        assert hidden not in page


async def test_list_without_departments_shows_all_but_protected(alla):
    page = (await alla.get("/")).text
    assert "B2222" in page
    assert "C3333" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("tab=failed", {"D4444"}),
        ("tab=moving", {"F6666"}),
        ("tab=sent", set()),
        ("kind=health", {"K7Q2A"}),
        ("kind=encrypted", {"E5555"}),
        ("department=%00", {"K7Q2A", "E5555"}),
        ("department=Skolf%C3%B6rvaltningen", set()),
        ("since=2026-11-18", {"K7Q2A", "E5555"}),
        ("until=2026-11-17", set()),
        ("action=redirect", set()),
        ("page=2", set()),
        ("tab=nonsense&page=-1&since=yesterday&action=x", {"K7Q2A", "E5555"}),
    ],
)
async def test_filters(rut, query, shown):
    answer = await rut.get(f"/?{query}")
    assert answer.status == 200
    assert {name for name in ("K7Q2A", "D4444", "E5555", "F6666") if name in answer.text} == shown


async def test_empty_list_explains(rut, office):
    office.archive.stored.clear()
    assert "Inget väntar på dig" in (await rut.get("/")).text
    assert "Inga mejl passar filtret" in (await rut.get("/?kind=health")).text


async def test_list_has_pages(alla, office):
    for n in range(120):
        office.archive.keep(item(f"P{n:04}-00000", hours=n + 5))
    page = (await alla.get("/?page=2")).text
    assert "Sida 2 av 3" in page
    assert 'rel="prev"' in page
    assert 'href="/?page=3"' in page


async def test_preview_shows_masks_and_places_but_no_text(rut, office):
    page = (await rut.get(f"/item/{ID}")).text
    assert "121212-****" in page
    assert "bilaga 2 (xlsx), blad 7B, kolumn Personnr, rad 3" in page
    assert "Inför mötet på torsdag" in page
    assert "stor säkerhet" in page
    assert "1212-1212" not in page
    assert ("rut", "view-item", ID) in office.archive.acts()


@pytest.mark.parametrize(
    ("language", "reason"),
    [("sv", "ett ord för personnummer står intill"), ("en", "a word for personnummer stands")],
)
async def test_why_a_finding_is_sure_is_said(rut, office, language, reason):
    found = replace(NUMBER, evidence=("checksum", "keyword"))
    office.archive.keep(item(contents=dossier(findings=(found,))))
    await rut.post("/language", language=language, back="/")
    assert f"<li>{reason}" in (await rut.get(f"/item/{ID}")).text


async def test_what_a_password_of_the_mail_opened_is_shown(rut, office):
    assert "Lösenordet stod i samma mejl" not in (await rut.get(f"/item/{ID}")).text
    office.archive.keep(item(contents=dossier(opened=(NUMBER.place,))))
    page = (await rut.get(f"/item/{ID}")).text
    assert "Lösenordet stod i samma mejl" in page
    assert "<li>bilaga 2 (xlsx), blad 7B" in page


async def test_a_second_look_is_not_logged_again(rut, office):
    for _ in range(3):
        await rut.get(f"/item/{ID}")
    assert office.archive.acts().count(("rut", "view-item", ID)) == 1


async def test_subject_is_hidden_when_something_was_found_in_it(rut, office):
    secret = "Fwd: 121212-1212"
    office.archive.keep(
        item(contents=dossier(subject=secret, findings=(replace(NUMBER, place=SUBJECT),)))
    )
    page = (await rut.get(f"/item/{ID}")).text
    assert secret not in page
    assert "Dold, eftersom" in page


async def test_what_is_being_read_is_seen_but_is_no_work(rut, office):
    office.archive.stored.clear()
    office.archive.keep(item(state=State.READING))
    assert ID not in (await rut.get("/")).text
    listed = (await rut.get("/?tab=moving")).text
    assert ID in listed
    assert "Läses" in listed
    page = (await rut.get(f"/item/{ID}")).text
    assert "Läses" in page
    assert "Löper ut" not in page
    assert "Skicka säkert" not in page, "nobody would tell its sender"
    form = {"reason": "sensitive", "connector": "saker"}
    assert (await rut.post(f"/item/{ID}/redirect", **form)).status == 409
    assert (await rut.post(f"/item/{ID}/release", reason="urgent")).status == 303
    assert office.archive.stored[ID].state is State.RELEASING


async def test_history_is_shown(rut, office):
    await rut.post(f"/item/{ID}/text", purpose="decide", case="SN 2026/123")
    page = (await rut.get(f"/item/{ID}")).text
    assert "Texten visades" in page
    assert "ändamål: Avgöra om mejlet får skickas" in page
    assert "ärende: SN 2026/123" in page


@pytest.mark.parametrize("name", ["B2222-22222.1", "C3333-33333.1", "NOPE.1", "..%2f..", "x", "'"])
async def test_what_is_not_hers_does_not_exist(rut, office, name):
    before = office.archive.snapshot()
    form = {"reason": "false-alarm", "purpose": "decide", "sure": "yes", "connector": "saker"}
    answers = [await rut.get(f"/item/{name}"), await rut.get(f"/item/{name}/delete")]
    acts = ("text", "release", "refuse", "redirect", "delete")
    answers += [await rut.post(f"/item/{name}/{act}", **form) for act in acts]
    assert {answer.status for answer in answers} == {404}
    assert office.archive.snapshot() == before


async def test_protected_item_is_nobodys(alla):
    assert (await alla.get("/item/C3333-33333.1")).status == 404


async def test_text_is_shown_after_its_purpose_is_logged(rut, office):
    answer = await rut.post(f"/item/{ID}/text", purpose="incident")
    assert answer.status == 200
    assert "<mark>19121212-1212</mark>" in answer.text
    assert "<mark>121212 1212</mark>" in answer.text
    assert "&lt;b&gt;inget&lt;/b&gt;" in answer.text
    line = office.archive.lines[-1]
    assert (line.act, line.object, line.detail) == ("view-text", ID, {"purpose": "incident"})


async def test_no_text_without_a_purpose(rut, office):
    for form in (
        {},
        {"purpose": "nyfiken"},
        {"purpose": "decide", "case": "Anna Berg, ätstörning"},
    ):
        answer = await rut.post(f"/item/{ID}/text", **form)
        assert answer.status == 422
        assert "19121212" not in answer.text
    assert "view-text" not in {line.act for line in office.archive.lines}


async def test_no_text_if_the_log_cannot_be_written(rut, office):
    audit, office.archive.down = office.archive.audit, False

    async def broken(line):
        office.archive.down = True
        await audit(line)

    office.archive.audit = broken
    answer = await rut.post(f"/item/{ID}/text", purpose="decide")
    assert answer.status == 503
    assert "19121212" not in answer.text
    assert "secret words" not in answer.text


@pytest.mark.parametrize(
    ("act", "state", "parcels", "form"),
    [
        ("release", State.RELEASING, [("release", ID)], {"reason": "false-alarm"}),
        ("refuse", State.REFUSED, [("not-sent", ID)], {"reason": "sensitive"}),
        ("delete", State.DELETED, [], {"reason": "test", "sure": "yes"}),
        (
            "redirect",
            State.ACCEPTED,
            [("handoff", ID)],
            {"reason": "sensitive", "connector": "saker"},
        ),
    ],
)
async def test_acts(rut, office, act, state, parcels, form):
    answer = await rut.post(f"/item/{ID}/{act}", case="sn 2026/7", **form)
    assert (answer.status, answer.headers["location"]) == (303, f"/item/{ID}?said={act}")
    item = office.archive.stored[ID]
    assert (item.state, item.reason) == (state, form["reason"])
    assert office.archive.parcels == parcels
    line = office.archive.lines[-1]
    assert (line.actor, line.act, line.object) == ("rut", act, ID)
    assert line.detail["reason"] == form["reason"]
    assert line.detail["case"] == "SN 2026/7"
    assert office.woken == 1
    assert (await rut.get(answer.headers["location"])).status == 200


@pytest.mark.parametrize("act", ["release", "refuse", "redirect", "delete"])
async def test_no_act_without_a_reason_of_the_list(rut, office, act):
    before = office.archive.snapshot()
    for reason in ("", "because", "nonsense"):
        answer = await rut.post(f"/item/{ID}/{act}", reason=reason, sure="yes", connector="saker")
        assert answer.status == 422
        assert "Välj ett skäl" in answer.text
    assert office.archive.snapshot() == before


async def test_redirect_goes_to_a_configured_service_only(rut, office):
    answer = await rut.post(f"/item/{ID}/redirect", reason="sensitive", connector="evil")
    assert answer.status == 422
    assert office.archive.stored[ID].state is State.HELD


async def test_delete_asks_once_more(rut, office):
    answer = await rut.post(f"/item/{ID}/delete", reason="test")
    assert answer.headers["location"] == f"/item/{ID}/delete"
    assert office.archive.stored[ID].state is State.HELD
    page = (await rut.get(f"/item/{ID}/delete")).text
    assert "kan inte återskapas" in page


async def test_unknown_act_is_no_act(rut):
    assert (await rut.post(f"/item/{ID}/export", reason="test")).status == 404


async def test_the_second_reviewer_is_told(rut, alla, office):
    await alla.post(f"/item/{ID}/release", reason="false-alarm")
    answer = await rut.post(f"/item/{ID}/refuse", reason="sensitive")
    assert answer.status == 409
    assert "Någon annan hann före" in answer.text
    assert office.archive.stored[ID].state is State.RELEASING
    assert office.archive.parcels == [("release", ID)]


async def test_page_refreshes_until_it_is_sent(rut, office):
    await rut.post(f"/item/{ID}/release", reason="lawful")
    page = (await rut.get(f"/item/{ID}")).text
    assert f'content="3; url=/item/{ID}?turn=1"' in page
    assert 'action="/item/K7Q2A-91ABC.1/release"' not in page
    rested = (await rut.get(f"/item/{ID}?turn=40")).text
    assert 'http-equiv="refresh"' not in rested
    office.archive.stored[ID] = replace(
        office.archive.stored[ID], state=State.RELEASED, receipt="250 2.0.0 ok", dossier=None
    )
    done = (await rut.get(f"/item/{ID}?turn=2")).text
    assert 'http-equiv="refresh"' not in done
    assert "250 2.0.0 ok" in done
    assert "Innehållet är förstört" in done


async def test_failed_release_can_be_tried_again(rut, office):
    page = (await rut.get("/item/D4444-44444.1")).text
    assert "550 5.1.1 no such user" in page
    await rut.post("/item/D4444-44444.1/release", reason="lawful")
    assert office.archive.stored["D4444-44444.1"].state is State.RELEASING


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_scripts_in_a_mail_stay_text(rut, office, language):
    evil = "<script>alert(1)</script>"
    office.texts = ((evil, f'{evil} " onload="x'),)
    found = replace(HEALTH, masked=evil, kind=evil)
    contents = dossier(
        sender=evil, recipients=(evil,), subject=evil, findings=(found,), relayed=(evil,)
    )
    office.archive.keep(item(contents=contents, receipt=evil, department=evil))
    office.archive.accounts["alla"] = replace(office.archive.accounts["rut"], departments=None)
    office.archive.accounts["rut"] = replace(office.archive.accounts["rut"], departments=None)
    await rut.post("/language", language=language, back="/")
    pages = [
        await rut.get(f"/?department={evil}&kind={evil}&said={evil}"),
        await rut.get(f"/item/{ID}?said={evil}"),
        await rut.post(f"/item/{ID}/text", purpose="decide"),
        await rut.post(f"/item/{ID}/release", reason=evil),
    ]
    for page in pages:
        assert "alert(1)" not in page.text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")


async def test_a_senders_request_is_seen_in_the_list_and_on_the_page(rut, office):
    mark = 'class="chip asked"'
    plain = (await rut.get("/")).text
    assert mark not in plain
    assert "Ingen har bett om granskning" in (await rut.get("/?tab=asked")).text
    office.archive.asked[ID] = Request(office.now, "Numret är <mitt> eget")
    assert (await rut.get("/")).text.count(mark) == 1
    only = (await rut.get("/?tab=asked")).text
    assert re.findall(r'href="/item/([^"?]+)[^"]*"', only) == [ID], "and no other"
    assert 'aria-current="page">Granskning begärd <span class="count">1</span>' in only


def listed(page) -> list[str]:
    return re.findall(r'href="/item/([^"]+)"', page.text)


async def test_what_a_sender_asks_for_stands_first(rut, office):
    before = listed(await rut.get("/"))
    assert len(before) > 1
    last = before[-1]
    office.archive.asked[last] = Request(office.now, "x")
    assert listed(await rut.get("/")) == [last, *before[:-1]]


async def test_her_words_are_seen_on_the_page(rut, office):
    office.archive.asked[ID] = Request(office.now, "Numret är <mitt> eget")
    page = (await rut.get(f"/item/{ID}")).text
    assert "Avsändaren bad om granskning" in page
    assert "Numret är &lt;mitt&gt; eget" in page
    office.archive.asked[ID] = Request(office.now, "false-alarm")
    assert "Avsändaren säger att det är ett falskt larm." in (await rut.get(f"/item/{ID}")).text


@pytest.mark.parametrize("spelt", ["K7Q2A-91ABC", "k7q2a-91abc", "k7q2a91abc.1"])
async def test_a_case_number_leads_to_its_mail_however_it_is_spelt(rut, spelt):
    answer = await rut.get(f"/item/{spelt}")
    assert (answer.status, answer.headers["location"]) == (303, f"/item/{ID}")


async def test_a_case_of_several_parts_lists_them(rut, office):
    second = item(department="Skolförvaltningen")
    office.archive.keep(replace(second, id="K7Q2A-91ABC.2"))
    office.archive.keep(replace(second, id="K7Q2A-91ABC.3", department="Miljöförvaltningen"))
    answer = await rut.get("/item/k7q2a-91abc")
    assert answer.status == 200
    assert "/item/K7Q2A-91ABC.1" in answer.text
    assert "/item/K7Q2A-91ABC.2" in answer.text
    assert "91ABC.3" not in answer.text, "of another department"
    assert (await rut.get("/item/k7q2a-91abc/delete")).status == 404, "which of the two?"


@pytest.mark.parametrize("name", ["c3333-33333", "C3333-33333", "c333333333.1"])
async def test_a_protected_case_is_one_that_never_was(alla, office, name):
    never = name.replace("3", "9")
    lines = list(office.archive.lines)
    answers = [(await alla.get(f"/item/{one}")) for one in (name, never)]
    assert [a.status for a in answers] == [404, 404]
    assert answers[0].text.replace(name, never) == answers[1].text
    assert office.archive.lines == lines
