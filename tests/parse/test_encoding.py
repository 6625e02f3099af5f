"""Large base64 is read in two ways; both must give what a lenient decoder gives."""

import random
from unittest.mock import patch

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.parse import encoding
from mailfilter.parse.encoding import decode

DATA = random.Random(7).randbytes(400_000)


def in_lines(data: bytes, width: int = 76) -> bytes:
    text = pybase64.b64encode(data)
    return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 56, 57, 58])
@pytest.mark.parametrize("width", [4, 60, 64, 72, 76, 996])
def test_an_attachment_is_decoded_strictly(width, size):
    data = DATA[: 200_000 + size]
    with patch.object(encoding.pybase64, "b64decode", wraps=pybase64.b64decode) as decoder:
        assert decode(in_lines(data, width), "base64") == encoding.Decoded(data)
    assert all(call.kwargs == {"validate": True} for call in decoder.call_args_list)


@pytest.mark.parametrize("put", [b"\n", b"\r", b" ", b"=", b"==", b"-", b"\0", b"\xe5", b"\r\n"])
@pytest.mark.parametrize("at", [0, 77, 7_000, 77_998, 78_000, 273_000])
def test_what_is_no_base64_is_seen_wherever_it_stands(at, put):
    lines = in_lines(DATA)
    for wire in (lines[:at] + put + lines[at:], lines[:at] + put + lines[at + len(put) :]):
        read = decode(wire, "base64")
        with patch.object(encoding, "_LARGE", len(wire)):
            assert decode(wire, "base64") == read
        assert read.code or read.content == pybase64.b64decode(wire)


@st.composite
def nearly_base64(draw):
    """Lines of one width, cut, and a few signs put over them."""
    width = draw(st.sampled_from((4, 8, 12)))
    wire = bytearray(in_lines(draw(st.binary(max_size=80)), width))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(wire)))
        with_ = draw(st.sampled_from((b"=", b"==", b"\r\n", b"\n", b"-", b"A", b"QQ==", b"")))
        wire[at : at + draw(st.sampled_from((0, len(with_))))] = with_
    return bytes(wire)


@given(nearly_base64(), st.integers(1, 60))
def test_both_ways_read_the_same(wire, piece):
    slowly = decode(wire, "base64")
    with patch.multiple(encoding, _LARGE=0, _PIECE=piece):
        assert decode(wire, "base64") == slowly


@pytest.mark.parametrize("line", range(3))
def test_padding_at_the_end_of_a_piece_is_not_at_the_end_of_all(line):
    lines = [b"QUJDREVG"] * 4
    lines[line] = b"QUJDRA=="
    wire = b"\r\n".join(lines)
    slowly = decode(wire, "base64")
    with patch.multiple(encoding, _LARGE=0, _PIECE=10):
        assert decode(wire, "base64") == slowly
    assert slowly.code
