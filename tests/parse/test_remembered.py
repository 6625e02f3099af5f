"""Nothing that a mail says outlives it: only names that codecs have and common types are kept."""

import codecs
import encodings
from datetime import date
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter import examine
from mailfilter.charsets import is_known
from mailfilter.parse import charset, mime

JOB = examine.Job(b"k" * 32, date(2026, 11, 24))
SECRET = "karin-191212121212"
MAIL = (
    "From: a@b\r\nMIME-Version: 1.0\r\nSubject: =?{0}?q?Hej?=\r\n"
    'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    "--x\r\nContent-Type: text/plain; charset={0}\r\n\r\nHej\r\n"
    "--x\r\nContent-Type: text/{0}; charset=utf-8\r\n\r\nHej\r\n"
    "--x\r\nContent-Type: text/plain; charset=utf-8; type={0}\r\n\r\nHej\r\n"
    "--x\r\nContent-Type: text/html\r\n\r\n<meta charset={0}>Hej\r\n"
    "--x\r\nContent-Type: text/xml\r\n\r\n<?xml version='1.0' encoding='{0}'?><a/>\r\n"
    "--x\r\nContent-Disposition: {0}\r\n\r\nHej\r\n--x--\r\n"
)


def test_what_stands_in_place_of_a_charset_or_type_is_forgotten():
    examine.examine(MAIL.format(SECRET).encode(), JOB)
    kept = repr([charset._remembered, mime._remembered, encodings._cache]).lower()
    assert SECRET not in kept
    assert SECRET.replace("-", "_") not in kept
    assert "utf-8" in kept


def test_what_is_remembered_is_bounded():
    for n in range(600):
        charset.codec("utf" + "-" * (n % 30) + "8" + " " * n)
        mime.describe(b"text/plain" + b" " * (n % 49) + b";" + b" " * (n // 49))
    assert len(charset._remembered) <= charset.REMEMBERED
    assert len(mime._remembered) <= mime.REMEMBERED
    assert charset.codec("latin-1") == "cp1252"


SPELLED = [*aliases, *aliases.values(), *charset._ALIASES.values(), "utf-8-sig", "latin-1"]


@pytest.mark.parametrize("name", sorted(set(SPELLED)))
def test_every_codec_is_known_however_its_name_is_spelled(name):
    for spelled in (
        name,
        name.upper(),
        name.replace("_", "-"),
        name.replace("_", "--"),
        f"{name}-",
    ):
        assert is_known(spelled) or not found(spelled)


@given(st.from_regex(r"[a-z0-9][a-z0-9._:+()-]{0,12}", fullmatch=True))
def test_no_name_is_refused_that_python_finds(name):
    assert is_known(name) or not found(name)


def found(name: str) -> bool:
    try:
        return bool(codecs.lookup(name))
    except LookupError:
        return False
