"""Pickup in a real browser: taps counted at 360 px without script; axe in every state.


Screenshots go to ``tests/browser/shots/``, which is not kept; look at them after a change.
"""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from tests.browser.test_review import ARGS
from tests.pickup.broker import Broker
from tests.pickup.test_pickup_pages import held_over
from tests.pickup.whole import CANARY, HTML, Sms, letter, links, mailed, pickup, read_out
from tests.running import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(__file__).parents[1] / "browser" / "shots"
PHONE = {"width": 360, "height": 740}
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FILES = (("lista 2026.csv", b"a;b\r\n"), ("ett mycket långt namn på en fil utan slut.csv", b"x"))


@pytest.fixture(scope="module")
def chromium():
    SHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium):
    """A telephone without script, in Swedish."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="sv-SE")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@pytest.fixture
def examined(chromium):
    """A telephone in which axe may run."""
    context = chromium.new_context(viewport=PHONE, bypass_csp=True, locale="sv-SE")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with pickup(tmp_path_factory.mktemp("browser"), 'shared = ["@delad.example"]') as at:
        yield at


class Taps:
    """Counts what she taps; typing is none."""

    def __init__(self, page) -> None:
        self.page, self.n = page, 0

    def open(self, link: str) -> None:
        self.n += 1
        self.page.goto(link)

    def tap(self, name: str) -> None:
        self.n += 1
        self.page.get_by_role("button", name=name).click()


def shot(page, name: str) -> None:
    page.screenshot(path=SHOTS / f"pickup-{name}.png", full_page=True)


def no_wider(page) -> bool:
    """Nothing is wider than the window: no scrolling sideways."""
    return page.locator("html").bounding_box()["width"] <= PHONE["width"]


def test_two_taps_by_a_code_that_is_read_out(place, phone):
    page, follow = held_over(place, letter(HTML, FILES))
    taps = Taps(phone)
    taps.open(page)
    shot(phone, "first")
    assert no_wider(phone)
    phone.get_by_label("Kod med sex siffror").fill(read_out(place.browser, follow))
    taps.tap("Visa meddelandet")
    expect(phone.frame_locator("iframe").get_by_text("Zqbrodtext om Anna")).to_be_visible()
    shot(phone, "read")
    assert no_wider(phone)
    assert taps.n == 2
    frame = phone.frame_locator("iframe")
    assert frame.locator("script, img, form, input").count() == 0
    with phone.expect_download() as saved:
        phone.get_by_role("button", name="Spara lista 2026.csv").click()
    assert saved.value.suggested_filename == "lista 2026.csv"


def test_three_taps_by_sms(phone, tmp_path):
    with Sms() as sms, pickup(tmp_path, 'proof = "sms"', sms) as at:
        at.send(letter())
        wait_until(lambda: at.gateway.items("held"), "held for want of a number")
        number = {"service": "hamta", "mobile.0": "070-174 06 05"}
        at.browser.act(at.link(), "secure", **number)
        taps = Taps(phone)
        taps.open(links(at, "h")[0])
        shot(phone, "sms-first")
        taps.tap("Skicka koden till mobilen")
        shot(phone, "sms-code")
        phone.get_by_label("Koden i SMS:et").fill(sms.code)
        taps.tap("Visa meddelandet")
        expect(phone.get_by_text(CANARY)).to_be_visible()
        assert taps.n == 3


def test_three_taps_of_ours_by_e_identification(phone, tmp_path):
    with Broker() as broker:
        extra = (
            f'proof = "eid"\n[pickup.eid]\nissuer = "{broker.issuer}"\nclient_id = "mailfilter"\n'
        )
        with pickup(tmp_path, extra) as at:
            at.send(letter())
            taps = Taps(phone)
            taps.open(links(at, "h")[0])
            shot(phone, "eid-first")
            taps.tap("Fortsätt med BankID")
            expect(phone.get_by_role("heading", name="Legitimeringen är klar")).to_be_visible()
            shot(phone, "eid-back")
            taps.tap("Visa meddelandet")
            expect(phone.get_by_text(CANARY)).to_be_visible()
            assert taps.n == 3


@pytest.mark.parametrize("lang", ["sv", "en", pytest.param("fi", marks=pytest.mark.long)])
def test_axe_has_nothing_to_say_in_any_state(place, examined, lang):
    faults: dict[str, list] = {}
    states = 0

    def look(name: str) -> None:
        nonlocal states
        states += 1
        assert no_wider(examined), name
        shot(examined, name)
        response = Axe().run(examined).response
        found = [(one["id"], one["nodes"][0]["html"][:120]) for one in response["violations"]]
        if found:
            faults[name] = found

    words = place_words(lang)
    page, follow = held_over(place, letter(HTML, FILES))
    code = read_out(place.browser, follow)
    examined.goto(f"{page}?lang={lang}")
    look(f"{lang}-first")
    examined.goto(f"{follow}?lang={lang}")
    look(f"{lang}-follow")
    examined.get_by_role("button", name=words["follow"]["code"]).click()
    examined.locator("details").first.locator("summary").click()
    look(f"{lang}-follow-code")
    examined.goto(f"{page}?lang={lang}")
    submit(examined, words, "000000x")
    look(f"{lang}-wrong")
    submit(examined, words, code)
    look(f"{lang}-read")
    examined.get_by_role("button", name=words["pickup-read"]["answer-go"]).click()
    look(f"{lang}-empty")
    examined.get_by_label(words["pickup-read"]["answer-text"], exact=True).fill("Zqsvar")
    known = len(mailed(place, "h"))
    examined.get_by_role("button", name=words["pickup-read"]["answer-go"]).click()
    look(f"{lang}-answered")
    examined.goto(f"{links(place, 'h', known + 1)[-1]}?lang={lang}")
    look(f"{lang}-answer-first")
    examined.get_by_role("button", name=words["pickup"]["open"]).click()
    look(f"{lang}-answer-read")
    examined.goto(f"{page}?lang={lang}")
    for _ in range(5):
        submit(examined, words, "x")
    look(f"{lang}-locked")
    place.browser.act(follow, "withdraw")
    examined.goto(f"{page}?lang={lang}")
    look(f"{lang}-ended")
    examined.goto(f"{follow}?lang={lang}")
    look(f"{lang}-follow-ended")
    examined.goto(f"{page[:-3]}xyz?lang={lang}")
    look(f"{lang}-no-such-link")
    assert faults == {}
    assert states == 13


def place_words(lang: str) -> dict:
    import tomllib
    from importlib.resources import files

    text = files("mailfilter.front.pickup_words").joinpath(f"{lang}.toml").read_text("utf-8")
    return tomllib.loads(text)


def submit(page, words, code: str) -> None:
    page.locator("#code").fill(code)
    page.get_by_role("button", name=words["pickup"]["open"]).click()


def test_with_the_keyboard_alone(place, phone):
    page, follow = held_over(place)
    phone.goto(page)
    code = read_out(place.browser, follow)
    for _ in range(12):
        phone.keyboard.press("Tab")
        if phone.locator("#code:focus").count():
            break
    phone.keyboard.type(code)
    phone.keyboard.press("Enter")
    expect(phone.get_by_text(re.compile(CANARY))).to_be_visible()


def test_a_function_mailbox_several_named_openers(place, examined):
    """A passphrase that was agreed on the telephone; who opened stands on the sender's page."""
    known = mailed(place, "h"), mailed(place, "f")
    place.send(letter(), to="registrator@delad.example")
    page = links(place, "h", len(known[0]) + 1)[-1]
    follow = links(place, "f", len(known[1]) + 1)[-1]
    browser = place.browser
    box = re.search(r'name="box" value="([a-z2-7]{16})"', browser.get(follow).text)[1]
    assert browser.act(follow, "passphrase", box=box, passphrase="kort 7").status == 422
    phrase = "Sju små svarta katter"
    assert browser.act(follow, "passphrase", box=box, passphrase=phrase).status == 303
    nameless = browser.act(page, "open", code=phrase)
    assert (nameless.status, "Skriv ditt namn" in nameless.text) == (422, True)
    for name in ("Ada Lind", "Bo Ek"):
        examined.goto(page)
        assert Axe().run(examined).response["violations"] == []
        examined.get_by_label("Ditt namn (den som öppnar)").fill(name)
        examined.get_by_label("Kod eller lösenfras").fill("sju små  SVARTA katter ")
        examined.get_by_role("button", name="Visa meddelandet").click()
        expect(examined.get_by_text(CANARY)).to_be_visible()
    shot(examined, "shared")
    told = browser.get(follow).text
    assert "Öppnat av Ada Lind" in told
    assert "Öppnat av Bo Ek" in told
