"""Header fields, addresses and the facts made of them."""

import pytest

from mailfilter.parse import address, header, parse
from tests.parse.reading import reasons


@pytest.mark.parametrize(
    ("value", "addresses", "words"),
    [
        (b"a@b", ["a@b"], []),
        (b"<a@b>", ["a@b"], []),
        (b"Anna <a@b>", ["a@b"], ["Anna"]),
        (b'"Ek, Anna" <a@b>, c@d', ["a@b", "c@d"], ["Ek, Anna"]),
        (b'"Ek \\"Nan\\" Anna" <a@b>', ["a@b"], ['Ek "Nan" Anna']),
        (b"a@b (Anna (den ena))", ["a@b"], ["Anna den ena"]),
        (b"Alla: a@b, c@d;", ["a@b", "c@d"], ["Alla"]),
        (b"undisclosed-recipients:;", [], ["undisclosed-recipients"]),
        (b"=?utf-8?Q?=C3=85sa?= <a@b>", ["a@b"], ["Åsa"]),
        (b"a@b,\r\n\tc@d", ["a@b", "c@d"], []),
        (b"Anna <a@b", ["a@b"], ["Anna"]),
        (b'"unclosed <a@b>', [], ["unclosed <a@b>"]),
        (b"", [], []),
    ],
)
def test_addresses(value, addresses, words):
    people = address.read(value)
    assert people.addresses == addresses
    assert people.words == words
    assert not people.more


@pytest.mark.parametrize("unit", [b"a@b,", b'"x" <a@b>,', b"(a) b@c,"])
def test_too_many_addresses(unit):
    message = parse(b"To: " + unit * 3000 + b"\r\n\r\nx")
    assert "addresses" in reasons(message)
    assert len(message.facts.visible) <= address.MOST


def test_parentheses_nest_without_end():
    message = parse(b"To: " + b"(" * 60000 + b"\r\n\r\nx")
    assert message.facts.visible == ()


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (b"A: b\r\nno colon\r\n", "header-syntax"),
        (b"A : b\r\n", "header-syntax"),
        (b"Content-Type: a/b\r\n \r\n", "header-syntax"),
        (b"A: b\nB: c\r\n", "line-ends"),
        (b"A: b\r\nB: c\nC: d\r\n", "header-syntax"),
        (b"A: b\rB: c\r\n", "header-syntax"),
        (b" A: b\r\n", "header-syntax"),
        ("Å: b\r\n".encode(), "header-syntax"),
        (b"A: \0\r\n", "header-nul"),
        (b"A: b\r\n" * 3000, "header-fields"),
        (b"A: " + b"b" * 1_100_000 + b"\r\n", "header-size"),
        (b"", "header-empty"),
    ],
)
def test_broken_headers(block, code):
    assert code in reasons(parse(block + b"\r\nHej"))


def test_fields_keep_order_and_case_of_values():
    block = header.read(b"A: b\r\na: C\r\n d\r\n\r\nbody", 0, 22)
    assert block.fields == [(b"a", b" b"), (b"a", b" C\r\n d")]
    assert block.body == 18


def test_bare_lf_is_read_and_mixtures_are_said():
    assert reasons(parse(b"Subject: x\n\nHej\n")) == set()
    assert reasons(parse(b"Subject: x\n\nHej\r\n")) == {"line-ends"}


@pytest.mark.parametrize(
    ("field", "automatic", "mailing_list"),
    [
        (b"Auto-Submitted: no", False, False),
        (b"Auto-Submitted: auto-replied", True, False),
        (b"Precedence: bulk", True, False),
        (b"Precedence: junk", True, False),
        (b"Precedence: list", False, True),
        (b"List-Id: <x.example>", False, True),
        (b"List-Unsubscribe: <mailto:x@y.example>", False, True),
        (b"X-Auto-Response-Suppress: All", False, False),
    ],
)
def test_machines(field, automatic, mailing_list):
    facts = parse(field + b"\r\n\r\nHej").facts
    assert (facts.automatic, facts.mailing_list) == (automatic, mailing_list)


def test_labels_marks_hidden():
    label = b"MSIP_Label_11111111-2222-3333-4444-555555555555_"
    facts = parse(
        b"Bcc: c@d\r\nSensitivity: Company-Confidential\r\nX-Tenant: A\r\nx-tenant: B\r\n"
        b"msip_labels: " + label + b"Enabled=true; " + label + b"Name=K\xc3\xa4nslig\r\n\r\nHej",
        ("X-Tenant",),
    ).facts
    assert facts.hidden == ("c@d",)
    assert facts.labels == (
        "11111111-2222-3333-4444-555555555555",
        "känslig",
        "company-confidential",
    )
    assert facts.marks == (("x-tenant", "A"), ("x-tenant", "B"))


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("Hej och tack för att du hörde av dig", "sv"),
        ("This is the answer and I hope to see you", "en"),
        ("1234", "sv"),
        ("", "sv"),
    ],
)
def test_language(body, language):
    assert parse(b"Subject: x\r\n\r\n" + body.encode()).facts.language == language


@pytest.mark.parametrize(
    "line",
    ["Content-Transfer-Encoding: base64", "content-type:text/html", "CONTENT-TYPE: a/b; c=d"],
)
def test_a_field_folded_away_is_ambiguous(line):
    mail = f"Subject: x\r\nMIME-Version: 1.0\r\n\t {line}\r\n\r\nHej".encode()
    assert header.read(mail, 0, len(mail)).codes == ("header-syntax",)


def test_the_list_of_fields_in_a_signature_is_none():
    signed = b"DKIM-Signature: v=1; h=From:\r\n Content-Type:MIME-Version:\r\n"
    signed += b" Content-Transfer-Encoding:Subject; b=x\r\n\r\nHej"
    assert header.read(signed, 0, len(signed)).codes == ()
