"""Accounts, audit log, statistics, health: the pages beside the review."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from prometheus_client import Counter

from mailfilter.config import Settings, Web
from tests.web.office import PASSWORD, REVIEWER, Visitor

NINA = "nina@exempelkommun.example"


async def test_new_account_gets_a_link_by_mail_and_no_password(office, adam):
    await adam.get("/users")
    form = {"name": "Nina", "role": "reviewer", "departments": "Skola, Skola , Vård"}
    answer = await adam.post("/users/add", address=NINA, **form)
    assert answer.status == 200
    assert office.archive.accounts["nina"].departments == ("Skola", "Vård")
    assert office.archive.accounts["nina"].address == NINA
    assert {"user-add", "login-link"} <= {line.act for line in office.archive.lines}
    assert office.archive.put_in == [("login-link", '["nina", "adam"]')]
    assert (office.archive.links, office.woken) == ({}, 1), "it is made when its mail is"


async def test_an_administrator_gets_no_link_of_a_reviewer(office, adam):
    office.archive.accounts["rut"] = replace(REVIEWER, address="rut@exempelkommun.example")
    answer = await adam.post("/users/link", name="rut")
    assert "/login/" not in answer.text
    assert "på väg med mejl" in answer.text
    assert office.archive.put_in == [("login-link", '["rut", "adam"]')]
    for path in ("/account/address", "/users/address"):
        await adam.post(path, name="rut", address="adam@example.org", password_present=PASSWORD)
    assert office.archive.accounts["rut"].address == "rut@exempelkommun.example"


async def test_without_an_address_no_link_is_made(office, adam):
    answer = await adam.post("/users/link", name="rut")
    assert answer.status == 422
    assert "ingen e-postadress" in answer.text
    assert office.archive.put_in == []


async def test_each_changes_her_own_address_by_her_password(office, rut):
    form = {"address": "ny@exempelkommun.example", "password_present": "fel"}
    answer = await rut.post("/account/address", **form)
    assert answer.status == 422
    assert "lösenordet stämmer inte" in answer.text
    assert office.archive.accounts["rut"].address == ""
    assert (
        await rut.post("/account/address", address="ny", password_present=PASSWORD)
    ).status == 422
    answer = await rut.post("/account/address", **(form | {"password_present": PASSWORD}))
    assert answer.status == 303
    assert office.archive.accounts["rut"].address == "ny@exempelkommun.example"
    assert "user-address" in {line.act for line in office.archive.lines}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"name": "19121212-1212"}, "Namnet kan inte"),
        ({"name": "system"}, "Namnet kan inte"),
        ({"name": "<script>"}, "Namnet kan inte"),
        ({"name": "rut", "departments": "Skola"}, "finns redan"),
        ({"name": "nina", "role": "king", "departments": "Skola"}, "Välj en roll"),
        ({"name": "nina", "address": "nina", "departments": "Skola"}, "Ange en e-postadress"),
        ({"name": "nina"}, "Ange granskarens förvaltningar"),
    ],
)
async def test_faulty_accounts_are_explained(office, adam, form, says):
    before = office.archive.snapshot()
    answer = await adam.post("/users/add", **({"role": "reviewer", "address": NINA} | form))
    assert answer.status == 422
    assert says in answer.text
    assert office.archive.snapshot() == before


async def test_all_departments_must_be_said(office, adam):
    await adam.post("/users/add", name="nina", role="reviewer", all="yes", address=NINA)
    assert office.archive.accounts["nina"].departments is None


async def test_nobody_locks_herself_out(office, adam):
    assert (await adam.post("/users/lock", name="adam", locked="yes")).status == 422
    assert (await adam.post("/users/lock", name="nobody", locked="yes")).status == 422
    assert (await adam.post("/users/link", name="nobody")).status == 422


async def test_audit_log_the_newest_first_in_pages(office, rolf, rut):
    for n in range(250):
        await rut.post("/item/K7Q2A-91ABC.1/text", purpose="decide", case=f"SN 2026/{n + 1}")
    last = len(office.archive.lines)
    page = (await rolf.get("/audit")).text
    assert f'<th scope="row">{last}</th>' in page
    assert "ändamål: Avgöra om mejlet får skickas" in page
    assert office.archive.lines[-1].hash in page
    older = (await rolf.get(f"/audit?before={last - 99}")).text
    assert f'<th scope="row">{last - 100}</th>' in older
    assert f'<th scope="row">{last}</th>' not in older
    assert "Loggen är tom" in (await rolf.get("/audit?before=1")).text


async def test_chain_is_verified_on_request(office, rolf):
    answer = await rolf.post("/audit/verify")
    assert "Kedjan är hel" in answer.text

    async def broken(anchors=()):
        return 3, "line 2 was changed"

    office.archive.verify_audit = broken
    answer = await rolf.post("/audit/verify")
    assert "line 2 was changed" in answer.text
    assert [line.detail["how"] for line in office.archive.lines if line.act == "audit-verify"] == [
        "whole",
        "broken",
    ]


@pytest.mark.parametrize(
    ("query", "week"),
    [("", "2026-W47"), ("?week=2026-W40", "2026-W40"), ("?week=2026-W54", "2026-W47"),
     ("?week=%3Cscript%3E", "2026-W47"), ("?week=1999-W01", "1999-W01")],
)  # fmt: skip
async def test_statistics_of_a_week(rut, query, week):
    page = (await rut.get(f"/statistics{query}")).text
    assert f"<h2>Vecka {week}</h2>" in page
    assert f"<option selected>{week}</option>" in page


async def test_chart_is_a_picture_of_its_own(rut):
    page = (await rut.get("/statistics?week=2026-W40")).text
    assert "<svg" not in page
    assert "/statistics/chart?week=2026-W40&amp;n=0" in page
    answer = await rut.get("/statistics/chart?week=2026-W40&n=0")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    for n in ("1", "", "-1", "%C2%B2"):
        assert (await rut.get(f"/statistics/chart?week=2026-W40&n={n}")).status == 404


async def test_every_page_says_that_our_own_failures_let_mail_pass_until_that_day_is_over(office):
    office.settings = office.settings.model_copy(update={"fail_open_until": date(2026, 10, 10)})
    app = office.app()
    stranger = await Visitor(app).get("/login")
    assert "fail_open_until" not in stranger.text, "no word to who is nobody here"
    office.now = datetime(2026, 10, 10, 21, 50, tzinfo=UTC)
    rut = await Visitor(app).login(REVIEWER)
    for now, said in (
        (datetime(2026, 10, 10, 21, 59, tzinfo=UTC), True),  # a minute before midnight in Sweden
        (datetime(2026, 10, 10, 22, 0, tzinfo=UTC), False),
    ):
        office.now = now
        for path in ("/", "/statistics", "/account"):
            assert ("Till och med 2026-10-10 släpps" in (await rut.get(path)).text) is said, path


async def test_health_is_for_machines_on_this_host(office):
    near = Visitor(office.machines())
    assert (await near.get("/livez")).text == "ok\n"
    assert not near.cookies
    assert (await near.get("/readyz")).status == 200
    office.checks["store"] = False
    answer = await near.get("/readyz")
    assert (answer.status, answer.text) == (503, "store failed\nworker ok\n")
    far = Visitor(office.machines(), host="granskning.kommunen.example")
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await far.get(path)).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8025", "granskning.kommunen.example"])
async def test_health_is_not_at_the_port_that_a_proxy_leads_to(office, host):
    office.settings = Settings(web=Web(url="http://granskning.kommunen.example"))
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await Visitor(office.app(), host=host).get(path)).status == 404


async def test_metrics(office):
    Counter("mailfilter_messages", "Messages.", registry=office.registry).inc(3)
    answer = await Visitor(office.machines()).get("/metrics")
    assert "mailfilter_messages_total 3.0" in answer.text


async def test_archive_that_does_not_answer_is_a_sentence(office, rut, anybody):
    await anybody.get("/login")
    office.archive.down = True
    answer = await anybody.post("/login", name="rut", password="x")
    assert answer.status == 503
    assert "Databasen svarar inte" in answer.text
    assert (await rut.get("/")).status == 503
