"""Encrypted, signed, signature: each is believed only if it is nothing else."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.parse import parse, protected
from mailfilter.parse.protected import Kind
from tests.parse.blocks import CTE, parts
from tests.parse.reading import NUMBER, reasons, shows

MESSAGES = Path(__file__).parent.parent / "messages"
KEYS = b"\xc1\x10\x03" + bytes(15)  # a session key packet
OLD_KEYS = b"\x85\0\x10\x03" + bytes(15)
DATA = b"\xd2\x20\x01" + bytes(31)  # encrypted data
STREAM = b"\xd2\xe4" + bytes(16) + b"\x05" + bytes(5)  # the same in two pieces
LITERAL = b"\xcb\x10b\0\0\0\0\0Hej hej!"


def armoured(data, comment=b""):
    lines = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return (
        b"-----BEGIN PGP MESSAGE-----\r\n" + comment + b"\r\n" + lines + b"=abCD\r\n"
        b"-----END PGP MESSAGE-----\r\n"
    )


def cms(name):
    """The CMS object in one of the profiles."""
    text = (MESSAGES / f"{name}.eml").read_text()
    return base64.b64decode(text[text.index("\n\nMI") :].partition("\n--")[0])


@pytest.mark.parametrize(
    ("data", "encrypted"),
    [
        (KEYS + DATA, True),
        (OLD_KEYS + KEYS + DATA, True),
        (KEYS + STREAM, True),
        (DATA, True),
        (KEYS, False),
        (LITERAL, False),
        (KEYS + LITERAL, False),
        (KEYS + DATA + LITERAL, False),
        (KEYS + DATA + b"trailing", False),
        (KEYS + DATA[:-1], False),
        ("Åsa är sjuk".encode(), False),
        (b"", False),
        (armoured(KEYS + DATA), True),
        (armoured(KEYS + DATA, b"Version: GnuPG v2\r\n"), True),
        (armoured(KEYS + DATA, b"Comment: 19121212-1212\r\n"), False),
        (armoured(LITERAL), False),
        (b"Hej\r\n" + armoured(KEYS + DATA), False),
        (armoured(KEYS + DATA) + b"Hej\r\n", False),
        (armoured(KEYS + DATA) * 2, False),
    ],
)
def test_openpgp(data, encrypted):
    assert protected.is_encrypted(data) is encrypted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"Hej", None),
        (b"Hej\r\n" + armoured(KEYS + DATA) + b"Hej", Kind.ENCRYPTED),
        (armoured(KEYS + DATA) + armoured(LITERAL), Kind.UNKNOWN),
        (b"-----BEGIN PGP MESSAGE-----\r\n\r\nMTkx", Kind.UNKNOWN),
    ],
)
def test_armour_in_a_text(text, kind):
    assert protected.armour(text) is kind


def test_text_beside_armour_is_read():
    text = f"Personnummer {NUMBER}\r\n".encode() + armoured(KEYS + DATA)
    message = parse(b"Subject: x\r\n\r\n" + text)
    assert shows(message)
    assert reasons(message) == {"pgp-encrypted"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smime-encrypted", Kind.ENCRYPTED),
        ("smime-opaque", Kind.SIGNED),
        ("smime-opaque-stream", Kind.SIGNED),
        ("smime-signed", Kind.SIGNATURE),
    ],
)
def test_cms(name, kind):
    content = cms(name)
    assert protected.smime(content)[0] is kind
    assert protected.smime(content + b"\r\n")[0] is kind
    assert protected.smime(content + b"Personnummer")[0] is Kind.UNKNOWN
    for cut in range(0, len(content), 97):
        assert protected.smime(content[:cut])[0] is Kind.UNKNOWN


def test_signed_content_with_bare_line_feeds_is_read():
    """NSS and old OpenSSL sign what they are given."""
    lines = f"Content-Type: text/plain\n\nNummer {NUMBER}".encode()
    inner = b"\x04" + bytes([len(lines)]) + lines
    data = _nested(b"\xa0", inner)
    info = _nested(b"\x30", b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" + data)
    signed = _nested(b"\x30", b"\x02\x01\x01\x31\x00" + info + b"\x31\x00")
    whole = _nested(
        b"\x30", b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + _nested(b"\xa0", signed)
    )
    header = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n"
    message = parse(header + CTE + b"base64\r\n\r\n" + base64.b64encode(whole))
    assert [part.data for part in message.parts] == [f"Nummer {NUMBER}".encode()]
    assert reasons(message) == set()


def _nested(tag, content):
    return tag + bytes([0x81, len(content)]) + content


def test_a_signature_that_holds_content_is_read():
    content = base64.encodebytes(cms("smime-opaque")).replace(b"\n", b"\r\n")
    header = b"Content-Type: application/pkcs7-signature\r\n" + CTE + b"base64\r\n\r\n"
    message = parse(
        b"Content-Type: multipart/signed; boundary=a\r\n\r\n"
        + parts(b"a", b"\r\nHej", header + content)
    )
    assert [part.type for part in message.parts] == ["text/plain", "text/plain"]
    assert b"Signerat" in message.parts[1].data


@pytest.mark.parametrize(
    "signature",
    [
        b"Personnummer 191212121212",
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\nHej du!\r\n-----END PGP SIGNATURE-----",
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\nMTkx\r\n-----END PGP SIGNATURE-----\r\nHej",
        b"-----BEGIN PGP SIGNATURE-----\nComment: 191212121212\n\nM\n-----END PGP SIGNATURE-----",
    ],
)
def test_false_signatures_are_parts(signature):
    header = b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n"
    message = parse(
        b"Content-Type: multipart/signed; boundary=a\r\n\r\n"
        + parts(b"a", b"\r\nHej", header + signature)
    )
    assert [part.data for part in message.parts] == [b"Hej", signature]


@pytest.mark.parametrize("kind", ["application/pgp-signature", "application/pkcs7-mime"])
def test_the_name_of_what_is_protected_is_shown_and_read(kind):
    content = base64.b64encode(cms("smime-encrypted"))
    if "pgp" in kind:
        content = b"-----BEGIN PGP SIGNATURE-----\r\n\r\nMTkx\r\n-----END PGP SIGNATURE-----\r\n"
    header = f'Content-Type: {kind}; name="{NUMBER}.asc"\r\n'.encode()
    header += b"" if "pgp" in kind else CTE + b"base64\r\n"
    message = parse(
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + parts(b"a", b"\r\nHej", header + b"\r\n" + content)
    )
    assert len(message.parts) == 1
    assert shows(message)


@given(st.binary(max_size=60))
def test_never_raises(data):
    for start in (b"", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80", b"\xc1"):
        protected.smime(start + data)
        protected.is_encrypted(start + data)
        protected.armour(b"-----BEGIN PGP MESSAGE-----" + data)
