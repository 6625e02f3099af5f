"""Structure: conforming mails of every kind are understood; limits hold; nothing raises."""

import base64
import quopri
import sys
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailfilter import limits
from mailfilter.model import Class, Message
from mailfilter.not_examined import REASONS
from mailfilter.parse import encoding, is_light, parse
from mailfilter.parse.multipart import is_remark
from tests.parse import evasion
from tests.parse.blocks import parts
from tests.parse.reading import NUMBER, reasons, shows, understood

TEXT = f"Personnummer: {NUMBER}, åäö\r\n" * 3
ENCODERS = {
    "base64": lambda data: base64.encodebytes(data).replace(b"\n", b"\r\n"),
    "quoted-printable": lambda data: quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(
        b"\n", b"\r\n"
    ),
    "8bit": lambda data: data,
    "binary": lambda data: data,
}
SHAPES = ["single", "mixed", "alternative", "related", "digest", "nested", "attached", "deep"]


def leaf(charset, transfer, name=b""):
    header = f'Content-Type: text/plain; charset="{charset}"\r\n'.encode() + name
    header += b"Content-Transfer-Encoding: " + transfer.encode() + b"\r\n\r\n"
    return header + ENCODERS[transfer](TEXT.encode(charset, "replace"))


def shape(kind, inner):
    top = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    other = b"Content-Type: text/html\r\n\r\n<p>Hej"
    match kind:
        case "single":
            return top + inner
        case "mixed" | "alternative" | "related":
            field = f'Content-Type: multipart/{kind}; boundary="=_a b"\r\n\r\n'.encode()
            return top + field + parts(b"=_a b", other, inner)
        case "digest":
            body = parts(b"d", b"\r\nSubject: y\r\n" + inner)
            return top + b"Content-Type: multipart/digest; boundary=d\r\n\r\n" + body
        case "nested":
            field = b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n"
            middle = b"Content-Type: multipart/alternative; boundary=inner\r\n\r\n"
            return top + field + parts(b"outer", middle + parts(b"inner", other, inner), other)
        case "attached":
            field = b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
            mail = b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" + inner
            return top + field + parts(b"m", other, mail)
        case _:
            for level in range(12):
                name = b"level-%d-" % (level + 10)
                inner = (
                    b"Content-Type: multipart/mixed; boundary="
                    + name
                    + b"\r\n\r\n"
                    + parts(name, inner)
                )
            return top + inner


@pytest.mark.parametrize("kind", SHAPES)
def test_conforming_mails_are_understood(kind):
    charsets = ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-7", "cp037", "iso-8859-15"]
    for charset, transfer in product(charsets, ENCODERS):
        if charset in ("utf-16", "cp037") and transfer != "base64":
            continue  # their line ends are not CR LF
        message = parse(shape(kind, leaf(charset, transfer)))
        assert (charset, transfer, reasons(message)) == (charset, transfer, set())
        assert shows(message)


def test_header_names_in_any_case():
    mail = shape("single", leaf("utf-8", "base64"))
    for change in (bytes.upper, bytes.lower, bytes.swapcase):
        head, _, body = mail.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        changed = b"\r\n".join(change(name) + colon + value for name, colon, value in lines)
        message = parse(changed + b"\r\n\r\n" + body)
        assert understood(message)
        assert shows(message)


@pytest.mark.parametrize("width", [4, 60, 64, 72, 76, 100, 996])
def test_base64_of_any_width(width):
    coded = base64.b64encode(TEXT.encode() * 20)
    body = b"\r\n".join(coded[at : at + width] for at in range(0, len(coded), width))
    decoded = encoding.decode(body + b"\r\n\r\n", "base64")
    assert decoded.content == TEXT.encode() * 20
    assert decoded.code == ""


@pytest.mark.parametrize("size", range(12))
def test_short_base64(size):
    decoded = encoding.decode(base64.b64encode(b"x" * size), "base64")
    assert (decoded.content, decoded.code) == (b"x" * size, "")


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("This is a multi-part message in MIME format.", True),
        ("This is a cryptographically signed message in MIME format.", True),
        ("This is an OpenPGP/MIME signed message (RFC 4880 and 3156)", True),
        ("Detta är ett flerdelat meddelande i MIME-format.", True),
        ("MTkxMjEyMTIxMjEy", False),
        ("MTkxMj\nEyMTIx\nMjEy", False),
        ("=31=39=31=32", False),
        ("begin 644 a.txt", False),
        ("Content-Type: text/plain", False),
        ("&#49;&#57;", False),
        ("ord " * 200, False),
    ],
)
def test_what_may_stand_outside_parts(text, harmless):
    assert is_remark(text) is harmless


def test_limits_of_depth_and_parts():
    mail = b"Content-Type: text/plain\r\n\r\nx"
    for level in range(limits.DEPTH + 3):
        name = b"b%dz" % level
        mail = b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n\r\n" + parts(name, mail)
    assert "depth" in reasons(parse(mail))
    many = parts(b"b", *[b"\r\nx"] * (limits.PARTS + 10))
    message = parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + many)
    assert "parts" in reasons(message)
    assert len(message.parts) == limits.PARTS


