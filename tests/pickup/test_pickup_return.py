"""A bounce of a link comes back to the gateway and becomes a word to the sender."""

import smtplib

import pytest

from mailfilter.model import Path
from mailfilter.own_addresses.returned_link import Returns, failed
from tests.pickup.service import settings_of
from tests.pickup.whole import letter, links, pickup, subjects
from tests.running import wait_until

REPORT = (
    "From: MAILER-DAEMON@example.org\r\nContent-Type: multipart/report; report-type={kind};\r\n"
    ' boundary="x"\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n'
    "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; anna@example.org\r\n"
    "{action}\r\n--x--\r\n"
)


def report(action: str, kind: str = "delivery-status") -> bytes:
    return REPORT.format(action=action, kind=kind).encode()


@pytest.mark.parametrize(
    ("sender", "data", "said"),
    [
        (b"", report("Action: failed\r\nStatus: 5.1.1"), True),
        (b"daemon@example.org", report("action:  FAILED"), True),
        (b"", report("Action: delayed\r\nStatus: 4.0.0"), False),
        (b"", report("Action: delivered"), False),
        (b"", report("Status: 5.1.1"), True),
        (b"", report("x", "disposition-notification"), False),
        (b"", b"Subject: Undelivered Mail\r\n\r\nno such user\r\n", True),
        (b"", b"Subject: Semester\r\nAuto-Submitted: auto-replied\r\n\r\nhej\r\n", False),
        (b"anna@example.org", b"Subject: Sv: hej\r\n\r\nAction: failed\r\n", False),
        (b"", b"", True),
    ],
)
def test_what_says_that_it_failed(sender, data, said):
    assert failed(sender, data) is said


@pytest.mark.parametrize(
    ("address", "token"),
    [
        ("mailfilter+abcdefghijklmnop@kommun.example", "abcdefghijklmnop"),
        ("MAILFILTER+ABCDEFGHIJKLMNOP@Kommun.Example", "abcdefghijklmnop"),
        ("mailfilter@kommun.example", ""),
        ("mailfilter+abc@kommun.example", ""),
        ("mailfilter+abcdefghijklmnop@other.example", ""),
        ("xmailfilter+abcdefghijklmnop@kommun.example", ""),
        ("mailfilter+abcdefghijklmnopq@kommun.example", ""),
        ("", ""),
    ],
)
def test_which_addresses_are_ours(tmp_path, address, token):
    returns = Returns.of(settings_of(tmp_path, 1))
    raw = address.encode()
    assert returns.token(Path(b"<" + raw + b">", raw)) == token


def test_without_pickup_there_are_none(tmp_path):
    settings = settings_of(tmp_path, 1)
    assert Returns.of(settings.model_copy(update={"connectors": {}})) is None


@pytest.mark.system
def test_through_the_whole_program(tmp_path):
    with pickup(tmp_path) as at:
        at.send(letter())
        links(at, "h")
        mail = next(m for m in at.sink.mails if b"+" in m.mail)
        back = mail.mail.partition(b"<")[2].partition(b">")[0].decode()
        assert back.startswith("mailfilter+")
        sent = len(at.sink.mails)
        with smtplib.SMTP("127.0.0.1", at.gateway.port) as client:
            client.ehlo()
            assert client.mail("")[0] == 250
            assert client.rcpt(back)[0] == 250
            assert client.rcpt("b@medborgare.example")[0] == 452, "one kind at a time"
            assert client.data(report("Action: failed"))[0] == 250
            client.mail("")
            client.rcpt(back)
            assert client.data(report("Action: delayed"))[0] == 250
            client.mail("")
            assert client.rcpt(back.replace("+", "+a"))[0] == 250, "the next hop is asked"
        wait_until(
            lambda: any(s.startswith("Länken kom inte fram") for s in subjects(at)), "she is told"
        )
        assert len(at.sink.mails) >= sent + 1
        assert not any(b"delivery-status" in m.data for m in at.sink.mails), "nothing goes on"
