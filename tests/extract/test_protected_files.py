"""S/MIME and PGP files that lie in an archive: signed ones are read, encrypted ones are said."""

from email import message_from_bytes
from pathlib import Path

import pytest

from tests.extract.making import zipped
from tests.extract.reading import contents, read, reasons

_MAILS = Path(__file__).parent.parent / "messages"


def part(mail: str, kind: str) -> bytes:
    """The last part of that type in a mail that a program wrote."""
    parts = message_from_bytes((_MAILS / f"{mail}.eml").read_bytes()).walk()
    return [p.get_payload(decode=True) for p in parts if p.get_content_type() == kind][-1]


_SIGNED = part("smime-opaque", "application/pkcs7-mime")
_STREAM = part("smime-opaque-stream", "application/pkcs7-mime")
_ENVELOPED = part("smime-encrypted", "application/pkcs7-mime")
_DETACHED = part("smime-signed", "application/pkcs7-signature")
_PGP = part("pgp-encrypted", "application/octet-stream")


@pytest.mark.parametrize("name", ["svar.p7m", "svar.dat", "svar"])
@pytest.mark.parametrize("data", [_SIGNED, _STREAM], ids=["whole", "stream"])
def test_signed_files_are_read(name, data):
    found = read(zipped({name: data}), "a.zip")
    assert "Signerat svar från kommunen" in contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", ["a.p7m", "a.pgp", "a.txt", "a"])
@pytest.mark.parametrize(
    ("data", "reason"), [(_ENVELOPED, "smime-encrypted"), (_PGP, "pgp-encrypted")]
)
def test_encrypted_files_are_for_their_recipient(name, data, reason):
    assert reasons(read(zipped({name: data}), "a.zip")) == [reason]


def test_signatures_are_nothing_and_noise_is_unread():
    assert reasons(read(zipped({"a.p7s": _DETACHED}), "a.zip")) == []
    assert reasons(read(bytes(range(1, 9)) * 40, "a.pgp")) == ["pgp-unread"]
    assert reasons(read(b"0\x82\1\2\3" * 40, "a.p7m")) == ["smime-unread"]


def test_what_stands_around_a_pgp_message_is_read():
    assert "Hej Bo" in contents(read(b"Hej Bo\n\n" + _PGP, "a.txt"))
