"""Makes the README's screenshots anew from a running demo: ``python tests/make_screenshots.py``.

Starts ``mailfilter demo`` in a temporary folder, logs in by its link, and takes the list, an item,
the notice that its sender got, and the page behind its button. Needs Debian's Chromium.
"""

import contextlib
import email
import email.policy
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

OUT = Path(__file__).parents[1] / "deploy" / "screenshots"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextlib.contextmanager
def demo(folder: Path):
    """The demo's folder and login link."""
    log = folder / "out"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "mailfilter", "demo"]
        process = subprocess.Popen(command, cwd=folder, stdout=out)
    try:
        for _ in range(600):
            if link := re.search(r"http://\S+/login/\w+", log.read_text("utf-8", "replace")):
                yield link[0]
                return
            time.sleep(0.1)
        raise SystemExit("the demo did not come up")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def notice(folder: Path) -> tuple[str, str]:
    """The HTML of the first notice of a held mail that arrived, and its link."""
    for path in sorted((folder / "var" / "inbox").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if message["Auto-Submitted"] == "auto-replied" and "inte skickats" in message["Subject"]:
            html = message.get_body(("html",)).get_content()
            return html, re.search(r"http://[^\s\"]+/m/[^\s\"]+", html)[0]
    raise SystemExit("no notice arrived")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1100, "height": 720}, locale="sv-SE")
        with demo(folder) as link:
            page.goto(link)
            page.get_by_role("button", name="Logga in").click()
            page.wait_for_load_state()
            page.screenshot(path=OUT / "held.png")
            page.locator("a[href*='/item/']").first.click()
            page.wait_for_load_state()
            page.screenshot(path=OUT / "item.png", full_page=True)
            html, finish = notice(folder)
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(finish)
            page.screenshot(path=OUT / "sender.png", full_page=True)
        page = browser.new_page(viewport={"width": 660, "height": 720})  # without our policy
        page.set_content(html)
        page.screenshot(path=OUT / "notice.png")
        browser.close()


if __name__ == "__main__":
    main()
