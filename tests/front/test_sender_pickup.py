"""From the sender's page to the embedded pickup: it asks for the number that pickup needs."""

import pytest

from tests.front.installation import ANNA, Installation
from tests.running import wait_until

pytestmark = pytest.mark.system

PICKUP = """
[pickup]
proof = "sms"
switchboard = "0123-45 60 00"
[pickup.sms]
url = "http://127.0.0.1:9/sms"
[connectors.hamta]
type = "pickup"
title = "Hämta säkert"
"""
REDIRECTED = """
[[rule]]
name = "hamtas"
mode = "enforce"
kinds = ["se.personnummer"]
action = "redirect"
connector = "hamta"
"""


def test_the_number_is_asked_for_and_the_recipient_gets_a_link(tmp_path):
    with Installation(tmp_path, extra=PICKUP) as place:
        place.send()
        link = place.link()
        page = place.browser.get(link).text
        assert "Mobilnummer till anna@medborgare.example" in page
        missing = place.browser.act(link, "secure", service="hamta")
        assert missing.status == 422
        assert "Skriv ett mobilnummer" in missing.text
        told = place.browser.act(link, "secure", service="hamta", **{"mobile.0": "070-174 06 05"})
        assert told.status == 303
        (arrived,) = wait_until(lambda: place.sink.to(ANNA), "the mail with the link")
        assert b"19121212" not in arrived.data
        assert b"/h/" in arrived.data
        assert "070-174" not in place.gateway.log()
        wait_until(lambda: place.gateway.items("handed-over"), "the receipt")
        assert "Lämnat till den säkra tjänsten" in place.browser.get(link).text


def test_a_rule_that_lacks_the_number_asks_for_it_and_takes_it(tmp_path):
    with Installation(tmp_path, extra=PICKUP + REDIRECTED) as place:
        place.send()
        notice = place.notice()
        assert str(notice["Subject"]).startswith("Skriv mottagarens mobilnummer")
        said = notice.get_body(("plain",)).get_content()
        assert said.startswith("Skriv mobilnumret:")
        assert "tog inte emot" not in said
        link = place.link()
        assert "mobilnummer saknas. Skriv det nedan" in place.browser.get(link).text
        for odd in ("0701", "08-123 45 67", "nummer", ""):
            refused = place.browser.act(link, "secure", service="hamta", **{"mobile.0": odd})
            assert refused.status == 422
            assert "till exempel 070-174 06 05" in refused.text
            assert f'value="{odd}"' in refused.text
        place.browser.act(link, "secure", service="hamta", **{"mobile.0": "+46 70 174 06 05"})
        wait_until(lambda: place.sink.to(ANNA), "the mail with the link")
