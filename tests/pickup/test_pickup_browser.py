"""Pickup in a real browser: taps counted at 360 px without script, the keyboard, many openers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.window import narrow, shot
from tests.pickup.broker import Broker
from tests.pickup.test_pickup_pages import held_over
from tests.pickup.whole import CANARY, HTML, Sms, letter, links, mailed, pickup, read_out
from tests.running import wait_until

pytestmark = pytest.mark.system
FILES = (("lista 2026.csv", b"a;b\r\n"), ("ett mycket långt namn på en fil utan slut.csv", b"x"))


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


def test_two_taps_by_a_code_that_is_read_out(place, phone):
    page, follow = held_over(place, letter(HTML, FILES))
    taps = Taps(phone)
    taps.open(page)
    shot(phone, "pickup-first")
    assert narrow(phone)
    phone.get_by_label("Kod med sex siffror").fill(read_out(place.browser, follow))
    taps.tap("Visa meddelandet")
    expect(phone.frame_locator("iframe").get_by_text("Zqbrodtext om Anna")).to_be_visible()
    shot(phone, "pickup-read")
    assert narrow(phone)
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
        shot(phone, "pickup-sms-first")
        taps.tap("Skicka koden till mobilen")
        shot(phone, "pickup-sms-code")
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
            shot(phone, "pickup-eid-first")
            taps.tap("Fortsätt med BankID")
            expect(phone.get_by_role("heading", name="Legitimeringen är klar")).to_be_visible()
            shot(phone, "pickup-eid-back")
            taps.tap("Visa meddelandet")
            expect(phone.get_by_text(CANARY)).to_be_visible()
            assert taps.n == 3


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


def test_a_function_mailbox_several_named_openers(place, phone):
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
        phone.goto(page)
        phone.get_by_label("Ditt namn (den som öppnar)").fill(name)
        phone.get_by_label("Kod eller lösenfras").fill("sju små  SVARTA katter ")
        phone.get_by_role("button", name="Visa meddelandet").click()
        expect(phone.get_by_text(CANARY)).to_be_visible()
    shot(phone, "pickup-shared")
    told = browser.get(follow).text
    assert "Öppnat av Ada Lind" in told
    assert "Öppnat av Bo Ek" in told
