"""A reviewer's morning in a real browser: with the mouse, with the keyboard only, on a telephone.

The screenshots go to ``shots/`` beside this file, which is not kept; look at them after a change.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.staging import deliver, served, staged
from tests.browser.window import SHOTS

pytestmark = pytest.mark.system
ITEM = "/item/K7Q2A-91ABC.1"


@pytest.fixture
def stage(chromium):
    """(office, address, a way to open pages that must not complain)."""
    office, secret = staged()
    complaints = []

    def complain(text):
        if "Autofocus processing was blocked" not in text:  # the reader was faster: no fault
            complaints.append(text)

    def window(**options):
        page = chromium.new_context(
            **({"viewport": {"width": 1280, "height": 820}} | options)
        ).new_page()
        page.on("console", lambda message: complain(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    with served(office) as root:
        yield office, root, secret, window
        for context in chromium.contexts:
            context.close()
    assert not complaints


def enter(page, root, secret):
    page.goto(f"{root}/login/{secret}")
    page.screenshot(path=SHOTS / "link.png")
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_role("heading", name="Mejl att granska")).to_be_visible()


def test_opens_a_held_mail_reads_it_and_releases_it(stage):
    office, root, secret, window = stage
    page = window()
    page.goto(f"{root}/login")
    page.screenshot(path=SHOTS / "login.png")
    enter(page, root, secret)
    page.screenshot(path=SHOTS / "list.png", full_page=True)

    page.get_by_role("link", name="anna.berg").click()
    expect(page.get_by_text("121212-****").first).to_be_visible()
    page.screenshot(path=SHOTS / "item.png", full_page=True)

    page.get_by_label("Ändamål").select_option("decide")
    page.get_by_role("button", name="Visa texten").click()
    expect(page.locator("mark").first).to_have_text("19121212-1212")
    page.screenshot(path=SHOTS / "text.png", full_page=True)
    assert office.archive.lines[-1].act == "view-text"

    page.get_by_role("link", name="Tillbaka till beslutet").click()
    page.get_by_text("Skicka ändå").first.click()
    page.locator("#release-reason").select_option("false-alarm")
    page.get_by_role("button", name="Skicka ändå").click()
    expect(page.get_by_text("Sidan uppdateras av sig själv")).to_be_visible()
    page.screenshot(path=SHOTS / "moving.png", full_page=True)

    deliver(office)
    expect(page.get_by_text("250 2.0.0 Ok")).to_be_visible(timeout=10_000)
    page.screenshot(path=SHOTS / "released.png", full_page=True)
    assert ("rut", "release", "K7Q2A-91ABC.1") in office.archive.acts()
    assert office.archive.parcels == [("release", "K7Q2A-91ABC.1")]


def test_keyboard_only_and_without_script(stage):
    office, root, secret, window = stage
    page = window(java_script_enabled=False)
    page.goto(f"{root}/login/{secret}")
    _tab_to(page, "Logga in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mejl att granska")).to_be_visible()

    _tab_to(page, "Hoppa till innehållet")
    page.keyboard.press("Enter")
    _tab_to(page, "anna.berg@kommunen.example")
    page.screenshot(path=SHOTS / "focus.png")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mejl K7Q2A-91ABC.1")).to_be_visible()

    _tab_to(page, "Skicka inte")
    page.keyboard.press("Enter")
    _tab_to(page, "refuse-reason")
    page.keyboard.press("ArrowDown")
    _tab_to(page, "Skicka inte")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Avsändaren får besked").first).to_be_visible()
    assert office.archive.parcels == [("not-sent", "K7Q2A-91ABC.1")]


def test_arrow_keys_move_in_the_list(stage):
    _, root, secret, window = stage
    page = window()
    enter(page, root, secret)
    _tab_to(page, "anna.berg@kommunen.example")
    page.keyboard.press("ArrowDown")
    assert _focused(page)[0] == "ove.lind@kommunen.example"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_telephone(stage, scheme):
    _, root, secret, window = stage
    page = window(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    enter(page, root, secret)
    places = ["/", ITEM, "/item/H2X6N-55WXY.1", f"{ITEM}/delete", "/statistics", "/account"]
    for path in places:
        page.goto(root + path)
        name = path.strip("/").replace("/", "-") or "list"
        page.screenshot(path=SHOTS / f"phone-{scheme}-{name}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} px wide"


def test_statistics_with_a_chart(stage):
    _, root, secret, window = stage
    page = window()
    enter(page, root, secret)
    page.get_by_role("link", name="Statistik").click()
    chart = page.get_by_role("img", name="Diagram")
    expect(chart).to_be_visible()
    assert chart.evaluate("image => image.naturalWidth") > 100
    page.screenshot(path=SHOTS / "statistics.png", full_page=True)


def test_the_other_roles_and_english(stage):
    _, root, _, window = stage
    for name in ("adam", "rolf"):
        page = window()
        page.goto(f"{root}/login")
        page.get_by_role("button", name="English").click()
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill("fyra hästar på rad")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("table")).to_be_visible()
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(stage, scheme):
    """4.5:1 between each text and what lies behind it (WCAG 2.2, 1.4.3)."""
    _, root, secret, window = stage
    page = window(color_scheme=scheme)
    enter(page, root, secret)
    for path in ("/", "/?tab=failed", ITEM, "/item/F4Z9S-42KLM.1", f"{ITEM}/delete", "/statistics"):
        page.goto(root + path)
        assert page.evaluate(CONTRAST) == [], path


def _focused(page):
    return page.evaluate(
        "() => { const e = document.activeElement; return [e.innerText.trim(), e.id]; }"
    )


def _tab_to(page, wanted):
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted in _focused(page):
            return
    pytest.fail(f"the Tab key never reached {wanted}")


CONTRAST = """() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((c) => {
      const s = c / 255;
      return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      const [, , , alpha = 1] = numbers(colour);
      if (alpha === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
  }
  return poor;
}"""
