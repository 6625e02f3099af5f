"""Profiles: what a table gets that names one, and what mail becomes by it."""

import pytest
from pydantic import ValidationError

from mailfilter import config
from mailfilter.config.profiles import PROFILES, filled
from mailfilter.connectors import Kind
from tests.connectors.test_smtp_handoff import MAIL, handed, handover

OWN = {
    "host": "127.0.0.1",
    "envelope_recipient": "{address}.safe",
    "add_headers": {"X-Safe": "yes"},
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_a_table_of_settings(name):
    own = {key: OWN[key] for key in PROFILES[name].own}
    table = config.Connector.model_validate({"profile": name, **own})
    for key, value in PROFILES[name].defaults.items():
        got = getattr(table, key)
        assert got == (tuple(value) if isinstance(value, list) else value)


def test_what_is_written_goes_before_the_profile():
    table = config.Connector.model_validate({"profile": "zivver", "port": 25, "title": "Säker"})
    assert (table.port, table.title, table.host) == (25, "Säker", "smtp.zivver.com")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"profile": "zivvr"}, "must be one of zivver, deltagon"),
        ({"profile": ["zivver"]}, "must be one of"),
        ({"profile": "deltagon"}, "also needs host"),
        ({"profile": "suffix"}, "also needs host and envelope_recipient"),
        ({"profile": "zivver", "type": "pickup"}, "is for type smtp"),
    ],
)
def test_what_cannot_be_is_said(table, said):
    with pytest.raises(ValidationError, match=said):
        config.Connector.model_validate(table)


def test_without_a_profile_nothing_is_added():
    assert filled({"host": "a"}) == {"host": "a"}


async def test_the_extension_stands_in_the_envelope_alone():
    result, hop = await handed(handover(), profile="deltagon", host="127.0.0.1")
    assert result.kind is Kind.HANDED_OVER
    assert hop.mails[0].rcpts == [b"<b@example.org.s>"]
    assert hop.mails[0].data.endswith(MAIL)


async def test_mail_that_the_service_has_handled_does_not_go_there_again():
    body = b"X-ZIVVER-Transport: 1\r\n" + MAIL
    result, hop = await handed(handover(body=body), profile="zivver", host="127.0.0.1")
    assert (result.kind, result.receipt) == (Kind.PERMANENT, "loop")
    assert hop.mails == []
