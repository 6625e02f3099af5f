"""Chromium for tests: one browser a module, a telephone without script, axe, screenshots.

A folder's ``conftest.py`` takes the fixtures by name. Screenshots go to ``shots/`` beside
this file, which is not kept; look at them after a change.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

SHOTS = Path(__file__).parent / "shots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
PATIENCE = 30_000  # milliseconds: a busy machine changes no answer


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    SHOTS.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@contextmanager
def telephone(chromium: Browser, language: str = "sv-SE", **options) -> Iterator[Page]:
    """A page of 360 pixels; its context is closed after it."""
    context = chromium.new_context(
        viewport=PHONE, ignore_https_errors=True, locale=language, **options
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


@pytest.fixture
def phone(chromium) -> Iterator[Page]:
    """A telephone without script, in Swedish."""
    with telephone(chromium, java_script_enabled=False) as page:
        yield page


@pytest.fixture
def examined(chromium) -> Iterator[Page]:
    """A telephone in which axe may run."""
    with telephone(chromium, bypass_csp=True) as page:
        yield page


def shot(page: Page, name: str) -> None:
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def narrow(page: Page) -> bool:
    """Nothing is wider than the window: no scrolling sideways."""
    inside = page.viewport_size["width"]
    return page.locator("html").evaluate("e => e.scrollWidth") <= inside


class Barriers:
    """Looks at states of pages by axe-core and at their width; `found` is what is wrong."""

    def __init__(self, page: Page) -> None:
        self.page, self.found, self.seen = page, [], []

    def look(self, name: str) -> None:
        self.seen.append(name)
        shot(self.page, name)
        if not narrow(self.page):
            self.found.append(f"{name}: wider than the window")
        said = Axe().run(self.page).response["violations"]
        self.found += [f"{name}: {one['id']}: {one['nodes'][0]['html'][:120]}" for one in said]
