"""The search in a real browser: with the keyboard, without script, on a telephone, by axe."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.staging import served, staged
from tests.browser.window import PATIENCE, Barriers, shot
from tests.web.office import AUDITOR, PASSWORD, REVIEWER

pytestmark = pytest.mark.system
TO = "foralder@post.example"


@pytest.fixture(scope="module")
def stage(chromium):
    """(office, address)."""
    office, _ = staged()
    told = office.settings.organisation.model_copy(update={"staff_informed": office.now.date()})
    office.settings = office.settings.model_copy(update={"organisation": told})
    office.archive.stored = {
        name: replace(kept, decided_by=REVIEWER.name)
        for name, kept in office.archive.stored.items()
    }
    with served(office) as root:
        yield office, root
        for context in chromium.contexts:
            context.close()


@pytest.fixture
def window(chromium, stage):
    """Opens a page of somebody who has logged in."""
    _, root = stage

    def enter(user=REVIEWER, language="sv", **options):
        wide = {"viewport": {"width": 1280, "height": 820}}
        page = chromium.new_context(**(wide | options)).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{root}/login")
        if language == "en":
            page.get_by_role("button", name="English").click()
        page.locator("[name=name]").fill(user.name)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button").click()
        expect(page.locator("h1")).to_be_visible()
        return page

    return enter


def test_an_old_mail_is_found_by_its_case_number_with_keys_alone(window, stage):
    page = window(java_script_enabled=False)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "q":
            break
    page.keyboard.type("d8y3c 66ghj")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mejl D8Y3C-66GHJ.1")).to_be_visible()
    assert "d8y3c" not in page.url


def test_a_person_is_found_after_a_purpose_and_nothing_stands_in_the_address(window, stage):
    office, _ = stage
    page = window(java_script_enabled=False)
    page.get_by_role("searchbox", name="Sök mejl").fill(TO)
    page.get_by_role("button", name="Sök").click()
    expect(page.get_by_role("heading", name="Varför söker du")).to_be_visible()
    seen = [page.url]
    page.get_by_label("Ändamål").select_option("sender-asked")
    page.get_by_role("button", name="Sök").click()
    expect(page.get_by_role("heading", name="Sökresultat")).to_be_visible()
    expect(page.get_by_text("K7Q2A-91ABC.1")).to_be_visible()
    seen.append(page.url)
    page.get_by_label("Läge").select_option("failed")
    page.get_by_role("button", name="Filtrera").click()
    expect(page.get_by_text("F4Z9S-42KLM.1")).to_be_visible()
    expect(page.get_by_text("K7Q2A-91ABC.1")).to_have_count(0)
    seen.append(page.url)
    assert not [url for url in seen if "foralder" in url or "%40" in url or "@" in url]
    assert office.archive.lines[-1].detail == {"how": "address", "purpose": "sender-asked"}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_barriers(window, stage, language, scheme, width):
    _, root = stage
    look = {"viewport": {"width": width, "height": 780}, "color_scheme": scheme}
    page = window(language=language, bypass_csp=True, **look)
    barriers = Barriers(page)

    def see(name, text=None, **purpose):
        if text is not None:
            page.locator("#q").fill(text)
            page.locator(".find button").click()
        for code in purpose.values():
            page.locator("#purpose").select_option(code)
            page.locator("main form button").last.click()
        barriers.look(f"find-{name}-{language}-{scheme}-{width}")

    see("list")
    page.goto(f"{root}/find")
    see("form")
    see("unanswerable", "anna@")
    page.goto(root)
    see("words", "torsdag")
    see("nothing", "torsda")
    see("why", TO)
    see("person", purpose="incident")
    assert barriers.found == []


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_barriers_for_the_auditor(window, stage, language):
    _, root = stage
    page = window(AUDITOR, language, bypass_csp=True, viewport={"width": 360, "height": 780})
    barriers = Barriers(page)
    page.goto(f"{root}/find")
    barriers.look(f"find-auditor-{language}")
    page.locator("#reviewer").select_option(REVIEWER.name)
    page.locator("#purpose").select_option("oversight")
    page.locator("section form button").click()
    expect(page.get_by_text("K7Q2A-91ABC.1")).to_be_visible()
    barriers.look(f"find-reviewer-{language}")
    page.emulate_media(media="print")
    shot(page, f"find-print-{language}")
    assert barriers.found == []


# ---- keys ------------------------------------------------------------------------------------


def focused(page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.innerText").strip()


def test_keys_move_open_and_never_decide(window, stage):
    office, _ = stage
    page = window()
    page.wait_for_load_state("networkidle")
    for key, where in (("j", "anna.berg@kommunen.example"), ("j", "ove.lind@kommunen.example"),
                       ("k", "anna.berg@kommunen.example"), ("/", "q")):  # fmt: skip
        page.keyboard.press(key)
        assert focused(page) == where
    page.keyboard.type("jrd?")
    assert page.locator("#q").input_value() == "jrd?", "in a field they are letters"
    page.get_by_role("link", name="anna.berg").focus()
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Mejl K7Q2A-91ABC.1")).to_be_visible()
    before = len(office.archive.parcels)
    for key, field in (("r", "release-reason"), ("s", "connector"), ("d", "refuse-reason")):
        page.locator("h1").click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        assert focused(page) == field
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Tangenter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(office.archive.parcels) == before


def test_keys_are_switched_off_in_the_account(window, stage):
    _, root = stage
    page = window()
    page.goto(f"{root}/account")
    page.get_by_role("button", name="Stäng av tangenterna").click()
    expect(page.get_by_text("De är av i den här webbläsaren.")).to_be_visible()
    page.goto(root)
    for key in ("j", "/", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="anna.berg").focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "ove.lind@kommunen.example", "arrows are no letters"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_barriers_in_the_help_and_the_account(window, stage, language):
    _, root = stage
    page = window(language=language, bypass_csp=True, viewport={"width": 360, "height": 780})
    barriers = Barriers(page)
    page.keyboard.press("?")
    barriers.look(f"keys-{language}")
    page.goto(f"{root}/account")
    barriers.look(f"keys-account-{language}")
    assert barriers.found == []
