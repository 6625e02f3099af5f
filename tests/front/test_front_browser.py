"""The sender's pages in a real browser: clicks counted, 360 px, keyboard, without script, axe."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.window import Barriers, narrow, shot, telephone
from tests.certificates import Authority
from tests.extract.making_media import mp3
from tests.front.installation import ANNA, MAJ, Installation, mail
from tests.front.test_own_rows import QUOTED
from tests.front.test_sender_acts import OVERRIDE
from tests.running import wait_until
from tests.sink import Sink

ASK = """
[notice]
per_hour = 100
[levels]
health_medium = 2
health_high = 100
[[rule]]
name = "fraga"
recipient_classes = ["external"]
kinds = ["health"]
level = "medium"
alone = true
action = "ask"
"""
ILL = "Hej!\r\n\r\n{} har diagnosen schizofreni.\r\n"

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An installation with https of its own, and a secure service."""
    folder = tmp_path_factory.mktemp("browser")
    authority = Authority(folder)
    pair = authority.issue("127.0.0.1", "localhost")
    front = f'certificate = "{pair.certificate}"\nkey = "{pair.key}"'
    with Sink() as service:
        extra = ASK + OVERRIDE.format(port=service.port)
        with Installation(folder, front=front, extra=extra) as place:
            place.service, place.authority, place.pair = service, authority, pair
            yield place


def stopped(place, **changes) -> str:
    before = len(place.notices())
    place.send(mail(**changes))
    return place.link(before)


def test_three_clicks_from_the_notice_to_the_service(place, phone):
    link = stopped(place, subject="tre klick")
    assert link.startswith("https://")
    clicks = 1  # the button of the notice
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Ditt mejl")).to_be_visible()
    shot(phone, "front-sender-phone")
    assert narrow(phone)
    phone.get_by_role("button", name="Skicka säkert").click()
    clicks += 1
    expect(phone.get_by_text("Mejlet lämnas nu till den säkra tjänsten.")).to_be_visible()
    assert clicks <= 3
    wait_until(lambda: place.service.to(f"{ANNA}.s"), "the service has it")


def test_back_after_an_act_shows_how_it_went(place, phone):
    phone.goto(stopped(place, subject="bakåt"))
    phone.get_by_text("Återta mejlet", exact=True).first.click()
    phone.locator("details[open]").get_by_role("button").click()
    expect(phone.get_by_text("Mejlet är återtaget.")).to_be_visible()
    phone.go_back()
    expect(phone.get_by_text("Återtaget, inte skickat")).to_be_visible()


def test_a_notice_fits_a_phone(place, phone):
    before = len(place.notices())
    long = f"{'lang' * 14}@{'domanen' * 8}.example"
    place.send(mail(to=long, subject="smalt"), to=long)
    phone.set_content(place.notice(before).get_body(("html",)).get_content())
    assert "example" in phone.content()
    assert narrow(phone)


@pytest.mark.parametrize("act", ["Be om granskning", "Det är ett falskt larm", "Återta mejlet"])
def test_the_other_ways_take_three_clicks_as_well(place, phone, act):
    phone.goto(stopped(place, subject=act))  # 1
    phone.get_by_text(act, exact=True).first.click()  # 2
    if act == "Be om granskning":
        phone.locator("#review-reason").fill("Numret är mitt eget")
    opened = phone.locator("details[open]")
    opened.get_by_role("button").click()  # 3
    expect(phone.get_by_role("status").first).to_be_visible()


def test_one_tap_sends_what_is_about_nobodys_health(place, phone):
    phone.goto(stopped(place, body=ILL.format("Bo Alm"), subject="ett tryck"))
    tap = phone.get_by_role("button", name="Det handlar inte om någons hälsa – skicka")
    secure = phone.get_by_role("button", name="Skicka säkert")
    expect(tap).to_be_visible()
    expect(secure).to_be_visible()
    expect(tap).to_have_accessible_description(re.compile("ingen annan läser det"))
    assert narrow(phone)
    shot(phone, "front-ask-phone")
    assert tap.bounding_box()["height"] >= 44
    before = len(place.sink.to(ANNA))
    tap.click()
    expect(phone.get_by_text("Mejlet skickas nu som vanlig e-post.")).to_be_visible()
    wait_until(lambda: len(place.sink.to(ANNA)) > before, "it is sent")


