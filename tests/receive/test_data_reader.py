"""DATA: the end is found wherever the chunks are cut, and nothing is lost or added."""

from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.next_hop.relay import stuff
from mailfilter.receive import data_reader
from mailfilter.receive import stray as stray_module
from mailfilter.receive.data_reader import DataReader, unstuffed
from mailfilter.receive.stray import stray

END = b".\r\n"
PIECES = st.sampled_from(
    [b"\r\n", b".", b"\r", b"\n", b"\0", b"a", b"..", b"\r\n.", b".\r\n", b"\r\n..\r\n", b"xyz"]
)
WIRE = st.lists(PIECES, max_size=30).map(b"".join)


def read(data: bytes, cuts: list[int], limit: int = 10**6, prefix: bytes = b""):
    """(message or None if dropped or too big, rest or None if no end was found)."""
    reader = DataReader(limit, prefix)
    bounds = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    for start, end in pairwise(bounds):
        if start == end:
            continue
        rest = reader.feed(data[start:end])
        if rest is not None:
            rest += data[end:]
            if reader.too_big or reader.dropped:
                return None, rest
            wire = reader.wire()
            assert reader.dotted or unstuffed(wire) is wire
            return wire, rest
    return None, None


def expected(data: bytes, limit: int):
    at = (b"\r\n" + data).find(b"\r\n.\r\n")
    if at < 0:
        return None, None
    wire = data[:at]
    return (wire if len(wire) <= limit else None), data[at + 3 :]


@given(WIRE, WIRE, st.lists(st.integers(0, 10**4), max_size=12), st.integers(0, 40))
def test_any_chunks_give_the_same(wire, behind, cuts, limit):
    data = wire + b"\r\n" + END + behind
    assert read(data, cuts, limit) == expected(data, limit)
    assert read(data, list(range(len(data))), limit) == expected(data, limit)


@given(WIRE, st.lists(st.integers(0, 10**4), max_size=12))
def test_without_an_end_nothing_ends(wire, cuts):
    assert read(wire, cuts) == expected(wire, 10**6)


@pytest.mark.parametrize("cuts", [[], [1], [2], [1, 2]])
def test_an_empty_message(cuts):
    assert read(END + b"QUIT\r\n", cuts) == (b"", b"QUIT\r\n")
    assert read(END + b"QUIT\r\n", cuts, prefix=b"Received: x\r\n") == (
        b"Received: x\r\n",
        b"QUIT\r\n",
    )


def test_a_dropped_message_is_still_read_to_its_end():
    reader = DataReader(100)
    assert reader.feed(b"a" * 50) is None
    reader.drop()
    assert reader.feed(b"b\r\n.") is None
    assert reader.feed(b"\r\nrest") == b"rest"
    assert reader.dropped


@given(WIRE)
def test_stuffing_and_unstuffing_are_inverse(data):
    """What the next hop takes out of our wire bytes is what we examined."""
    assert unstuffed(stuff(data)) == (
        data if not data or data.endswith(b"\r\n") else data + b"\r\n"
    )


@given(WIRE, st.integers(3, 9), st.integers(0, 4))
def test_it_does_not_matter_where_a_piece_ends_or_how_many_dots_are_listed(wire, piece, many):
    simple = wire.replace(b"\r\n.", b"\r\n")
    data = wire + b"\r\n" + END
    with patch.multiple(data_reader, _PIECE=piece, _MANY=many):
        assert unstuffed(wire) == (simple[1:] if wire.startswith(b".") else simple)
        assert read(data, [piece, 2 * piece, 3 * piece]) == expected(data, 10**6)


def test_nothing_is_copied_where_no_line_starts_with_a_dot():
    data = b"Subject: a.b\r\n\r\nx.\r\n"
    assert unstuffed(data) is data
    assert stuff(data) is data


@given(WIRE, st.integers(1, 9))
def test_stray(wire, piece):
    with patch.multiple(stray_module, _PIECE=piece, _SMALL=piece, _FIRST=1):
        assert stray(wire) == is_stray(wire)


def is_stray(wire):
    return any(byte in wire.replace(b"\r\n", b"") for byte in (b"\r", b"\n", b"\0"))


@st.composite
def lines_of_one_length(draw):
    """Runs of them, with a few bytes put over or between."""
    wire = b""
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.sampled_from((b"", b"a", b"abc", b"abcdefg"))) + b"\r\n"
        wire += draw(st.sampled_from((b"", b"x", b"xy\r\n"))) + line * draw(st.integers(0, 12))
    wire = bytearray(wire)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(wire)))
        wire[at : at + draw(st.integers(0, 1))] = draw(st.sampled_from((b"\r", b"\n", b"\0", b"a")))
    return bytes(wire)


@given(lines_of_one_length(), st.integers(1, 40), st.integers(1, 12), st.integers(2, 5))
def test_stray_among_lines_of_one_length(wire, piece, least, short):
    small = {"_PIECE": piece, "_SMALL": 4, "_FIRST": 4, "_LEAST": least, "_SHORT": short}
    with patch.multiple(stray_module, **small):
        assert stray(wire) == is_stray(wire)


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n", b"\n\r", b"\0\r\n"])
@pytest.mark.parametrize("line", [20, 1000, 3000, 4100])
def test_a_stray_byte_in_an_attachment_is_seen(line, end):
    lines = [b"QUJD" * 19 + b"\r\n"] * 4200
    lines[line] = b"QUJD" * 19 + end
    wire = b"Subject: x\r\n\r\nsee there\r\n" + b"".join(lines)
    assert stray(wire) == (end != b"\r\n")
    lines[line] = (b"QUJD" * 19)[: -len(end)] + end + b"\r\n"
    assert stray(b"Subject: x\r\n\r\n" + b"".join(lines)) == (end != b"\r\n")


def test_a_line_that_began_earlier_is_not_taken_for_a_whole_one():
    """Else the CR before the attachment and the LF behind it would make one line end."""
    for first in (b"a" * 4095, b"a" * 4094):
        assert stray(first + b"\r" + (b"QUJD" * 19 + b"\r\n") * 4200 + b"\nx\r\n")
