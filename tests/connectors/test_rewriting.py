"""Rewriting a header touches what it names and nothing else."""

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailfilter.connectors import headers

NAMES = ["To", "Cc", "Bcc", "Subject", "X-Case", "From", "Received", "x-original-to", "TO ", "Junk"]
LETTERS = st.sampled_from([*'abc <>@,:;=?\t"', "å", "=?utf-8?q?=C3=A5?=", "b@example.org"])
VALUE = st.lists(LETTERS, max_size=8).map("".join)


@st.composite
def fields(draw):
    """A field with up to two continuation lines; now and then a line that is none."""
    title = draw(st.sampled_from(NAMES))
    colon = "" if title == "Junk" and draw(st.booleans()) else ":"
    more = draw(st.lists(VALUE.map(lambda text: f"\r\n {text}x"), max_size=2))
    return f"{title}{colon} {draw(VALUE)}{''.join(more)}\r\n".encode()


BODY = st.one_of(st.just(b""), st.binary(max_size=60).map(lambda data: b"\r\n" + data))
MAIL = st.tuples(st.lists(fields(), max_size=6), BODY)
ONE_LINE = st.text(max_size=20)
KEPT = st.sampled_from(["", "X-Original-To"])
few = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(data=st.binary(max_size=200))
def test_a_split_message_joins_to_itself(data):
    assert headers.split(data).joined() == data


@few
@given(mail=MAIL)
def test_fields_are_found_and_the_rest_is_kept(mail):
    written, body = mail
    head = headers.split(b"".join(written) + body)
    assert (head.fields, head.rest) == (tuple(written), body)


@few
@given(mail=MAIL, prefix=ONE_LINE, replacement=ONE_LINE, kept=KEPT)
def test_only_what_is_named_changes(mail, prefix, replacement, kept):
    written, body = mail
    head = headers.split(b"".join(written) + body)
    new = headers.with_subject(head, prefix, replacement)
    new = headers.with_recipients(new, ["b@example.org.s"], kept)
    named = {b"to", b"cc", b"bcc", b"subject", kept.lower().encode()} - {b""}
    assert new.rest == body
    assert [f for f in new.fields if headers.name(f) not in named] == [
        f for f in written if headers.name(f) not in named
    ]


@few
@given(mail=MAIL, text=ONE_LINE)
def test_what_we_write_is_one_field(mail, text):
    """Whatever the value holds, the header has one field more and no other is changed."""
    written, body = mail
    head = headers.split(b"".join(written) + body)
    new = headers.with_added(head, {"X-Added": text})
    again = headers.split(new.joined())
    assert again.fields[1:] == tuple(written)
    assert again.rest == body
    assert headers.name(again.fields[0]) == b"x-added"
    assert again.fields[0].isascii()
    assert all(len(line) < 998 for line in again.fields[0].split(b"\r\n"))


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nBcc: x@example.org",
        "a\nBcc: x",
        "a\rBcc: x",
        "a\0b",
        "a\u2028Bcc: x",
        "a\x85Bcc: x",
        "å\r\nX: y",
    ],
)
def test_no_value_makes_a_line(text):
    field = headers.written("X-A", text)
    assert field.endswith(b"\r\n")
    assert not set(field[:-2]) & {0, 10, 13}


@pytest.mark.parametrize(
    ("old", "prefix", "shown"),
    [
        ("Ang. besök", "[säker]", "[säker] Ang. besök"),
        ("Hej", "[säker] ", "[säker] Hej"),
        ("Ang. besök", "[secure]", "[secure] Ang. besök"),
        ("Hej", "[secure]", "[secure] Hej"),
    ],
)
def test_a_prefixed_subject_reads_as_it_should(old, prefix, shown):
    head = headers.split(headers.written("Subject", old) + b"\r\nx")
    (field,) = headers.with_subject(head, prefix, "").fields
    assert str(make_header(decode_header(headers.value(field).decode().strip()))) == shown


@pytest.mark.parametrize("mail", [b"\r\nbody", b"X: y\r\n\r\nbody", b"Subject\r\nX: y\r\n\r\nbody"])
def test_a_missing_subject_is_added(mail):
    new = headers.with_subject(headers.split(mail), "[s]", "")
    assert new.fields[0] == b"Subject: [s]\r\n"
    assert new.joined().endswith(mail)


def test_the_original_recipients_are_kept_where_a_header_is_named():
    head = headers.split(
        b"X-Original-To: forged@example.org\r\nTo: A <a@example.org>,\r\n b@example.org\r\n"
        b"Cc: c@example.org\r\nBcc: d@example.org\r\nFrom: x@kommun.example\r\n\r\nbody"
    )
    new = headers.with_recipients(head, ["a@example.org.s", "b@example.org.s"], "X-Original-To")
    assert new.fields == (
        b"To: a@example.org.s, b@example.org.s\r\n",
        b"X-Original-To: A <a@example.org>,\r\n b@example.org\r\n",
        b"X-Original-To: c@example.org\r\n",
        b"From: x@kommun.example\r\n",
    )


def test_a_thousand_recipients_are_folded():
    many = [f"person{n}@example.org" for n in range(1000)]
    field = headers.address_list("To", many)
    assert all(len(line) < 998 for line in field.split(b"\r\n"))
    parsed = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)
    assert [a.addr_spec for a in parsed["To"].addresses] == many
    assert headers.address_list("To", []) == b"To: undisclosed-recipients:;\r\n"


def test_a_big_header_takes_linear_time():
    """A million short lines: seconds would show a quadratic step."""
    mail = b"To: a@example.org,\r\n" + b" b@example.org,\r\n" * 60_000 + b"X: y\r\n" * 100_000
    head = headers.split(mail + b"\r\nbody")
    new = headers.with_recipients(head, ["b@example.org.s"], "X-Original-To")
    assert len(headers.addresses_in(head.having(b"to"))) == 2
    assert new.joined().endswith(b"\r\nbody")
