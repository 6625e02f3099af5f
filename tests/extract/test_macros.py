"""Macros: the packed source of VBA modules, in new and in old Office files."""

import struct

import pytest

from mailfilter.extract import Budget
from mailfilter.extract.office import macros
from mailfilter.place import StepKind
from tests.extract.making import edit, sheet_with, word
from tests.extract.making_old import compound_file
from tests.extract.reading import NUMBER, kinds, read, reasons

_SOURCE = f'Attribute VB_Name = "M"\r\nConst Nr = "{NUMBER}"\r\n'.encode()
# MS-OVBA 3.2.2: the example of a source that is packed with repetitions
_EXAMPLE = bytes.fromhex(
    "012fb00023616161626364658266007061676869"
    "6a013808616b6c00306d6e6f7006710270041072"
    "73747576107778797a003c"
)
_PLAIN = b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"


def packed(source: bytes) -> bytes:
    """A container of literals only."""
    groups = (source[n : n + 8] for n in range(0, len(source), 8))
    data = b"".join(b"\0" + group for group in groups)
    return b"\1" + struct.pack("<H", 0xB000 | len(data) - 1) + data


def project(stream: bytes) -> dict:
    return {"VBA": {"M": b"compiled" + stream, "dir": b"\1\0"}, "PROJECT": b"ID"}


_PROJECT = compound_file(project(packed(_SOURCE)))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (edit(word(), {"word/vbaProject.bin": _PROJECT}), "a.docm"),
        (edit(sheet_with(1), {"xl/vbaProject.bin": _PROJECT}), "a.xlsm"),
    ],
)
def test_the_source_of_a_macro_is_hidden_text(data, name):
    found = read(data, name)
    assert (kinds(found), reasons(found)) == ({StepKind.ATTACHMENT, StepKind.HIDDEN}, [])


def test_the_example_of_the_specification():
    assert macros.unpacked(_EXAMPLE, 0, Budget()) == _PLAIN


@pytest.mark.parametrize("stream", [b"", b"\1", b"\1\xff\xff\0Attribut", packed(_SOURCE)[:30]])
def test_broken_modules_are_read_as_far_as_they_go(stream):
    data = edit(word(), {"word/vbaProject.bin": compound_file(project(stream))})
    assert reasons(read(data, "a.docm")) == []


def test_a_broken_project_is_said():
    assert reasons(read(edit(word(), {"word/vbaProject.bin": b"x" * 600}), "a.docm")) == [
        "broken-document"
    ]
