"""Coming in, going out, and what a session is worth."""

from datetime import timedelta

import pytest

from mailfilter.config import Web
from mailfilter.web.door import local
from tests.web.office import PASSWORD, REVIEWER, Visitor


async def test_stranger_is_sent_to_login_and_back_to_what_she_wanted(office, anybody):
    answer = await anybody.get("/item/K7Q2A-91ABC.1?said=release")
    assert answer.status == 303
    page = await anybody.get(answer.headers["location"])
    assert "/item/K7Q2A-91ABC.1?said=release" in page.text.replace("&amp;", "&")
    answer = await anybody.post("/login", name="rut", password=PASSWORD, next="/item/K7Q2A-91ABC.1")
    assert (answer.status, answer.headers["location"]) == (303, "/item/K7Q2A-91ABC.1")
    assert ("rut", "login", "rut") in office.archive.acts()


async def test_cookie_is_out_of_reach_of_scripts_and_other_sites(anybody):
    answer = await anybody.get("/login")
    answer = await anybody.post("/login", name="rut", password=PASSWORD)
    cookie = next(cookie for cookie in answer.cookies if "session" in cookie).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie.replace("-secret", "")


async def test_behind_https_the_cookie_is_bound_to_the_host(office):
    web = Web(secure_cookie=True)
    office.settings = office.settings.model_copy(update={"web": web})
    visitor = await Visitor(office.app()).login(REVIEWER)
    assert set(visitor.cookies) == {"__Host-mailfilter-session"}
    answer = await visitor.get("/")
    assert answer.status == 200
    assert "strict-transport-security" in answer.headers


async def test_login_gives_a_new_session_whatever_the_browser_had(office, app, rut):
    before = rut.cookies["mailfilter-session"]
    rut.token = (await rut.get("/account")).form_token
    await rut.post("/login", name="alla", password=PASSWORD)
    assert rut.cookies["mailfilter-session"] != before
    assert before not in office.archive.sessions


async def test_wrong_password_says_nothing_of_the_name(anybody, office):
    known = await anybody.post("/login", name="rut", password="fel")
    unknown = await anybody.post("/login", name="ingen", password="fel")
    assert known.status == unknown.status == 401
    assert known.text.replace('value="rut"', "") == unknown.text.replace('value="ingen"', "")
    failed = [line for line in office.archive.lines if line.act == "login-failed"]
    assert [line.object for line in failed] == ["rut"], "a name that nobody has is not kept"


async def test_failures_are_throttled_with_a_sentence(anybody):
    for _ in range(5):
        await anybody.post("/login", name="rut", password="fel")
    answer = await anybody.post("/login", name="rut", password=PASSWORD)
    assert answer.status == 429
    assert "Vänta 2 min" in answer.text


async def test_one_client_cannot_try_many_names(anybody, office):
    statuses = [
        (await anybody.post("/login", name=f"n{n}", password="fel")).status for n in range(31)
    ]
    assert statuses == [401] * 30 + [429]
    office.now += timedelta(minutes=16)
    assert (await anybody.post("/login", name="rut", password=PASSWORD)).status == 303


async def test_link_is_used_by_the_button_only(anybody, office):
    secret = await office.archive.new_login_link("rut", office.now)
    for method in ("GET", "HEAD", "GET"):
        answer = await anybody.get(f"/login/{secret}", method=method)
        assert answer.status == 200
    assert secret in office.archive.links
    await anybody.get(f"/login/{secret}")
    answer = await anybody.post("/login/link", secret=secret)
    assert answer.headers["location"] == "/?said=by-link"
    assert (await anybody.get("/")).status == 200
    assert secret not in office.archive.links


async def test_link_is_good_once(app, office):
    secret = await office.archive.new_login_link("rut", office.now)
    first, second = Visitor(app), Visitor(app)
    assert (await first.post("/login/link", secret=secret)).status == 303
    answer = await second.post("/login/link", secret=secret)
    assert answer.status == 403
    assert "gäller inte längre" in answer.text


async def test_old_link_is_no_longer_good(anybody, office):
    secret = await office.archive.new_login_link("rut", office.now)
    office.now += timedelta(minutes=16)
    assert (await anybody.post("/login/link", secret=secret)).status == 403


async def test_logout_ends_the_session(office, rut):
    kept = dict(rut.cookies)
    answer = await rut.post("/logout")
    assert answer.headers["location"] == "/login?said=left"
    rut.cookies = kept
    assert (await rut.get("/")).status == 303


async def test_idle_session_ends(office, rut):
    office.now += timedelta(minutes=31)
    assert (await rut.get("/")).status == 303


async def test_locked_account_is_out_at_once(office, rut, adam):
    await adam.get("/users")
    await adam.post("/users/lock", name="rut", locked="yes")
    assert (await rut.get("/")).status == 303
    visitor = Visitor(rut.app)
    assert (await visitor.post("/login", name="rut", password=PASSWORD)).status == 401


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "evil",
        "javascript:1",
    ],
)
async def test_nobody_is_sent_elsewhere(anybody, elsewhere):
    assert local(elsewhere) == "/"
    await anybody.get("/login")
    answer = await anybody.post("/login", name="rut", password=PASSWORD, next=elsewhere)
    assert answer.headers["location"] == "/"


async def test_link_from_web_mail_keeps_the_session(rut):
    kept, rut.cookies = rut.cookies, {}
    answer = await rut.get("/item/K7Q2A-91ABC.1", headers={"sec-fetch-site": "cross-site"})
    assert answer.status == 200
    assert 'content="0; url=/item/K7Q2A-91ABC.1"' in answer.text
    rut.cookies = kept
    answer = await rut.get("/item/K7Q2A-91ABC.1", headers={"sec-fetch-site": "same-origin"})
    assert "121212-****" in answer.text


async def test_language_is_kept_in_the_browser(anybody):
    assert '<html lang="sv">' in (await anybody.get("/login")).text
    answer = await anybody.post("/language", language="en", back="/login")
    assert answer.headers["location"] == "/login"
    page = await anybody.get("/login")
    assert '<html lang="en">' in page.text
    assert "Log in" in page.text


async def test_new_password_needs_the_present_one(office, rut):
    new = "ett nytt långt lösen"
    form = {"password": new, "password_again": new}
    answer = await rut.post("/account/password", password_present="fel", **form)
    assert answer.status == 422
    answer = await rut.post("/account/password", password_present=PASSWORD, **form)
    assert answer.status == 303
    assert office.archive.passwords["rut"] == new
    assert (await rut.get("/account")).status == 200, "this browser stays logged in"


@pytest.mark.parametrize(
    "password", ["kort", "aaaaaaaaaaaaaaaa", "jag heter rut och bor här", "x" * 201]
)
async def test_weak_password_is_refused(rut, password):
    form = {"password": password, "password_again": password, "password_present": PASSWORD}
    assert (await rut.post("/account/password", **form)).status == 422


async def test_after_a_link_no_old_password_is_asked_for(app, office):
    visitor = Visitor(app)
    secret = await office.archive.new_login_link("rut", office.now)
    await visitor.post("/login/link", secret=secret)
    await visitor.get("/account")
    new = "ett nytt långt lösen"
    answer = await visitor.post("/account/password", password=new, password_again=new)
    assert answer.status == 303
