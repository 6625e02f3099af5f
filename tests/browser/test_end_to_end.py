"""From a client's DATA to the next hop, by way of a reviewer's browser, on the real program."""

import pytest
from playwright.sync_api import expect

from tests.browser.window import PATIENCE
from tests.running import Gateway, wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system
MAIL = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=exempelkommun.example; b=oförändrad\r\n"
    "From: Maj Ek <maj@exempelkommun.example>\r\nTo: anna@medborgare.example\r\n"
    "Subject: =?utf-8?q?Beslut?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "..Hej Anna!\r\n\r\nDitt personnummer: 19121212-1212.\r\n.\r\n\r\n \r\n"
).encode()


@pytest.fixture
def page(chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 820}).new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    page.context.close()


def test_a_held_mail_is_released_in_the_browser_and_arrives_as_it_was(page, tmp_path):
    with Sink() as sink, Gateway(tmp_path, sink.port) as gateway:
        code, _ = gateway.send(
            MAIL,
            "maj@exempelkommun.example",
            ["anna@medborgare.example"],
            mail_options=["BODY=8BITMIME", "RET=HDRS", "ENVID=QQ314159"],
            rcpt_options=["NOTIFY=FAILURE", "ORCPT=rfc822;Anna@medborgare.example"],
        )
        assert code == 250
        (item,) = gateway.items("held")
        assert sink.to("anna@medborgare.example") == []

        page.goto(gateway.command("user", "add", "rut").strip())
        page.get_by_role("button", name="Logga in").click()
        expect(page.get_by_role("heading", name="Mejl att granska")).to_be_visible()
        page.get_by_role("link", name="maj@exempelkommun.example").click()
        expect(page.get_by_text("121212+****").first).to_be_visible()

        page.get_by_label("Ändamål").select_option("decide")
        page.get_by_role("button", name="Visa texten").click()
        expect(page.locator("mark").first).to_have_text("19121212-1212")

        page.get_by_role("link", name="Tillbaka till beslutet").click()
        page.get_by_text("Skicka ändå").first.click()
        page.locator("#release-reason").select_option("false-alarm")
        page.get_by_role("button", name="Skicka ändå").click()
        expect(page.get_by_text("250 2.0.0 Ok: kept")).to_be_visible()

        (arrived,) = wait_until(lambda: sink.to("anna@medborgare.example"), "arrival")
        assert arrived.data == MAIL
        assert arrived.mail == b"<maj@exempelkommun.example> BODY=8BITMIME RET=HDRS ENVID=QQ314159"
        assert arrived.rcpts == [
            b"<anna@medborgare.example> NOTIFY=FAILURE ORCPT=rfc822;Anna@medborgare.example"
        ]
        (released,) = gateway.items()
        assert (released["id"], released["state"]) == (item["id"], "released")
        acts = gateway.command("audit", "list")
        assert [
            act for act in ("view-item", "view-text", "release") if f" {act} " not in acts
        ] == []
        assert "rut" in acts
        assert "the chain holds" in gateway.command("audit", "verify")
