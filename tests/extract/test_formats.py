"""Which formats a part is tried as: the short cuts of the table close on nothing that is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.extract.formats import FORMATS, sniffable
from mailfilter.extract.kit.known import Starts

MARKS = [
    *sorted({m for one in FORMATS if isinstance(one.sniff, Starts) for m in one.sniff.magic}),
    *(b"%PDF-1.7", b"{\\rtf1", b"\xef\xbb\xbf", b" ", b"\r\n", b"<?xml ", b"ustar", b"PK\3\4"),
    *(b"PK\5\6" + bytes(18), b"PK\5\6" + bytes(16) + b"\2\0", b"\6", b"office:document"),
    *(b"urn:oasis:names:tc:opendocument:xmlns:office:1.0", b"-----BEGIN PGP MESSAGE-----"),
    *(
        b"ftypheic",
        b"ftypM4A ",
        b"ftypisom",
        b"-lh5-",
        b"CD001",
        b"BEGIN:VCARD",
        b"begin:vcalendar",
    ),
    *(b"Received: ", b"12\nMIME-Version: 1.0\n\n", b"From a@b\r\nTo: c\r\n", b"RIFF\0\0\0\0WEBP"),
    *(
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0AVI ",
        b"BM\1\1\1\1\0\0\0\0" + bytes(50),
        b"070707" + b"0" * 70,
    ),
    *(
        b"\x89PNG\r\n",
        b"GIF8",
        b"ID3",
        b"OggS",
        b"FLV\1",
        b"II*\0",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\0",
    ),
    *(
        b"\x5d\0\0\0\0" + b"\xff" * 8,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"0\x82\0\0\x06\x09*\x86H\x86\xf7\r\1\7",
    ),
    *(
        b"VCLMTF",
        b"\1\0\0\0" + bytes(36) + b" EMF",
        b"\xff\xd8\xff",
        b"LZIP\1",
        b"\x04\x22\x4d\x18",
        b"text ",
    ),
]
FILLED = st.sampled_from([0, 0, 1, 2, 4, 10, 252, 522, 257, 1000, 4000, 16_000, 32_769])
PIECES = st.lists(st.tuples(FILLED, st.sampled_from(MARKS)), min_size=1, max_size=4)


def borne(data: bytes, among: tuple) -> list[str]:
    return [one.name for one in among if one.sniff is not None and one.sniff(data)]


@given(PIECES, st.sampled_from([b"", b" ", b"x"]))
def test_no_mark_is_passed_over(pieces, end):
    data = b""
    for at, mark in pieces:
        data = data.ljust(at, b"H") + mark
    assert borne(data + end, sniffable(data + end)) == borne(data + end, FORMATS)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("at", [0, 2, 4, 10, 257, 522, 32_769])
def test_no_mark_is_passed_over_anywhere(mark, at):
    data = b"H" * at + mark
    assert borne(data, sniffable(data)) == borne(data, FORMATS)


def test_prose_is_tried_as_nothing_but_a_mail():
    assert [one.name for one in sniffable(b"Hej!\r\n\r\nVi ses i morgon.\r\n")] == ["mail"]
    assert sniffable("äsch\r\n".encode("latin-1")) == ()
    # 0xC3 begins a packet of OpenPGP, too
    assert [one.name for one in sniffable("Åsa hälsar\r\n".encode())] == ["pgp"]
