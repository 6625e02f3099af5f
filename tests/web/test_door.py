"""Who may open what, how forms are guarded, and the headers of every answer."""

import itertools
from dataclasses import replace

import pytest

from mailfilter.pages.gate import POLICY
from mailfilter.web.door import ANYONE
from mailfilter.web.pages import PAGES
from tests.web.office import ADMIN, AUDITOR, PASSWORD, REVIEWER, Visitor

ID = "K7Q2A-91ABC.1"
GETS = [page for page in PAGES if page.method == "GET"]
POSTS = [page for page in PAGES if page.method == "POST"]
FORM = {
    "name": "nina",
    "role": "reviewer",
    "departments": "Skola",
    "locked": "yes",
    "reason": "sensitive",
    "purpose": "decide",
    "password": "ett nytt långt lösen",
    "password_again": "ett nytt långt lösen",
    "password_present": "fyra hästar på rad",
    "language": "en",
    "secret": "nothing",
    "q": "torsdag",
}
UNLOGGED = {"/language", "/account/keys"}  # they change a cookie only


def filled(page):
    return page.path.replace("{id}", ID).replace("{act}", "refuse").replace("{secret}", "abc")


@pytest.mark.parametrize("page", GETS, ids=lambda page: page.path)
@pytest.mark.parametrize("user", [REVIEWER, AUDITOR, ADMIN, None], ids=str)
async def test_looking_changes_nothing(office, app, page, user):
    visitor = Visitor(app)
    if user:
        await visitor.login(user)
    before = office.archive.snapshot()
    for method, said in itertools.product(("GET", "HEAD"), ("", "?said=release&turn=1&sure=yes")):
        answer = await visitor.get(filled(page) + said, method=method)
        assert answer.status < 500
    assert office.archive.snapshot() == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
@pytest.mark.parametrize("user", [REVIEWER, AUDITOR, ADMIN], ids=lambda user: user.role)
async def test_each_role_opens_its_own_pages_only(office, app, page, user):
    visitor = await Visitor(app).login(user)
    before = office.archive.snapshot()
    if page.method == "GET":
        answer = await visitor.get(filled(page))
    else:
        answer = await visitor.post(filled(page), **FORM)
    led_home = page.path == "/" and answer.status == 303
    allowed = page.roles == ANYONE or user.role in page.roles or led_home
    assert (answer.status != 403) == allowed or page.path == "/login/link"
    if not allowed:
        assert "Din roll får inte" in answer.text
        assert office.archive.snapshot() == before


async def test_start_page_leads_each_role_to_its_own(rolf, adam):
    assert (await rolf.get("/")).headers["location"] == "/audit"
    assert (await adam.get("/")).headers["location"] == "/users"


@pytest.mark.parametrize("page", POSTS, ids=lambda page: page.path)
@pytest.mark.parametrize("token", ["", "0" * 64, "other session"])
async def test_forms_need_the_token_of_their_session(office, app, page, token):
    users = {"reviewer": REVIEWER, "auditor": AUDITOR, "admin": ADMIN}
    user = users[next(iter(page.roles))] if page.roles != ANYONE else None
    visitor, other = Visitor(app), await Visitor(app).login(REVIEWER)
    if user:
        await visitor.login(user)
    else:
        await visitor.get("/login")
    before = office.archive.snapshot()
    stolen = other.token if token == "other session" else token
    answer = await visitor.post(filled(page), token=stolen, **FORM)
    assert answer.status == 403
    assert "Ingenting är ändrat" in answer.text
    assert office.archive.snapshot() == before


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"origin": "http://localhost:8025"}, True),
        ({"origin": "null"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
    ],
)
async def test_forms_come_from_our_own_pages(office, rut, headers, passes):
    answer = await rut.post(f"/item/{ID}/refuse", headers=headers, reason="sensitive")
    assert answer.status == (303 if passes else 403)


async def test_form_without_session_changes_nothing(office, anybody):
    answer = await anybody.post(f"/item/{ID}/release", reason="false-alarm")
    assert answer.headers["location"] == "/login?said=session-ended"
    assert not office.archive.parcels


