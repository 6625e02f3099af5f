"""What we sign, others can verify; and signing takes any mail."""

import pytest

from mailfilter.config import Notice
from mailfilter.connectors.signing import Signer, signer_of
from mailfilter.errors import ConfigError, Permanent
from tests.connectors.dkim_key import KEY, verified
from tests.effort import within_a_minute

MAIL = (
    b"From: a@kommun.example\r\nTo: b@example.org,\r\n  c@example.org\r\nSUBJECT:  x \t y\r\n"
    b"not a field\r\nX-Other: z\r\n\r\nHej  \r\n\r\n.dot\r\n\r\n\r\n"
)
SIGNER = Signer(b"kommun.example", b"mf", KEY.pem)


def test_a_signed_message_verifies_and_a_changed_one_does_not():
    signed = SIGNER.sign(MAIL.replace(b"not a field\r\n", b""))
    assert verified(signed)
    assert signed.endswith(MAIL.replace(b"not a field\r\n", b""))
    assert verified(signed.replace(b"X-Other: z", b"X-Other: changed"))
    assert not verified(signed.replace(b"c@example.org", b"d@example.org"))
    assert not verified(signed.replace(b"Hej", b"Nej"))


def test_a_line_that_is_no_field_does_not_stop_signing():
    assert SIGNER.sign(MAIL).endswith(MAIL)


@pytest.mark.parametrize(
    "mail",
    [
        b"From: a@kommun.example\r\n\r\n" + b" " * 1_000_000 + b"x\r\n",
        b"From: a@kommun.example\r\nTo: a" + b",\r\n b" * 100_000 + b"\r\n\r\nx\r\n",
        b"From: a@kommun.example\r\nSubject: " + b" " * 500_000 + b"x\r\n\r\nx\r\n",
        b"From: a@kommun.example\r\n\r\n" + b"\r\n" * 300_000,
    ],
)
def test_hostile_mail_is_signed_in_no_time(mail):
    within_a_minute(lambda: SIGNER.sign(mail))  # quadratic steps take many here


def test_without_a_from_it_cannot_be_signed():
    with pytest.raises(Permanent, match="dkim-cannot-sign"):
        SIGNER.sign(b"To: b@example.org\r\n\r\nx\r\n")


def test_the_key_is_not_shown():
    assert "PRIVATE" not in repr(SIGNER)


def test_the_settings_name_the_key(tmp_path):
    key = tmp_path / "dkim.pem"
    notice = Notice(dkim_domain="kommun.example", dkim_selector="mf", dkim_key=key)
    with pytest.raises(ConfigError, match=r"dkim_key: .*dkim\.pem: No such file"):
        signer_of(notice)
    key.write_text("no key")
    with pytest.raises(ConfigError, match="must be an RSA key in PEM form"):
        signer_of(notice)
    key.write_bytes(KEY.pem)
    assert verified(signer_of(notice).sign(b"From: a@kommun.example\r\n\r\nx\r\n"))
    assert signer_of(Notice()) is None
