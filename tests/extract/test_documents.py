"""PDF, OpenDocument, RTF: the number in every hiding place; locked, pictured, broken files."""

import pathlib

import pytest

from mailfilter.place import StepKind
from tests.extract import documents
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons

_PDF, _ODF = documents.pdf_files(), documents.odf_files()
_SPELLINGS = (NUMBER, NUMBER.replace("-", "\u2011"), "191212121212", "19121212\u00ad1212")


@pytest.mark.parametrize("name", _PDF)
def test_pdf_finds_the_number(name):
    found = read(_PDF[name], "brev.pdf")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", _ODF)
def test_opendocument_finds_the_number(name):
    found = read(_ODF[name], "brev.odt")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", documents.RTF)
def test_rtf_finds_the_number(name):
    found = read(documents.RTF[name], "brev.rtf")
    assert places(found, _SPELLINGS), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize(
    ("data", "step"),
    [
        (_PDF["text"], StepKind.PAGE),
        (_PDF["title"], StepKind.PROPERTY),
        (_PDF["annotation"], StepKind.COMMENT),
        (_PDF["attachment"], StepKind.MEMBER),
        (_ODF["comment"], StepKind.COMMENT),
        (_ODF["header"], StepKind.HEADER),
        (_ODF["cells"], StepKind.SHEET),
        (_ODF["slide"], StepKind.SLIDE),
        (_ODF["properties"], StepKind.PROPERTY),
    ],
)
def test_the_place_is_what_a_person_looks_for(data, step):
    assert step in kinds(read(data))


def test_a_locked_pdf_is_encrypted():
    assert reasons(read(documents.locked_pdf(), "brev.pdf")) == ["encrypted"]


def test_a_locked_odt_is_encrypted():
    assert reasons(read(documents.locked_odt(), "brev.odt")) == ["encrypted"]


def test_a_scanned_page_is_no_text():
    assert reasons(read(documents.picture_pdf(), "a.pdf")) == ["pdf-without-text"]


def test_a_scanned_page_with_a_stamp_is_no_text():
    assert reasons(read(documents.picture_pdf("Sida 1"), "a.pdf")) == ["pdf-without-text"]


def test_an_empty_page_is_nothing():
    assert reasons(read(documents.page(lambda sheet: None), "a.pdf")) == []


@pytest.mark.parametrize("data", [b"%PDF-1.7\n" + b"x" * 300, _PDF["text"][:120]])
def test_a_broken_pdf_is_broken(data):
    assert reasons(read(data, "brev.pdf")) == ["broken-document"]


def test_an_object_in_rtf_is_unread():
    data = documents.rtf("{\\object{\\*\\objdata 0105000002000000}}")
    assert "embedded-object" in reasons(read(data, "brev.rtf"))


def test_pages_have_their_numbers():
    def three(sheet):
        for _ in range(2):
            sheet.drawString(50, 700, "Hej")
            sheet.showPage()
        sheet.drawString(50, 700, NUMBER)

    (place,) = places(read(documents.page(three)))
    assert (place.steps[-1].kind, place.steps[-1].n) == (StepKind.PAGE, 3)


@pytest.mark.parametrize("name", ["comment", "footnote", "alt-text", "text-box"])
def test_nothing_is_glued_to_the_number(name):
    assert NUMBER in contents(read(_ODF[name])).split()


def test_the_files_of_the_corpus_give_their_lines():
    folder = pathlib.Path(__file__).parent.parent / "documents"
    expected = sorted(folder.glob("*/*.txt"))
    assert expected
    for lines in expected:
        found = read(lines.with_suffix("").read_bytes(), lines.stem)
        got = contents(found).splitlines()
        assert [line for line in lines.read_text().splitlines() if line not in got] == [], lines
        assert reasons(found) == []
