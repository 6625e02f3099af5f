"""Encrypted, signed, signature: each is believed only if it is nothing else."""

import base64
import random
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


# ---- what is called encrypted holds nothing else -------------------------------------------

NOISE = random.Random(7).randbytes(6000)
LINE = f"Anna Andersson, {NUMBER}, har epilepsi. ".encode()
OFFICE = b"PK\x03\x04\x14\0\6\0" + NOISE[:2000]
TABLE = bytes(range(0, 256, 4)) * 40


def _element(tag, content):
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


def enveloped(secret, recipients=b"\1\2\3", pieces=False):
    """An enveloped CMS object with one recipient."""
    data, cipher = bytes.fromhex("06092a864886f70d010701"), _element(0x30, b"\x06\1\x2a")
    content = _element(0xA0, _element(0x04, secret)) if pieces else _element(0x80, secret)
    info = _element(0x30, data + cipher + content)
    inner = _element(0x30, b"\2\1\0" + _element(0x31, _element(0x30, recipients)) + info)
    return _element(0x30, bytes.fromhex("06092a864886f70d010703") + _element(0xA0, inner))


def packets(secret, padding=b""):
    """A session key, padding, encrypted data."""
    size = len(secret).to_bytes(4)
    return KEYS + b"\xd5\xff" + len(padding).to_bytes(4) + padding + b"\xd2\xff" + size + secret


_HELD = [
    LINE * 40,
    LINE * 2,
    OFFICE,
    NOISE + OFFICE,
    TABLE,
    base64.b64encode(NOISE),
    b"%PDF-1.7" * 9,
]


@pytest.mark.parametrize("pieces", [False, True])
def test_enveloped_data_look_encrypted(pieces):
    assert protected.smime(enveloped(NOISE, pieces=pieces))[0] is Kind.ENCRYPTED
    assert protected.smime(enveloped(NOISE[:40], pieces=pieces))[0] is Kind.ENCRYPTED
    for secret in _HELD:
        assert protected.smime(enveloped(secret, pieces=pieces))[0] is Kind.UNKNOWN
    assert protected.smime(enveloped(NOISE, OFFICE, pieces))[0] is Kind.UNKNOWN


def test_openpgp_data_look_encrypted():
    assert protected.is_encrypted(packets(NOISE, NOISE[:99]))
    for secret in _HELD:
        assert not protected.is_encrypted(packets(secret))
        assert protected.armour(armoured(packets(secret))) is Kind.UNKNOWN
    assert not protected.is_encrypted(packets(NOISE, OFFICE))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pkcs7-mime; name=smime.p7m", enveloped(NOISE, LINE)),
        ("pkcs7-mime; name=smime.p7m", enveloped(NOISE + LINE)),
        ("pkcs7-mime; name=smime.p7m", enveloped(NOISE + LINE.decode().encode("utf-16-le"))),
        ("octet-stream; name=a.pgp", packets(NOISE, LINE)),
        ("octet-stream; name=a.pgp", packets(NOISE + LINE + NOISE)),
        ("octet-stream; name=a.asc", armoured(packets(NOISE, LINE))),
        ("octet-stream; name=a.asc", armoured(packets(NOISE + LINE))),
        (
            "octet-stream; name=a.asc",
            armoured(packets(NOISE)).replace(b"\r\n=ab", b"\r\n191212121212\r\n=ab"),
        ),
    ],
)
def test_what_can_be_read_of_an_encrypted_part_is_read(kind, content):
    header = f"Content-Type: application/{kind}\r\n".encode() + CTE + b"base64\r\n\r\n"
    message = parse(header + base64.encodebytes(content).replace(b"\n", b"\r\n"))
    held = bool(reasons(message) - {"smime-encrypted", "pgp-encrypted"}) or bool(message.parts)
    said = "\n".join(text.content for text in message.texts)
    assert held or NUMBER in said or "191212121212" in said


def test_the_comment_of_armour_is_read():
    content = armoured(KEYS + DATA, b"Comment: Anna har epilepsi\r\n")
    message = parse(b"Content-Type: application/octet-stream; name=a.asc\r\n\r\n" + content)
    assert reasons(message) == {"pgp-encrypted"}
    assert any("Anna har epilepsi" in text.content for text in message.texts)


@given(st.binary(max_size=60))
def test_never_raises(data):
    for start in (b"", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80", b"\xc1"):
        protected.smime(start + data)
        protected.is_encrypted(start + data)
        protected.armour(b"-----BEGIN PGP MESSAGE-----" + data)
