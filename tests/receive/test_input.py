"""Input is cut into lines and chunks the same way, however it comes; nothing gets lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailfilter.receive.input import Input

LIMIT = 10
PIECE = st.sampled_from([b"\r\n", b"\n", b"EHLO x\r\n", b"a" * 9, b"b" * 30, b"", b"."])
CUTS = st.lists(st.integers(0, 400), max_size=12)


def lines(chunks: list[bytes]) -> list[bytes]:
    read, found = Input(LIMIT), []
    for chunk in chunks:
        read.feed(chunk)
        while (line := read.line()) is not None:
            found.append(line)
    return found


def cut(data: bytes, at: list[int]) -> list[bytes]:
    marks = [0, *sorted({where % (len(data) + 1) for where in at}), len(data)]
    return [data[a:b] for a, b in pairwise(marks)]


@given(st.lists(PIECE, max_size=30).map(b"".join), CUTS)
def test_cuts_do_not_change_lines(data, at):
    expected = [
        line if len(line) <= LIMIT + 1 else b""
        for line in data.splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    # splitlines ends a line at a lone CR too, of which there are none here
    assert lines(cut(data, at)) == expected
    assert lines([data[i : i + 1] for i in range(len(data))]) == expected


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=10), st.binary(max_size=20))
def test_a_chunk_is_all_that_is_left(chunks, behind):
    read = Input(LIMIT)
    read.feed(b"DATA\r\n")
    assert read.line() == b"DATA\r\n"
    for chunk in chunks:
        read.feed(chunk)
    assert bool(read) is bool(chunks)
    assert read.chunk() == b"".join(chunks)
    assert not read
    assert read.waiting == 0
    read.put_back(behind)
    assert bool(read) is bool(behind)
    read.feed(b"!")
    assert read.chunk() == behind + b"!"


def test_a_line_without_end_is_not_kept():
    read = Input(LIMIT)
    for _ in range(100):
        read.feed(b"x" * 1000)
        assert read.line() is None
        assert len(read.chunk()) <= 1000
    read.feed(b"x" * 50)
    assert read.line() is None
    read.feed(b"\r\nNOOP\r\n")
    assert [read.line(), read.line(), read.line()] == [b"", b"NOOP\r\n", None]
