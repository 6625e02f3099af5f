"""Charsets, encoded words, parameters in pieces, names of files."""

from encodings.aliases import aliases

import pytest

from mailfilter.parse import parse
from mailfilter.parse.charset import codec, decode
from mailfilter.parse.mime import describe
from mailfilter.parse.words import text_of
from tests.parse.reading import NUMBER, reasons, shows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"Hej", "Hej"),
        (b" Hej\r\n  du", "Hej  du"),
        (b"=?utf-8?Q?=C3=A5?=", "å"),
        (b"=?UTF-8?q?a_b?=", "a b"),
        (b"=?utf-8?B?w6U=?=", "å"),
        (b"=?utf-8?B?w6U?=", "å"),
        (b"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        (b"=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=E5?=", "aå"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=A5?=", "å"),  # split inside a character
        (b"x =?utf-8?Q?a?= y", "x a y"),
        (b"x=?utf-8?Q?a?=y", "xay"),
        (b"=?utf-8*sv?Q?a?=", "a"),
        (b"=?x-none?Q?a?=", "a"),
        (b"=?utf\xe5-8?Q?a?=", "a"),
        (b"=?zlib?B?eJw=?=", "x\ufffd"),
        (b"=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("å".encode(), "å"),
        (b"\xe5", "å"),
        (b"=?utf-16be?B?ADEAOQ==?=", "19"),
        (b"=?cp037?Q?=F1=F9?=", "19"),
        (b"=?utf-7?Q?+AOU-?=", "å"),
    ],
)
def test_text_of(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"a/b; name=x.pdf", ["x.pdf"]),
        (b'a/b; name="x y.pdf"', ["x y.pdf"]),
        (b"a/b; name=x y.pdf", ["x y.pdf"]),
        (b'a/b; name="x\\"y"', ['x"y']),
        (b"a/b; name*=utf-8'sv'%C3%A5.pdf", ["å.pdf"]),
        (b"a/b; name*=iso-8859-1''%E5.pdf", ["å.pdf"]),
        (b"a/b; name*0=x; name*1=y; name*2=z", ["xyz"]),
        (b"a/b; name*0*=utf-8''%C3; name*1*=%A5; name*2=.pdf", ["å.pdf"]),
        (b"a/b; name*=utf-8''b.pdf; name=a.pdf", ["b.pdf", "a.pdf"]),
        (b'a/b; name="=?utf-8?Q?=C3=A5?="', ["å"]),
        (b'a/b; name="\xc3\xa5"', ["å"]),
        (b"a/b; name=x.pdf;", ["x.pdf"]),
    ],
)
def test_names(value, names):
    described = describe(value)
    assert described.codes == []
    assert described.name == names[0]
    assert set(described.names) == set(names)


@pytest.mark.parametrize("name", sorted({*aliases, *aliases.values()}))
def test_every_charset_of_python(name):
    """A number in any charset that Python knows is read, or is no text charset."""
    python_codec = codec(name)
    if not python_codec:
        assert name in NOT_TEXT
        return
    data = f"Nummer {NUMBER} ".encode(python_codec)
    assert NUMBER in decode(data, python_codec)[0]
    message = parse(
        b"Subject: x\r\nContent-Type: text/plain; charset=" + name.encode() + b"\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + b"".join(b"=%02X" % byte for byte in data)
    )
    assert shows(message)
    assert reasons(message) == set()


NOT_TEXT = {
    "base64", "base64_codec", "base_64", "bz2", "bz2_codec", "hex", "hex_codec", "quopri",
    "quopri_codec", "quoted_printable", "quotedprintable", "rot13", "rot_13", "uu", "uu_codec",
    "zip", "zlib", "zlib_codec", "x_mbcs", "mbcs", "ansi", "dbcs", "oem",
} - {"ansi"}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-8\0", "", "x" * 99]
)
def test_unsafe_or_unknown(name):
    assert codec(name) == ""


def test_unknown_charset_is_said():
    message = parse(b"Subject: x\r\nContent-Type: text/plain; charset=x-none\r\n\r\n\xe5")
    assert reasons(message) == {"charset-unknown"}
