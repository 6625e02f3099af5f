"""What real programs write though no standard has it, and what only looks like it.

The first table must be understood (its source is the program that writes it), the second must not:
there the same habit lets some program read more into the mail.
"""

import zlib

import pytest

from mailfilter.parse import oldcodes, parse
from mailfilter.parse.encoding import decode
from mailfilter.parse.mime import describe
from tests.parse.blocks import B64, CTE, DECOY, PLAIN, SECRET, TEXT, TOP, parts
from tests.parse.dubious_bodies import binhexed
from tests.parse.reading import content, reasons, shows

TWO = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
BODY = b"\r\nHej!\r\n"


def typed(value: bytes, body: bytes = BODY) -> bytes:
    """A part with this Content-Type."""
    return b"Content-Type: " + value + b"\r\n" + body


QUOTED = PLAIN + CTE + b"quoted-printable\r\n\r\n"
DOUBLE = parts(b"b", DECOY, DECOY)

HARMLESS = {
    "old Unix mail: a type without a second half": typed(b"text; charset=us-ascii"),
    "the same parameter twice": typed(b"text/plain; charset=utf-8; charset=utf-8"),
    "the same field twice": PLAIN + PLAIN + BODY,
    "the same encoding twice": PLAIN + CTE + b"base64\r\n" + CTE + b"base64\r\n\r\n" + B64,
    "a folded line of blanks above all about the content": b"X-A: b\r\n  \r\n c\r\n" + PLAIN + BODY,
    "two semicolons": typed(b"text/plain;; charset=utf-8;"),
    "mutt: a charset as RFC 2231 has it": typed(b"text/plain; charset*=x''us-ascii"),
    "a charset that nobody knows, of plain text": typed(b"text/plain; charset=x-own"),
    "brackets in a name": b"Content-Disposition: attachment; filename=Lista (2), ny.txt\r\n" + BODY,
    "an encoded word as a name, without quotes": typed(b"text/plain; name==?utf-8?Q?=C3=A5?="),
    "raw octets in quoted-printable": QUOTED + b"R\xc3\xa4ka =3D r\xe4ka\r\n",
    "blanks behind every delimiter": TWO + DOUBLE.replace(b"--b\r\n", b"--b \r\n"),
    "blanks behind the end": TWO + DOUBLE[:-2] + b" \t\r\n",
    "no line end at the end": TWO + DOUBLE[:-2],
}
HARMFUL = {
    "two parameters": typed(b"text/plain; charset=utf-8; charset=utf-16"),
    "a folded line of blanks below": CTE + b"base64\r\n \r\n" + PLAIN + b"\r\n" + B64,
    "two encodings": PLAIN + CTE + b"base64\r\n" + CTE + b"7bit\r\n\r\n" + B64,
    "a boundary in a name": typed(
        b"multipart/mixed; name=a(1),boundary=c; boundary=b", b"\r\n" + DOUBLE
    ),
    "a bracket that does not end": typed(b"text/plain; name=a(1"),
    "RFC 2231 and plain differ": typed(b"text/plain; charset*=x''utf-7; charset=utf-8"),
    "a charset that may be EBCDIC": typed(b"text/plain; charset=ibm999"),
    "an unknown charset of other octets": typed(
        b"text/plain; charset=x-own", b"\r\n\xd7\x85\x99\xa2\x96\x95 \xf1\xf9\xf1\xf2"
    ),
    "blanks behind one delimiter": TWO + DOUBLE.replace(b"--b\r\n", b"--b \r\n", 1),
    "a header below the empty line": PLAIN + b"\r\n" + CTE + b"base64\r\n\r\n" + B64,
    "parts without a type": b"X-A: b\r\n\r\nHej\r\n--b\r\n" + SECRET + b"\r\n--b--\r\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_programs_write_is_understood(name):
    assert reasons(parse(TOP + HARMLESS[name])) == set()


@pytest.mark.parametrize("name", HARMFUL)
def test_what_lets_a_program_read_more_is_not(name):
    assert reasons(parse(TOP + HARMFUL[name])) != set()


def test_the_line_of_a_mailbox_is_no_header():
    mail = TOP + PLAIN + BODY
    line = b"From anna@b.example Thu Jan  1 10:00:00 2026\r\n"
    assert reasons(parse(line + mail)) == set()
    assert parse(line + mail).facts == parse(mail).facts
    assert "header-syntax" in reasons(parse(b"From anna\r\n" + mail))


def test_both_readings_of_a_name_with_a_comment_are_searched():
    names = describe(b"a/b; name=avtal(191212121212).pdf").names
    assert names == ["avtal.pdf", "avtal(191212121212).pdf"]


def test_octets_between_digits_are_left_out_by_some():
    mail = TOP + PLAIN + CTE + b"quoted-printable\r\n\r\nNr 1912\xff=31212121212\r\n"
    assert shows(parse(mail))


@pytest.mark.parametrize(
    "body", [b"a\rb\nc", b"a\r=41\nc", b"a=\nb", b"a\n\rb", b"\r\r\n", b"a\rb"]
)
def test_a_line_end_alone_is_amiss_in_quoted_printable(body):
    assert decode(body, "quoted-printable").code == "quoted-syntax"


# ---- encodings of old ------------------------------------------------------------------------


def test_binhex_with_repeated_octets():
    assert TEXT in b"".join(oldcodes.files(binhexed(TEXT)))
    assert oldcodes._REPEAT.sub(oldcodes._repeated, b"a\x90\x05b\x90\0") == b"aaaaab\x90"


def test_what_is_packed_is_bounded():
    assert len(oldcodes.inflated(zlib.compress(b"0" * 10_000_000))) == oldcodes.INFLATED
    assert oldcodes.inflated(b"\x1f\x8bnothing") == b""
    assert oldcodes.inflated(b"PK") == b""


def test_a_file_in_an_old_encoding_is_read_and_ambiguous():
    mail = TOP + PLAIN + b"\r\nbegin-base64 644 a\r\n" + B64 + b"\r\n====\r\n"
    message = parse(mail)
    assert reasons(message) == {"old-encoding"}
    assert "Personnummer" in content(message)
