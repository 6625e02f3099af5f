"""What a PDF would cost pdfium, looked at before pdfium opens it, since it cannot be stopped.

From → to: the bytes of a file → nothing, or `Unreadable`. Each stream that is packed by Flate, once
or several times over, is unpacked in bounded steps and counted; nothing of it is kept. What is
written as text (pages, forms, maps of fonts, data of forms) may be `WRITTEN` long, another stream
as long as a picture. Forms that draw forms are followed, since each level multiplies. A page with
filters that no program would write is empty to pdfium, so such a file is called broken.

Most streams are shorter than Flate could blow up to a limit, and only their beginning is looked at:
measured, 1 to 3 % of what reading the file takes.

Invariants: linear; reads the file as it lies, and believes no length that it states.

Sources: ISO 32000-1, 7.3.8, 7.4.4, 8.10. Known gaps: streams in encrypted files, and those packed
by LZW or run lengths, are not looked at; forms are followed where their dictionaries name them in
the open, not from within object streams. Such a file meets the limits of its worker.
"""

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from mailfilter import limits
from mailfilter.extract.kit.budget import Unreadable

WRITTEN = 16 * limits.MIB  # of operators: measured, some 20 bytes of memory and 30 ns for each
MULTIPLIED = 100_000  # XObjects drawn by one form and all below it
MARKED_UP = 4 * limits.MIB  # of XML: pdfium's tree of metadata takes 75 times as much memory
STAGES = 6  # of Flate in Flate; programs use one
FILTERS = 12  # names and parameters of them in one dictionary
_WIDE = re.compile(rb"/Columns\s{0,9}\d{7}")
_BLOWN = 1032  # Flate's largest ratio
_STEP = 4096  # bytes that are looked at of what is too short to be a danger
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_DICTIONARY = 8192  # bytes before a stream in which its dictionary begins
_REFERENCE = re.compile(rb"/([^\s/<>()\[\]]{1,60})\s{0,9}(\d{1,7})\s{1,9}\d{1,5}\s{1,9}R\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,7})\s+\d{1,5}\s+obj\b")
_DO = re.compile(rb"/([^\s/<>()\[\]]{1,60})\s{1,9}Do\b")
_OTHERS = 50  # references that are looked up
_HOPS = 2  # from a form to its resources, from those to their XObjects
_FORM = re.compile(rb"/Form\b")
_UNWRITTEN = bytes(set(range(256)) - set(b"\t\n\f\r") - set(range(32, 127)))


@dataclass(frozen=True, slots=True)
class _Form:
    """A form that draws several times: how often, by which names, and its dictionary."""

    draws: int
    names: frozenset[bytes]
    dictionary: bytes


def check(data: bytes) -> None:
    """Raises `Unreadable` where pdfium would need too much."""
    left = limits.INFLATED_SIZE
    forms: dict[int, _Form] = {}
    for start, end in _streams(data):
        number, dictionary = _dictionary(data, start)
        if dictionary.count(b"Decode") > FILTERS or _WIDE.search(dictionary):
            raise Unreadable("broken-document")
        is_form = _FORM.search(dictionary) is not None
        draws, size = _measured(memoryview(data)[start:end], whole=is_form)
        left -= size
        if left < 0:
            raise Unreadable("inflated-size")
        if draws.total() > 1:
            forms[number] = _Form(draws.total(), frozenset(draws), dictionary)
    if forms:
        _follow(data, forms)


