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