@pytest.mark.parametrize("body", [b"%", b"a", b"\xff\xfe", b"a=%00", b"&".join([b"a=1"] * 30)])
async def test_odd_forms_are_refused(rut, body):
    answer = await rut._call("POST", "/logout", body, {})
    assert answer.status in (400, 403)


async def test_large_forms_are_refused(rut):
    answer = await rut.post("/logout", junk="x" * 20_000)
    assert answer.status == 413
    assert "för stort" in answer.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
async def test_every_answer_has_the_headers(app, page):
    for user in (None, REVIEWER, AUDITOR, ADMIN):
        visitor = Visitor(app)
        if user:
            await visitor.login(user)
        call = visitor.get if page.method == "GET" else visitor.post
        _protected((await call(filled(page))).headers)


@pytest.mark.parametrize("path", ["/nothing", "/static/nothing", "/item", "/../etc/passwd"])
async def test_faults_have_the_headers_and_a_page(rut, path):
    answer = await rut.get(path)
    assert answer.status == 404
    assert "Sidan finns inte" in answer.text
    _protected(answer.headers)


async def test_wrong_method_has_a_page(rut):
    answer = await rut.post("/statistics")
    assert answer.status == 405
    _protected(answer.headers)


async def test_our_own_fault_tells_nothing_of_it(office):
    async def broken(week, language):
        raise RuntimeError("secret words of an exception")

    office.report = broken
    visitor = await Visitor(office.app()).login(REVIEWER)
    answer = await visitor.get("/statistics")
    assert answer.status == 500
    assert "secret words" not in answer.text
    assert "Något gick fel hos oss" in answer.text
    _protected(answer.headers)


@pytest.mark.parametrize("name", ["style.css", "logo.svg", "lists.js"])
async def test_static_files(anybody, name):
    answer = await anybody.get(f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("127.0.0.1:8025", True),
        ("[::1]:8025", True),
        ("granskning.kommunen.example", True),
        ("GRANSKNING.kommunen.example:443", True),
        ("evil.example", False),
        ("", False),
        ("[", False),
        ("localhost.evil.example", False),
        ("localhost@evil.example", False),
    ],
)
async def test_other_host_names_are_turned_away(app, host, known):
    answer = await Visitor(app, host=host).get("/login")
    assert answer.status == (200 if known else 421)
    _protected(answer.headers)


@pytest.mark.parametrize("page", POSTS, ids=lambda page: page.path)
async def test_every_form_is_audited(office, app, page):
    users = {"reviewer": REVIEWER, "auditor": AUDITOR, "admin": ADMIN}
    if page.path in UNLOGGED:
        return
    visitor = Visitor(app)
    form = dict(FORM) | {"address": "ny@exempelkommun.example"}
    rut = replace(office.archive.accounts["rut"], address="rut@exempelkommun.example")
    office.archive.accounts["rut"] = rut
    if page.path == "/account/address":
        form["password_present"] = PASSWORD
    if page.roles == ANYONE:
        await visitor.get("/login")
        form["secret"] = await office.archive.new_login_link("rut", office.now)
        form |= {"name": "rut", "password": "fyra hästar på rad"}
    else:
        await visitor.login(users[next(iter(page.roles))])
    if page.path in ("/users/link", "/users/lock"):
        form["name"] = "rut"
    before = len(office.archive.lines)
    answer = await visitor.post(filled(page), **form)
    assert answer.status in (200, 303)
    assert len(office.archive.lines) > before


async def test_pages_use_nothing_from_elsewhere_and_no_inline_style_or_script(rut, adam, rolf):
    pages = [await rut.get(p) for p in ("/", f"/item/{ID}", "/account", "/statistics")]
    pages += [
        await adam.get("/users"),
        await rolf.get("/audit"),
        await Visitor(rut.app).get("/login"),
    ]
    for page in pages:
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert "<script>" not in page.text
        assert " on" + "click=" not in page.text
        assert "http://" not in page.text
        assert "https://" not in page.text


def _protected(headers):
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