def _streams(data: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while found := _STREAM.search(data, at):
        end = data.find(b"endstream", found.end())
        at = end = len(data) if end < 0 else end
        yield found.end(), end


def _dictionary(data: bytes, start: int) -> tuple[int, bytes]:
    """Number and dictionary of the object whose stream begins there."""
    before = data[max(start - _DICTIONARY, 0) : start]
    opening = before.rfind(b"obj")
    if opening < 0:
        return 0, before
    numbers = _OBJECT.findall(before, max(opening - 20, 0), opening + 3)
    return int(numbers[-1]) if numbers else 0, before[opening:]


def _measured(packed: memoryview, *, whole: bool) -> tuple[Counter[bytes], int]:
    """(names that a form draws, if it is read `whole`; bytes that were counted)."""
    stages, chunks = _unpacked(packed)
    draws: Counter[bytes] = Counter()
    if not stages:
        if len(packed) > _most(bytes(packed[:_STEP])):
            raise Unreadable("inflated-size")
        return Counter(_DO.findall(packed)) if whole else draws, 0
    if stages == 1 and not whole and len(packed) * _BLOWN < WRITTEN:
        return draws, 0
    most, size = 0, 0
    for chunk in chunks:
        most = most or _most(chunk)
        size += len(chunk)
        if size > most:
            raise Unreadable("inflated-size")
        if whole:
            draws.update(_DO.findall(chunk))
    return draws, size


def _most(beginning: bytes) -> int:
    """How long a stream may be that begins so."""
    if beginning.translate(None, _UNWRITTEN) != beginning:
        return limits.PICTURE_SIZE
    return MARKED_UP if beginning.lstrip().startswith(b"<") else WRITTEN


def _unpacked(packed: memoryview) -> tuple[int, Iterator[bytes]]:
    """(how many times it is packed by Flate, what comes out in the end)."""
    chunks: Iterator[bytes] = (
        bytes(packed[at : at + _STEP * 16]) for at in range(0, len(packed), _STEP * 16)
    )
    for stage in range(STAGES + 1):
        first = next(chunks, b"")
        chunks = chain((first,), chunks)
        if len(first) < 2 or first[0] & 0x8F != 8 or (first[0] << 8 | first[1]) % 31:
            return stage, chunks
        chunks = _inflated(chunks)
    raise Unreadable("inflated-ratio")


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    stream, most = zlib.decompressobj(), _STEP
    for chunk in chunks:
        pending = chunk
        while pending and not stream.eof:
            try:
                out = stream.decompress(pending, most)
            except zlib.error:
                return
            most, pending = limits.MIB, stream.unconsumed_tail
            if out:
                yield out


def _follow(data: bytes, forms: dict[int, _Form]) -> None:
    """Raises `Unreadable` if forms that draw forms come to too many, or draw themselves."""
    others = _Others(data)
    drawn: dict[int, float] = {}
    for number in forms:
        stack = [number]
        while stack:  # depth first, without recursion: chains may be long
            at = stack[-1]
            below = others.drawn(forms[at], forms)
            if drawn.get(at, 0) == 0:
                drawn[at] = -1
                stack += [n for n in below if drawn.get(n, 0) == 0]
                if any(drawn.get(n) == -1 for n in below):
                    raise Unreadable("too-many-parts")
                continue
            stack.pop()
            if drawn[at] == -1:
                drawn[at] = forms[at].draws * max((drawn[n] for n in below), default=1)
                if drawn[at] > MULTIPLIED:
                    raise Unreadable("too-many-parts")


class _Others:
    """Objects that are no streams, by number, found when they are first asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: dict[int, int] = {}

    def drawn(self, form: _Form, forms: Collection[int]) -> list[int]:
        """The forms that a form draws, by its own dictionary and its resources."""
        found: set[int] = set()
        dictionaries = [form.dictionary]
        for _ in range(_HOPS + 1):
            named = [pair for each in dictionaries for pair in _REFERENCE.findall(each)]
            found |= {int(number) for name, number in named if name in form.names}
            others = [int(number) for name, number in named if name not in form.names]
            dictionaries = [self._body(number) for number in others[:_OTHERS]]
        return [number for number in found if number in forms]

    def _body(self, number: int) -> bytes:
        if not self._starts:
            self._starts = {int(found[1]): found.end() for found in _OBJECT.finditer(self._data)}
        start = self._starts.get(number)
        if start is None:
            return b""
        body = self._data[start : start + _DICTIONARY]
        return body.partition(b"endobj")[0].partition(b"stream")[0]