def test_the_new_mail_is_seen_before_it_is_sent(place, phone):
    phone.goto(stopped(place, body=QUOTED, subject="citat"))
    phone.get_by_text("Skicka utan citatet", exact=True).click()
    phone.locator("details[open]").get_by_role("button").click()
    expect(phone.get_by_text("Vi ses på torsdag.")).to_be_visible()
    shot(phone, "front-quote-phone")
    phone.get_by_role("button", name="Skicka det här mejlet").click()
    expect(phone.get_by_text("Det nya mejlet skickas nu")).to_be_visible()


def test_by_the_keyboard_alone(place, chromium):
    context = chromium.new_context(ignore_https_errors=True, locale="sv-SE")
    page = context.new_page()
    page.goto(stopped(place, subject="tangenter"))
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Skicka säkert":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Mejlet lämnas nu till den säkra tjänsten.")).to_be_visible()
    context.close()


@pytest.mark.parametrize("language", ["sv", "en", "fi"])
def test_no_page_has_a_barrier(place, chromium, language):
    """Every page and state, by axe-core."""
    with telephone(chromium, language) as page:
        barriers = Barriers(page)
        walk(place, page, language, barriers)
        assert barriers.found == []


def walk(place, page, language, barriers) -> None:
    base = f"https://127.0.0.1:{place.port}"

    def look(url, name):
        page.goto(f"{url}?lang={language}")
        seen(name)

    def seen(name):
        barriers.look(f"front-{language}-{name}")

    link = stopped(place, subject=f"axe {language}", body=QUOTED)
    look(link, "held")
    for act in ("review", "false-alarm", "quote", "withdraw"):
        page.goto(f"{link}?lang={language}")
        form = page.locator(f'form[action$="/{act}"]')
        page.locator("details", has=form).locator("summary").click()
        if act == "review":
            seen("form")
            page.locator("#review-reason").fill("   ")
            form.get_by_role("button").click()
            seen("form-fault")
            page.locator("#review-reason").fill("x")
            form = page.locator(f'form[action$="/{act}"]')
        form.get_by_role("button").click()
        seen(act)
    look(link, "ended")
    ill = ILL.format({"sv": "Eva Ek", "en": "Per Ek", "fi": "Åsa Ek"}[language])
    look(stopped(place, body=ill, subject=f"axe ask {language}"), "ask")
    page.locator('form[action$="/not-health"]').get_by_role("button").click()
    seen("not-health")
    look(f"{link}x", "wrong-link")
    look(f"{base}/", "start")
    look(f"{base}/kontrollera", "check-login")
    look(f"{base}/mina", "mina-ask")
    before = len(place.notices())
    page.locator("#address").fill(MAJ)
    page.get_by_role("button").last.click()
    seen("mina-sent")
    text = place.notice(before).get_body(("plain",)).get_content()
    look(re.search(r"https://\S+/mina/in/\S+", text)[0], "mina-enter")
    page.get_by_role("button").last.click()
    page.wait_for_url("**/mina?**")
    look(f"{base}/mina", "mina")
    look(f"{base}/kontrollera", "check")
    page.locator("#text").fill("Mitt personnummer är 19121212-1212.")
    page.locator("form button").last.click()
    seen("checked")
    page.locator("#file").set_input_files(
        [{"name": "ljud.mp3", "mimeType": "audio/mpeg", "buffer": mp3()}]
    )
    page.locator("form button").last.click()
    expect(page.locator("#result")).to_be_visible()
    seen("checked-unread")
    page.goto(f"{base}/kontrollera?lang={language}")
    page.locator("form button").last.click()
    seen("checked-empty")
    look(f"{base}/finns-inte", "no-page")


def test_a_new_certificate_is_taken_into_use(place):
    import ssl

    def serial() -> str:
        return ssl.get_server_certificate(("127.0.0.1", place.port))

    before = serial()
    place.authority.issue("127.0.0.1", "localhost")  # the same files, another certificate
    wait_until(lambda: serial() != before, "the new certificate")
    assert '"state": "renewed"' in place.gateway.log()