def test_false_protection_is_not_believed():
    message = parse(
        b"Content-Type: multipart/encrypted; boundary=a\r\n\r\n"
        + parts(
            b"a",
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
            b"Content-Type: application/octet-stream\r\n\r\n" + TEXT.encode(),
        )
    )
    assert shows(message)
    assert not any(defect.cls is Class.PROTECTED for defect in message.defects)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (b"Content-Type: application/pkcs7-mime\r\n\r\nnot DER", "smime-unread"),
        (b"Content-Type: message/partial; id=x\r\n\r\nSubject: y\r\n\r\nx", "message-partial"),
        (b"Content-Type: message/external-body\r\n\r\nSubject: y\r\n\r\nx", "external-body"),
        (b"Content-Type: text/plain\r\n\r\n=ybegin line=128 size=1 name=a\r\n", "old-encoding"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(part, code):
    message = parse(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + parts(b"a", part))
    assert code in reasons(message)


def test_every_reason_has_its_sentences():
    for reason in REASONS.values():
        assert reason.sv.endswith(".")
        assert reason.en.endswith(".")


# ---- never raises, always linear -----------------------------------------------------------

SEEDS = [data for _, _, data in evasion.cases()][::7]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400))
def test_any_bytes(data):
    assert isinstance(parse(data, ("X", "å")), Message)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SEEDS), st.data())
def test_mutated_mails(seed, data):
    at = data.draw(st.integers(0, len(seed)))
    cut = data.draw(st.integers(0, 20))
    new = data.draw(st.binary(max_size=8) | st.sampled_from(SEEDS))
    assert isinstance(parse(seed[:at] + new + seed[at + cut :]), Message)


def calls(data):
    """Calls of functions, ours and C's, that parsing makes: a clock that does not wobble."""
    count = 0

    def count_call(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        parse(data)
    finally:
        sys.setprofile(None)
    return count


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
FLOODS = {
    "fields": (b"", b"a: b\r\n", b"\r\nx"),
    "folds": (b"Subject: x", b"\r\n x", b"\r\n\r\nx"),
    "words": (b"Subject: ", b"=?utf-8?Q?a?= x ", b"\r\n\r\nx"),
    "addresses": (b"To: ", b'"a" <b@c>, ', b"\r\n\r\nx"),
    "parentheses": (b"To: ", b"(", b"\r\n\r\nx"),
    "quotes": (b"To: ", b'"\\"', b"\r\n\r\nx"),
    "parameters": (b"Content-Type: text/plain", b"; a=b", b"\r\n\r\nx"),
    "pieces": (b"Content-Type: text/plain", b"; name*0=b", b"\r\n\r\nx"),
    "parts": (MIXED, b"--b\r\n\r\nx\r\n", b"--b--\r\n"),
    "stray": (MIXED, b"x--b\r\n", b""),
    "nesting": (b"", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", b""),
    "mails": (b"", b"Content-Type: message/rfc822\r\n\r\n", b""),
    "base64": (b"Content-Transfer-Encoding: base64\r\n\r\n", b"MTkx=\r\n", b""),
    "escapes": (b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"=4=\r", b""),
    "files": (b"Subject: x\r\n\r\n", b"begin 644 a\r\n#ABCD\r\nend\r\n", b""),
    "ambiguous": (b"Content-Type: a\r\n\r\n", b"MTkxMjEyMTIxMjEy\r\n", b""),
}


@pytest.mark.parametrize("name", FLOODS)
def test_twice_the_mail_is_at_most_twice_the_work(name):
    head, unit, tail = FLOODS[name]
    small = calls(head + unit * 1500 + tail)
    assert calls(head + unit * 3000 + tail) <= 2.2 * small + 500


def test_what_is_light():
    assert is_light(shape("nested", leaf("utf-8", "base64")))
    assert not is_light(MIXED + b"--b\r\n\r\n" * 100)
    assert not is_light(b"A: " + b"b" * 30000 + b"\r\n\r\nx")
    assert not is_light(b"Subject: x\r\n\r\n" + b"\r\n" * 5000)
    assert is_light(
        b"Subject: " + b"=?utf-8?Q?a?= " * 300 + b"\r\n\r\nx"
    )  # words are no delimiters
    assert not is_light(b"Subject: " + b"=?utf-8?Q?a?= " * 401 + b"\r\n\r\nx")
    assert not is_light(MIXED + b"--b\r\n\r\n" * 61 + b"=?" * 300)
    assert is_light(b"Subject: x\r\n\r\n" + b"=41" * 7900)
    assert not is_light(b"Subject: x\r\n\r\n" + b"=41" * 8001)


def test_what_follows_the_header_of_a_returned_mail_is_read():
    returned = b"Content-Type: text/rfc822-headers\r\n\r\nSubject: hej\r\n"
    assert shows(parse(returned + f"\r\nNummer {NUMBER}".encode()))
    assert shows(parse(returned + f"nummer {NUMBER}\r\nTo: a@b.example\r\n".encode()))


@pytest.mark.parametrize("name", ["us-ascii", "UTF-8", "iso-8859-1", "windows-1252"])
def test_blanks_around_the_sign_of_a_charset(name):
    for value in (f'charset = "{name}"', f"charset= {name}", f'charset ="{name}"; format=flowed'):
        message = parse(f"Content-Type: text/plain; {value}\r\n\r\nHej".encode())
        assert understood(message)
        assert message.parts[0].charset


@pytest.mark.parametrize("value", ['charset = "utf-7"', "charset = x-user", 'boundary = "a"'])
def test_blanks_around_the_sign_where_they_matter(value):
    assert not understood(parse(f"Content-Type: text/plain; {value}\r\n\r\nHej".encode()))
