r"""RTF: hidden and deleted text, destinations, charsets, objects, and noise."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailfilter.place import StepKind
from tests.extract.documents import rtf
from tests.extract.making import word
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons

HIDING = {
    "deleted": rtf(f"{{\\deleted {NUMBER}}}hej"),
    "hidden until": rtf(f"\\v {NUMBER}\\v0 hej"),
    "code of a field": rtf(f"{{\\field{{\\*\\fldinst QUOTE {NUMBER}}}{{\\fldrslt x}}}}"),
    "description of a shape": rtf(f"{{\\sp{{\\sn wzDescription}}{{\\sv {NUMBER}}}}}"),
    "form": rtf(f"{{\\*\\formfield{{\\fftype0{{\\*\\ffdeftext {NUMBER}}}}}}}"),
    "variable": rtf(f"{{\\*\\docvar {{x}}{{{NUMBER}}}}}"),
    "what no program knows": rtf(f"{{\\*\\foobar {NUMBER}}}x"),
    "html": rtf(f"\\fromhtml1{{\\*\\htmltag64 <p>{NUMBER}}}x"),
}
SHOWING = {
    "around hidden": rtf("19121212-{\\v 99}1212"),
    "around deleted": rtf("19121212-{\\deleted 99}1212"),
    "around a note": rtf("1912{\\footnote 99}1212-1212"),
    "around a comment": rtf("1912{\\*\\annotation 99}1212-1212"),
    "around a line's end": rtf("1912\n1212\r\n-1212"),
    "unicode with two spare": rtf("\\uc2\\u49 xx9121212-1212"),
    "unicode with none": rtf("\\uc0\\u49 9121212-1212"),
    "all in bytes": rtf("".join(f"\\'{ord(char):02x}" for char in NUMBER)),
    "text box": rtf("{\\shp{\\*\\shpinst{\\shptxt {\\pard 1912{\\b 1212}-1212\\par}}}}"),
    "result of an object": rtf(f"{{\\object\\objlink{{\\result {NUMBER}}}}}"),
    "list": rtf(f"{{\\pntext {NUMBER}}}x"),
    "no end": b"{\\rtf1 " + NUMBER.encode(),
    "bytes in the way": b"{\\rtf1 {\\pict\\wmetafile8\\bin5 {}{}{}} " + NUMBER.encode() + b"}",
    "a page that nobody knows": b"{\\rtf1\\ansicpg99999 " + NUMBER.encode() + b"}",
}


@pytest.mark.parametrize("name", HIDING)
def test_what_is_not_shown_is_read_as_hidden(name):
    found = read(HIDING[name], "brev.rtf")
    assert StepKind.HIDDEN in kinds(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", SHOWING)
def test_what_is_shown_is_one_text(name):
    assert places(read(SHOWING[name], "brev.rtf")), contents(read(SHOWING[name]))


def test_properties_are_lines_of_their_own():
    found = read(rtf(f"{{\\info{{\\title 1}}{{\\author {NUMBER}}}}}"), "a.rtf")
    assert StepKind.PROPERTY in kinds(found)
    assert NUMBER in contents(found).splitlines()


def test_a_font_says_its_charset():
    head = b"{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset0 A;}{\\f7\\fcharset204 B;}}"
    found = read(head + b"\\f7 \\'c6\\'e8 {\\f0 \\'e5} \\u-10179?\\u-8704? 1}", "a.rtf")
    assert "Жи å 😀 1" in contents(found)


def _object(kind: bytes, data: bytes, form=2) -> bytes:
    head = struct.pack("<3I", 0x501, form, len(kind)) + kind + bytes(8)
    digits = (head + struct.pack("<I", len(data)) + data).hex()
    return rtf("{\\object\\objemb{\\*\\objdata " + digits + "}}")


def _package(data: bytes) -> bytes:
    names = b"\2\0a.txt\0C:\\a.txt\0\0\0\3\0" + struct.pack("<I", 6) + b"a.txt\0"
    return names + struct.pack("<I", len(data)) + data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_object(b"Word.Document.12\0", word(NUMBER)), []),
        (_object(b"Package\0", _package(NUMBER.encode())), []),
        (_object(b"Word.Document.12\0", b"x", form=1), ["embedded-object"]),
        (rtf("{\\object{\\*\\objdata 0105}}"), ["embedded-object"]),
    ],
)
def test_objects_are_opened_or_said(data, reason):
    found = read(data, "a.rtf")
    assert (bool(places(found)), reasons(found)) == (not reason, reason)


@pytest.mark.parametrize("word", ["macpict", "pmmetafile1", "wbitmap0"])
def test_a_picture_of_a_forgotten_system_is_an_image(word):
    assert reasons(read(rtf(f"{{\\pict\\{word} 0100}}hej"), "a.rtf")) == ["image"]


def test_a_picture_is_a_file():
    assert reasons(read(rtf("{\\pict\\pngblip " + b"\x89PNG\r\n".hex() + "}"), "a.rtf")) != []


_PIECES = r"{ } \ \* \u-5 \bin9 \pict \v \' \objdata \info \fonttbl \f9 \uc-3 é 1 \pard \par \cell"


@given(st.lists(st.sampled_from(_PIECES.split(" "))))
@settings(max_examples=150, deadline=None)
def test_noise_never_raises(tokens):
    read(b"{\\rtf1" + "".join(tokens).encode("latin-1"), "a.rtf")


def test_deep_groups_end():
    assert reasons(read(b"{\\rtf1 " + b"{" * 300_000, "a.rtf")) == ["broken-document"]
